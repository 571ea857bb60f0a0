"""Commands of what was changed: edits, undo."""

import argparse
from typing import TYPE_CHECKING

from atarimae.commands.command import Arguments, Command, here, out

if TYPE_CHECKING:
    from atarimae.store import Edit


def edits(arguments: Arguments) -> None:
    """List the edits."""
    found = here(arguments).edits()
    shown = found if arguments.all else found[-arguments.last :]
    lines = [_line(edit) for edit in reversed(shown)] or ["No edits yet."]
    if len(shown) < len(found):
        lines.append(f"{len(found) - len(shown):,} older ones: --all")
    out(arguments, {"edits": [edit.as_dict() for edit in found]}, "\n".join(lines))


def undo(arguments: Arguments) -> None:
    """Undo one edit, or all labels of a run."""
    made = here(arguments).undo(arguments.edit, by=arguments.by)
    out(arguments, made.as_dict(), f"{_line(made)}\nBack again with: atarimae undo {made.id}")


def _line(edit: "Edit") -> str:
    counts = {
        "files": (edit.files_added, edit.files_removed),
        "labels": (edit.labels_added, edit.labels_removed),
    }
    told = [
        f"{sign}{number:,} {name}"
        for name, both in counts.items()
        for sign, number in zip("+-", both, strict=True)
        if number
    ]
    since = f" (undone by {edit.undone_by})" if edit.undone_by else ""
    at = edit.at[:16].replace("T", " ")
    return f"{edit.id:>5}  {at}  {edit.by}  {edit.action}  {', '.join(told)}  {edit.why}{since}"


def _edits_words(command: argparse.ArgumentParser) -> None:
    command.add_argument("--last", type=int, default=20, metavar="N", help="so many (20)")
    command.add_argument("--all", action="store_true", help="all of them")


def _undo_words(command: argparse.ArgumentParser) -> None:
    command.add_argument("edit", nargs="?", type=int, metavar="EDIT", help="an edit's number")
    command.add_argument("--by", metavar="RUN", help="all labels that this run said, together")


COMMANDS = (
    Command("edits", "list what was changed", "atarimae -C sake edits", edits, _edits_words),
    Command(
        "undo",
        "take one edit back, or all labels of a run",
        "atarimae -C sake undo 12",
        undo,
        _undo_words,
    ),
)
