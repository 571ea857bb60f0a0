"""The command that keeps what a person looked at and found right."""

import argparse

from atarimae.commands.command import Arguments, Command, here, out


def confirm(arguments: Arguments) -> None:
    """Say that labels are right."""
    made = here(arguments).confirm(arguments.files, by=arguments.who)
    number = len(arguments.files)
    text = (
        f"The labels of {number:,} image{'s' * (number > 1)} are right, says {made.by} as edit "
        f"{made.id}.\nBack with: atarimae undo {made.id}"
        if made
        else "That was said before."
    )
    out(arguments, {"edit": made.as_dict() if made else None}, text)


def _confirm_words(command: argparse.ArgumentParser) -> None:
    command.add_argument("files", nargs="+", metavar="FILE", help="paths, or hashes of images")
    command.add_argument("--who", "--by", metavar="NAME", help="who looked (you)")


COMMANDS = (
    Command(
        "confirm",
        "say that you looked, and a label is right",
        "atarimae -C sake confirm photos/3.jpg",
        confirm,
        _confirm_words,
    ),
)
