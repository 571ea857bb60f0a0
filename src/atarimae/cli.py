"""One thin command per step. Results go to stdout, all else to stderr.

Exit codes: 0 done, 1 a finding or refusal, 2 wrong usage.
"""

import argparse
import json
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from atarimae import api
from atarimae.arguments import (
    Parser,
    Version,
    add_words,
    compare_words,
    demo_words,
    fit_words,
    init_words,
    look_words,
    no_words,
    run_words,
    score_words,
    serve_words,
    ship_words,
    watch_words,
)
from atarimae.errors import AtarimaeError, UsageError

if TYPE_CHECKING:
    from rich.console import RenderableType

Arguments = argparse.Namespace


def main(words: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code."""
    words = sys.argv[1:] if words is None else list(words)
    as_json = "--json" in words
    try:
        arguments = _parser().parse_args(words, Arguments(directory=Path(), json=False))
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


def init(arguments: Arguments) -> None:
    """Make a workspace."""
    folder = arguments.directory / arguments.folder
    made = api.init(folder, arguments.task)
    _out(
        arguments,
        {"workspace": str(made.folder.root)},
        f"Made {made.folder.root}. Next: atarimae -C {arguments.folder} add PHOTOS",
    )


def add(arguments: Arguments) -> int:
    """Take files and labels in."""
    report = _workspace(arguments).add(
        arguments.sources, labels=arguments.labels, copy=arguments.copy
    )
    lines = [
        f"{report.added:,} added, {report.present:,} already there, {len(report.refused):,} refused"
        + (f", {report.ignored:,} ignored: no pictures by name" if report.ignored else "")
    ]
    lines += [f"  {r.file}: {r.found} {r.fix}" for r in report.refused]
    _out(arguments, report.as_dict(), "\n".join(lines))
    return 1 if report.refused else 0


def look(arguments: Arguments) -> None:
    """Show the page, or write the report."""
    workspace = _workspace(arguments)
    if arguments.report:
        report = workspace.report(arguments.report)
        _out(arguments, report.as_dict(), f"Findings: {len(report.findings)}. See {report.path}.")
        return
    if arguments.json:
        _out(arguments, {"findings": [finding.as_dict() for finding in workspace.findings()]}, "")
        return
    workspace.look(port=arguments.port, open_browser=not arguments.no_browser)


def fit(arguments: Arguments) -> None:
    """Try an idea."""
    workspace = _workspace(arguments)
    if arguments.resume:
        _refuse_changes(arguments)
        run = workspace.resume(arguments.resume, device=arguments.device)
    else:
        run = workspace.fit(
            arguments.recipe,
            because=arguments.because or _reason(),
            stage=arguments.stage or "holdout",
            seed=arguments.seed or 0,
            device=arguments.device,
            parent=arguments.parent,
            **_changes(arguments.set),
        )
    from atarimae.compare.table import runs_table

    _out(arguments, run.row(), runs_table([run]))


def runs(arguments: Arguments) -> None:
    """List the runs."""
    from atarimae import runlog
    from atarimae.compare.table import runs_table

    known = runlog.runs(_workspace(arguments).folder)
    _out(arguments, {"runs": [run.row() for run in known]}, runs_table(known))


def show(arguments: Arguments) -> None:
    """Show one run."""
    from atarimae import runlog
    from atarimae.compare.table import run_view

    workspace = _workspace(arguments)
    run = workspace.run(arguments.name)
    parent = runlog.get(workspace.folder, run.parent) if run.parent else None
    _out(arguments, run.as_dict(), run_view(run, parent))


def compare(arguments: Arguments) -> None:
    """Compare two runs."""
    from atarimae.compare.table import comparison_table

    found = _workspace(arguments).compare(arguments.first, arguments.second)
    _out(arguments, found.as_dict(), comparison_table(found))


def ship(arguments: Arguments) -> None:
    """Write a bundle."""
    bundle = _workspace(arguments).ship(arguments.name, arguments.out)
    _out(
        arguments,
        {"bundle": str(bundle.folder), "run": bundle.run, "gallery": len(bundle.index)},
        f"Shipped run {bundle.run} to {bundle.folder}: it reproduces the recorded score. "
        f"{len(bundle.index):,} files in the gallery.\nNext: atarimae serve {bundle.folder}",
    )


def score(arguments: Arguments) -> None:
    """Score a bundle on new data."""
    found = api.Bundle(arguments.bundle).score(
        arguments.queries, arguments.gallery, submission=arguments.submission
    )
    from atarimae.compare.table import score_text

    lines = [f"{score.metric:<20} {score_text(score)}" for score in found.found.scores]
    lines = lines or ["No score: no query has a match in the gallery by its label."]
    _out(arguments, found.as_dict(), "\n".join(lines))


def serve(arguments: Arguments) -> None:
    """Answer over HTTP."""
    from atarimae.serve import run

    run(arguments.bundle, arguments.host, arguments.port, arguments.max_bytes, arguments.max_pixels)


def watch(arguments: Arguments) -> None:
    """Watch served bundles."""
    from atarimae import watch as step

    if not (arguments.once or arguments.json):
        step.live(arguments.urls, arguments.every)
        return
    snapshot = step.snapshot(arguments.urls)
    _out(arguments, snapshot, step.table(snapshot))


def demo(arguments: Arguments) -> None:
    """Walk the whole path."""
    from atarimae import demo as walk

    result = walk.run(arguments.directory / arguments.folder)
    _out(arguments, result.as_dict(), result.table())


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
    parser.add_argument("--version", action=Version)
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    for name, (run, describe, text, example) in COMMANDS.items():
        command = commands.add_parser(
            name,
            help=text,
            description=text,
            parents=[common],
            epilog=f"example:\n  {example}",
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        describe(command)
        command.set_defaults(run=run)
    return parser


Run = Callable[[Arguments], int | None]
Describe = Callable[[argparse.ArgumentParser], None]
COMMANDS: Mapping[str, tuple[Run, Describe, str, str]] = {
    "init": (init, init_words, "make a workspace", "atarimae init sake --task retrieve"),
    "add": (
        add,
        add_words,
        "take files and labels in",
        "atarimae -C sake add photos --labels labels.csv",
    ),
    "look": (look, look_words, "see the data, the findings and the runs", "atarimae -C sake look"),
    "fit": (
        fit,
        fit_words,
        "try an idea, and log it",
        'atarimae -C sake fit --because "labels are small: larger images" --set image_size=320',
    ),
    "runs": (runs, no_words, "list the runs", "atarimae -C sake runs"),
    "show": (show, run_words, "show one run", "atarimae -C sake show best"),
    "compare": (
        compare,
        compare_words,
        "did the second run help?",
        "atarimae -C sake compare 7gk2 best",
    ),
    "ship": (
        ship,
        ship_words,
        "write a bundle that reproduces its score",
        "atarimae -C sake ship best --out bundle",
    ),
    "score": (
        score,
        score_words,
        "score a bundle on data it has never seen",
        "atarimae score bundle --queries new.csv --json",
    ),
    "serve": (serve, serve_words, "answer over HTTP", "atarimae serve bundle --port 8000"),
    "watch": (
        watch,
        watch_words,
        "requests, errors, latency, unknowns",
        "atarimae watch http://127.0.0.1:8000",
    ),
    "demo": (demo, demo_words, "walk the whole path on emoji of four vendors", "atarimae demo"),
}


def _workspace(arguments: Arguments) -> api.Workspace:
    return api.open(arguments.directory)


def _refuse_changes(arguments: Arguments) -> None:
    """A run that is gone on with keeps what it was started with."""
    given = {
        "RECIPE.toml": arguments.recipe,
        "--set": arguments.set,
        "--because": arguments.because is not None,
        "--stage": arguments.stage is not None,
        "--seed": arguments.seed is not None,
        "--parent": arguments.parent,
    }
    named = [name for name, value in given.items() if value]
    if named:
        raise UsageError(
            "A run that is resumed can't be changed.",
            f"Found {', '.join(named)} beside --resume.",
            "Leave that out, or start a new run without --resume.",
        )


def _reason() -> str:
    if not sys.stdin.isatty():
        raise UsageError(
            "A run needs a reason.", "There is no terminal to ask at.", 'Give --because "…".'
        )
    sys.stderr.write("Why is this worth trying? ")
    sys.stderr.flush()
    reason = sys.stdin.readline().strip()
    if not reason:
        raise UsageError("A run needs a reason.", "It is empty.", 'Give --because "…".')
    return reason


def _changes(given: Sequence[str]) -> dict[str, Any]:
    """`key=value` as TOML would read the value; what is no TOML is a string."""
    import tomllib

    changes: dict[str, Any] = {}
    for change in given:
        key, equals, value = change.partition("=")
        if not equals:
            raise UsageError(f"--set {change} sets nothing.", "It has no '='.", "Write key=value.")
        try:
            changes[key.strip()] = tomllib.loads(f"value = {value}")["value"]
        except tomllib.TOMLDecodeError:
            changes[key.strip()] = value
    return changes


def _out(arguments: Arguments, value: Mapping[str, object], text: "RenderableType") -> None:
    if arguments.json:
        sys.stdout.write(json.dumps(value, ensure_ascii=False, allow_nan=False) + "\n")
        return
    from rich.console import Console

    Console(highlight=False, soft_wrap=isinstance(text, str)).print(text, markup=False)


def _fail(error: AtarimaeError, as_json: bool) -> int:
    if as_json:
        sys.stdout.write(json.dumps({"error": error.as_dict()}, ensure_ascii=False) + "\n")
    else:
        sys.stderr.write(f"atarimae: {error.what}\n")
        sys.stderr.writelines(f"  {part}\n" for part in (error.found, error.fix) if part)
    return error.exit_code


if __name__ == "__main__":
    sys.exit(main())
