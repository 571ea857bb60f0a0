"""The command line. Results go to stdout, all else to stderr.

Exit codes: 0 done, 1 a finding or refusal, 2 wrong usage.
"""

import argparse
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from atarimae.commands import (
    agree,
    board,
    bundles,
    classes,
    confirm,
    data,
    demo,
    edits,
    fit,
    gate,
    guide,
    mend,
    mine,
    mirror,
    notes,
    propose,
    rank,
    records,
    review,
    runs,
    search,
    sweep,
    verdicts,
)
from atarimae.commands.command import Arguments, Command, Parser, joined, visible
from atarimae.errors import AtarimaeError

GROUPS = (
    data, mend, classes, guide, edits, confirm, mine, agree, fit, sweep, runs, notes, verdicts,
    gate, rank, propose, review, board, records, mirror, bundles, search, demo,
)  # fmt: skip
COMMANDS: dict[str, Command] = {
    command.name: command for group in GROUPS for command in group.COMMANDS
}


def main(words: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code."""
    words = sys.argv[1:] if words is None else list(words)
    as_json = "--json" in words
    try:
        arguments = _parser().parse_args(joined(words), Arguments(directory=Path(), json=False))
        return int(arguments.run(arguments) or 0)
    except AtarimaeError as error:
        return _fail(error, as_json)
    except KeyboardInterrupt:
        return _fail(AtarimaeError("Stopped by Ctrl-C."), as_json)
    except BrokenPipeError:  # `atarimae runs | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:  # the last resort: most are told where they happen, and better
        what = f"{error.filename or 'A file'} can't be used."
        found = f"{error.strerror or error}."
        return _fail(AtarimaeError(what, found, "Check its path and rights."), as_json)


def _parser() -> argparse.ArgumentParser:
    common = Parser(add_help=False)
    # SUPPRESS: what is given before the command's name is not reset by a default after it.
    common.add_argument(
        "-C",
        dest="directory",
        type=Path,
        metavar="DIR",
        default=argparse.SUPPRESS,
        help="the workspace; the nearest one from here upwards if not given",
    )
    common.add_argument(
        "--json",
        action="store_true",
        default=argparse.SUPPRESS,
        help="print one JSON object on stdout and nothing else",
    )
    parser = Parser(
        prog="atarimae",
        parents=[common],
        description="当たり前, the obvious things of image AI, done properly.\n\n"
        "add → look → fit → compare → ship → serve → watch",
        epilog="Try it: atarimae demo",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action=_Version)
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    for command in COMMANDS.values():
        words = commands.add_parser(
            command.name,
            help=command.text,
            description=command.text,
            parents=[common],
            epilog=f"example:\n  {command.example}",
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        command.words(words)
        words.set_defaults(run=command.run)
    return parser


class _Version(argparse.Action):
    """Print the version, which is looked up only then."""

    def __init__(self, option_strings: Sequence[str], dest: str) -> None:
        super().__init__(option_strings, dest, nargs=0, help="print the version")

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        """Print it, and leave."""
        from importlib.metadata import version

        sys.stdout.write(f"atarimae {version('atarimae')}\n")
        parser.exit()


def _fail(error: AtarimaeError, as_json: bool) -> int:
    if as_json:
        sys.stdout.write(json.dumps({"error": error.as_dict()}, ensure_ascii=False) + "\n")
    else:
        sys.stderr.write(f"atarimae: {visible(error.what)}\n")
        sys.stderr.writelines(f"  {visible(part)}\n" for part in (error.found, error.fix) if part)
    return error.exit_code
