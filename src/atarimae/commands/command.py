"""What a command is, and what all of them share."""

import argparse
import json
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn

from atarimae import api
from atarimae.errors import UsageError

if TYPE_CHECKING:
    from rich.console import RenderableType

Arguments = argparse.Namespace
# Control characters but tab and line break, and those that turn the direction of writing.
_OBEYED = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


@dataclass(frozen=True, slots=True)
class Command:
    """One word of the command line."""

    name: str
    text: str  # what it does, in a few words
    example: str
    run: Callable[[Arguments], int | None]  # returns the exit code; None is 0
    words: Callable[[argparse.ArgumentParser], None] = lambda _: None  # adds what it can be told


SIGNED = ("--sort",)  # options whose value may begin with a letter after a minus


def joined(words: Sequence[str]) -> list[str]:
    """`--sort -score` as `--sort=-score`: argparse would take the value for an option."""
    made: list[str] = []
    for word in words:
        if made and made[-1] in SIGNED and not word.startswith("--"):
            made[-1] += f"={word}"
        else:
            made.append(word)
    return made


class Parser(argparse.ArgumentParser):
    """Wrong words become an error in three parts, like every other."""

    def error(self, message: str) -> NoReturn:
        """Raise instead of printing and leaving."""
        raise UsageError(f"{message[:1].upper()}{message[1:]}.", "", f"See '{self.prog} --help'.")


def here(arguments: Arguments) -> api.Workspace:
    """The workspace that `-C` names, or the nearest one."""
    return api.open(arguments.directory)


def out(arguments: Arguments, value: Mapping[str, object], text: "RenderableType") -> None:
    """Print the result: `value` as one JSON object with `--json`, else `text`."""
    if arguments.json:
        sys.stdout.write(json.dumps(value, ensure_ascii=False, allow_nan=False) + "\n")
        return
    from atarimae.commands.terminal import Terminal

    Terminal(soft_wrap=isinstance(text, str)).print(text, crop=False)


def visible(text: str) -> str:
    """With what a terminal would obey, as names of files may hold it, written out: \\x1b."""
    return _OBEYED.sub(lambda found: found[0].encode("unicode_escape").decode(), text)


def some(word: str) -> int:
    """A number of things to list, as argparse reads it: 1 or more."""
    if not word.isdecimal() or not int(word):
        raise argparse.ArgumentTypeError(f"'{word}' is no number of lines: it takes 1 or more")
    return int(word)


def run_words(command: argparse.ArgumentParser) -> None:
    """For commands that take one run."""
    command.add_argument("name", metavar="RUN", help="an id, a part of one, last or best")
