"""The command that asks a bundle about one picture: search."""

import argparse
from pathlib import Path
from typing import cast

from atarimae import api
from atarimae.commands.command import Arguments, Command, out

FILTERS = ("label", "source", "group", "split")


def search(arguments: Arguments) -> None:
    """Ask about one picture."""
    asked = {field: getattr(arguments, field) for field in FILTERS}
    box = tuple(arguments.box) if arguments.box else None
    answer = api.Bundle(arguments.bundle).search(arguments.picture, **asked, box=box)
    out(arguments, answer, _text(answer))


def _text(answer: dict[str, object]) -> str:
    """A line for each match, best first; other tasks' answers as they are."""
    matches = cast(list[dict[str, object]] | None, answer.get("matches"))
    if matches is None:
        return str(answer)
    head = ["Unknown: nothing is near enough."] if answer.get("unknown") else []
    lines = [f"{one['score']:9.6f}  {one['label']}  {one['file']}" for one in matches]
    return "\n".join([*head, *(lines or ["Nothing was found."])])


def _words(command: argparse.ArgumentParser) -> None:
    command.add_argument("bundle", type=Path, metavar="BUNDLE")
    command.add_argument("picture", type=Path, metavar="PICTURE")
    for field in FILTERS:
        command.add_argument(
            f"--{field}", action="append", default=[], metavar="NAME",
            help=f"only known images of this {field}; may be given several times",
        )  # fmt: skip
    command.add_argument(
        "--box", nargs=4, type=float, metavar=("X0", "Y0", "X1", "Y1"),
        help="ask about this part of the picture, in px after EXIF rotation",
    )  # fmt: skip


COMMANDS = (
    Command(
        "search",
        "ask a bundle about one picture",
        "atarimae search bundle photo.jpg --source shop",
        search,
        _words,
    ),
)
