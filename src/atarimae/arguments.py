"""What each command can be told, for `cli`."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from atarimae.errors import UsageError


class Parser(argparse.ArgumentParser):
    """Wrong words become an error in three parts, like every other."""

    def error(self, message: str) -> NoReturn:
        """Raise instead of printing and leaving."""
        raise UsageError(f"{message[:1].upper()}{message[1:]}.", "", f"See '{self.prog} --help'.")


class Version(argparse.Action):
    """Print the version, which is looked up only then."""

    def __init__(self, option_strings: Sequence[str], dest: str) -> None:
        super().__init__(option_strings, dest, nargs=0, help="print the version")

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        """Print it, and leave."""
        from importlib.metadata import version

        sys.stdout.write(f"atarimae {version('atarimae')}\n")
        parser.exit()


def init_words(command: argparse.ArgumentParser) -> None:
    """For `init`."""
    command.add_argument("folder", type=Path, metavar="DIR")
    command.add_argument("--task", default="retrieve", help="what is predicted (retrieve)")


def add_words(command: argparse.ArgumentParser) -> None:
    """For `add`."""
    command.add_argument(
        "sources",
        nargs="+",
        type=Path,
        metavar="SOURCE",
        help="a folder with a sub-folder a class, a folder with --labels, or a CSV",
    )
    command.add_argument(
        "--labels",
        type=Path,
        metavar="CSV",
        help="columns file, label and optionally split, role, group, source",
    )
    command.add_argument("--copy", action="store_true", help="copy the files into the workspace")


def look_words(command: argparse.ArgumentParser) -> None:
    """For `look`."""
    command.add_argument("--report", type=Path, metavar="FILE.html", help="write one file instead")
    command.add_argument("--port", type=int, help="the first free one from 7860 on if not given")
    command.add_argument("--no-browser", action="store_true", help="only print the address")


def fit_words(command: argparse.ArgumentParser) -> None:
    """For `fit`."""
    command.add_argument("recipe", nargs="?", type=Path, metavar="RECIPE.toml")
    command.add_argument("--because", metavar="TEXT", help="why this is worth trying")
    command.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="key=value",
        help="change one setting; may be given several times",
    )
    command.add_argument("--stage", help="smoke or holdout (holdout)")
    command.add_argument("--seed", type=int, help="of all that is drawn (0)")
    command.add_argument("--device", default="auto", help="auto, cpu, cuda or mps (auto)")
    command.add_argument("--parent", metavar="RUN", help="what it is compared with (the best)")
    command.add_argument("--resume", metavar="RUN", help="go on with a run that was stopped")


def run_words(command: argparse.ArgumentParser) -> None:
    """For commands that take one run."""
    command.add_argument("name", metavar="RUN", help="an id, a part of one, last or best")


def compare_words(command: argparse.ArgumentParser) -> None:
    """For `compare`."""
    command.add_argument("first", metavar="RUN")
    command.add_argument("second", metavar="RUN")


def ship_words(command: argparse.ArgumentParser) -> None:
    """For `ship`."""
    run_words(command)
    command.add_argument("--out", type=Path, required=True, metavar="DIR")


def score_words(command: argparse.ArgumentParser) -> None:
    """For `score`."""
    command.add_argument("bundle", type=Path, metavar="BUNDLE")
    command.add_argument(
        "--queries",
        type=Path,
        required=True,
        metavar="Q.csv",
        help="columns file, label; an empty label: it is not in the gallery",
    )
    command.add_argument(
        "--gallery", type=Path, metavar="G.csv", help="the bundle's own if not given"
    )
    command.add_argument("--submission", type=Path, metavar="OUT.csv", help="write ranked ids")


def serve_words(command: argparse.ArgumentParser) -> None:
    """For `serve`."""
    command.add_argument("bundle", type=Path, metavar="BUNDLE")
    command.add_argument("--host", default="127.0.0.1", help="(127.0.0.1)")
    command.add_argument("--port", type=int, default=8000, help="(8000)")
    command.add_argument("--max-bytes", type=int, default=20_000_000, help="of an upload (20 MB)")
    command.add_argument(
        "--max-pixels", type=int, default=100_000_000, help="of an upload (100 megapixels)"
    )


def watch_words(command: argparse.ArgumentParser) -> None:
    """For `watch`."""
    command.add_argument("urls", nargs="+", metavar="URL")
    command.add_argument("--once", action="store_true", help="print once and end")
    command.add_argument("--every", type=float, default=2.0, help="seconds between looks (2)")


def demo_words(command: argparse.ArgumentParser) -> None:
    """For `demo`."""
    command.add_argument(
        "folder",
        nargs="?",
        type=Path,
        default=Path("atarimae-demo"),
        metavar="DIR",
        help="(atarimae-demo)",
    )


def no_words(_command: argparse.ArgumentParser) -> None:
    """Nothing beyond what every command takes."""
