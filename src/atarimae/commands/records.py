"""Commands of what is recorded: restore."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from atarimae.commands.command import Arguments, Command, here, out, run_words

if TYPE_CHECKING:
    from atarimae.runlog.restore import Restored


def restore(arguments: Arguments) -> int:
    """Rebuild the tree that a run was started from."""
    workspace = here(arguments)
    found = workspace.restore(arguments.name, arguments.folder, source=arguments.source)
    out(arguments, found.as_dict(), _restored_text(found))
    return 1 if found.differs else 0


def _restored_text(found: "Restored") -> str:
    lines = [f"{path}: {why}" for path, why in found.differs]
    if lines:
        lines = [f"Restored run {found.run} to {found.folder}, and it differs:", *lines]
    else:
        lines = [
            f"Restored run {found.run} to {found.folder}: {found.proven:,} files, byte for byte "
            "as they were" + (f", {found.by_git:,} more by git's word." if found.by_git else ".")
        ]
    if found.left_out:
        lines += ["Not in the snapshot:", *(f"  {path}: {why}" for path, why in found.left_out)]
    return "\n".join(lines)


def _restore_words(command: argparse.ArgumentParser) -> None:
    run_words(command)
    command.add_argument("folder", type=Path, metavar="DIR", help="empty, or not there yet")
    command.add_argument(
        "--from", dest="source", type=Path, metavar="REPOSITORY",
        help="a git repository that has the commit; the one it was started in if not given",
    )  # fmt: skip


COMMANDS = (
    Command(
        "restore",
        "rebuild the code that a run was started from",
        "atarimae -C sake restore best code",
        restore,
        _restore_words,
    ),
)
