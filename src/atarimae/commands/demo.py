"""The command that walks the whole path."""

import argparse
from pathlib import Path

from atarimae.commands.command import Arguments, Command, out


def demo(arguments: Arguments) -> None:
    """Walk the whole path."""
    from atarimae import demo as walk

    result = walk.run(arguments.directory / arguments.folder)
    out(arguments, result.as_dict(), result.table())


def _demo_words(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "folder",
        nargs="?",
        type=Path,
        default=Path("atarimae-demo"),
        metavar="DIR",
        help="(atarimae-demo)",
    )


COMMANDS = (
    Command(
        "demo", "walk the whole path on emoji of four vendors", "atarimae demo", demo, _demo_words
    ),
)
