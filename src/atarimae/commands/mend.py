"""Commands that mend the data: label, change, remove. Each is one edit."""

import argparse
from typing import TYPE_CHECKING

from atarimae.commands.command import Arguments, Command, here, out
from atarimae.commands.edits import edit_line
from atarimae.errors import UsageError

if TYPE_CHECKING:
    from atarimae.store import Edit, Origin

COLUMNS = ("split", "role", "group", "source")
NONE = "-"  # takes a split, group or source away


def label(arguments: Arguments) -> None:
    """Say of which class pictures are."""
    if bool(arguments.classes) is arguments.none:
        raise UsageError("Which class is it?", "", "Name it with --class, or say --none.")
    made = here(arguments).label(
        arguments.files, *arguments.classes, also=arguments.also, why=arguments.why,
        who=arguments.who, origin=_origin(arguments),
    )  # fmt: skip
    _tell(arguments, made)


def change(arguments: Arguments) -> None:
    """Set split, role, group or source of files."""
    told = {name: getattr(arguments, name) for name in COLUMNS}
    columns = {name: None if value == NONE else value for name, value in told.items() if value}
    if not columns:
        raise UsageError(
            "What is to be changed?", "", "Name it with --split, --role, --group or --source."
        )
    made = here(arguments).change(
        arguments.files, why=arguments.why, who=arguments.who, origin=_origin(arguments), **columns
    )
    _tell(arguments, made)


def remove(arguments: Arguments) -> None:
    """Take files out of the data."""
    made = here(arguments).remove(
        arguments.files, why=arguments.why, who=arguments.who, origin=_origin(arguments)
    )
    _tell(arguments, made)


def _tell(arguments: Arguments, made: "Edit | None") -> None:
    text = "It is so already: nothing was changed."
    if made is not None:
        text = f"{edit_line(made)}\nTake it back with: atarimae undo {made.id}"
    out(arguments, {"edit": None if made is None else made.as_dict()}, text)


def _origin(arguments: Arguments) -> "Origin":
    from atarimae.store import Origin

    return Origin(arguments.finding, arguments.run_, arguments.seen)


def _label_words(command: argparse.ArgumentParser) -> None:
    _words(command)
    command.add_argument(
        "--class", dest="classes", action="append", default=[], metavar="NAME",
        help="its class, in place of those that people said; may be given again",
    )  # fmt: skip
    command.add_argument("--also", action="store_true", help="beside the classes it has")
    command.add_argument("--none", action="store_true", help="it has no class")


def _change_words(command: argparse.ArgumentParser) -> None:
    _words(command)
    command.add_argument("--split", metavar="SPLIT", help="train, val, test, or - for none")
    command.add_argument("--role", metavar="ROLE", help="query, gallery or both")
    command.add_argument("--group", metavar="NAME", help="what stays together, or - for none")
    command.add_argument("--source", metavar="NAME", help="where it comes from, or - for none")


def _words(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "files", nargs="+", metavar="FILE", help="a path, a folder, or an image's hash"
    )
    command.add_argument("--why", default="", metavar="TEXT", help="your reason")
    command.add_argument("--who", metavar="NAME", help="in whose name (yours)")
    command.add_argument("--finding", metavar="TEXT", help="the check of look that it answers")
    command.add_argument("--run", dest="run_", metavar="RUN", help="the run whose model said so")
    command.add_argument(
        "--seen", type=int, metavar="VERSION",
        help="the version you looked at: what others said of an image since stays",
    )  # fmt: skip


COMMANDS = (
    Command(
        "label",
        "say of which class pictures are",
        "atarimae -C sake label photos/a.png --class junmai",
        label,
        _label_words,
    ),
    Command(
        "change",
        "set split, role, group or source of files",
        "atarimae -C sake change photos/new --split test",
        change,
        _change_words,
    ),
    Command(
        "remove",
        "take files out of the data; they stay on the disk",
        "atarimae -C sake remove photos/blurred.png",
        remove,
        _words,
    ),
)
