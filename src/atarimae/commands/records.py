"""Commands of what is recorded: restore, gc, doctor."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from atarimae.commands.command import Arguments, Command, here, out, run_words

LARGEST = 20  # runs that are listed one by one

if TYPE_CHECKING:
    from atarimae.runlog.restore import Restored
    from atarimae.tidy import Garbage


def restore(arguments: Arguments) -> int:
    """Rebuild the tree that a run was started from."""
    workspace = here(arguments)
    found = workspace.restore(arguments.name, arguments.folder, source=arguments.source)
    out(arguments, found.as_dict(), _restored_text(found))
    return 1 if found.differs else 0


def gc(arguments: Arguments) -> None:
    """Say what can go, or delete it."""
    found = here(arguments).gc(
        rejected=arguments.rejected, older=arguments.older_than, delete=arguments.delete
    )
    out(arguments, found.as_dict(), _garbage_text(found))


def doctor(arguments: Arguments) -> int:
    """Say what is wrong with the workspace."""
    found = here(arguments).doctor()
    lines = [f"{one.check}: {one.what}\n  {one.found}\n  {one.fix}" for one in found]
    text = "\n".join(lines) or "This workspace is sound."
    out(arguments, {"findings": [one.as_dict() for one in found]}, text)
    return 1 if found else 0


def _garbage_text(found: "Garbage") -> str:
    largest = sorted(found.runs.items(), key=lambda one: -one[1])
    lines = [f"{_megabytes(size)}  {id}" for id, size in largest[:LARGEST]]
    if len(largest) > LARGEST:
        rest = sum(size for _, size in largest[LARGEST:])
        lines.append(f"{_megabytes(rest)}  in {len(largest) - LARGEST:,} more runs")
    lines.append(f"{_megabytes(found.cache)}  cache, which can be computed again")
    if not found.items:
        return "\n".join([*lines, "Nothing can go."])
    lines.append("Gone:" if found.deleted else "Can go:")
    lines += [f"{_megabytes(item.bytes)}  {item.path}: {item.why}" for item in found.items]
    total = f"{found.bytes / 1e6:,.1f} MB in all."
    return "\n".join([*lines, total if found.deleted else f"{total} Delete them with --delete."])


def _megabytes(size: int) -> str:
    return f"{size / 1e6:10,.1f} MB"


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
    if found.went_on:
        lines.append(
            "That is its first start. It went on with other code, which is kept in its folder: "
            + ", ".join(found.went_on) + "."
        )  # fmt: skip
    return "\n".join(lines)


def _restore_words(command: argparse.ArgumentParser) -> None:
    run_words(command)
    command.add_argument("folder", type=Path, metavar="DIR", help="empty, or not there yet")
    command.add_argument(
        "--from", dest="source", type=Path, metavar="REPOSITORY",
        help="a git repository that has the commit; the one it was started in if not given",
    )  # fmt: skip


def _gc_words(command: argparse.ArgumentParser) -> None:
    command.add_argument("--delete", action="store_true", help="delete what can go")
    command.add_argument(
        "--rejected", action="store_true",
        help="also the models of runs that hurt, or that the gate of stage auto rejected",
    )  # fmt: skip
    command.add_argument(
        "--older-than", type=int, metavar="DAYS", help="also the models of runs older than that"
    )


COMMANDS = (
    Command(
        "restore",
        "rebuild the code that a run was started from",
        "atarimae -C sake restore best code",
        restore,
        _restore_words,
    ),
    Command("gc", "how much disk each run takes, and what can go", "atarimae gc", gc, _gc_words),
    Command("doctor", "is this workspace sound?", "atarimae -C sake doctor", doctor),
)
