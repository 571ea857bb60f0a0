"""Commands of what is shipped or sent: ship, score, submit, serve, watch."""

import argparse
from pathlib import Path

from atarimae import api
from atarimae.commands.command import Arguments, Command, here, out, run_words


def ship(arguments: Arguments) -> None:
    """Write a bundle."""
    bundle = here(arguments).ship(arguments.name, arguments.out)
    out(
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
    out(arguments, found.as_dict(), "\n".join(lines))


def submit(arguments: Arguments) -> None:
    """Write a competition's file."""
    given = {name: getattr(arguments, name) for name in SETTINGS}
    folder = Path(arguments.name)
    if (folder / "bundle.json").is_file():
        sample = arguments.sample or Path("sample_submission.csv")
        to = arguments.out or Path("submission.csv")
        found = api.Bundle(folder).submit(sample, to, **given)
    else:
        found = here(arguments).submit(
            arguments.name, arguments.out, sample=arguments.sample, **given
        )
    out(arguments, found.as_dict(), str(found))


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
    out(arguments, snapshot, step.table(snapshot))


def _ship_words(command: argparse.ArgumentParser) -> None:
    run_words(command)
    command.add_argument("--out", type=Path, required=True, metavar="DIR")


def _score_words(command: argparse.ArgumentParser) -> None:
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


SETTINGS = ("test", "images", "answers", "number", "unknown")


def _submit_words(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "name",
        metavar="RUN|BUNDLE",
        help="an id, a part of one, last or best; or a bundle's folder",
    )
    command.add_argument(
        "--sample",
        type=Path,
        metavar="CSV",
        help="whose format is followed (sample_submission.csv)",
    )
    command.add_argument("--test", type=Path, metavar="CSV", help="the queries (test.csv)")
    command.add_argument("--images", type=Path, metavar="DIR", help="where their pictures lie")
    command.add_argument("--answers", metavar="KIND", help="files, labels or test (as the sample)")
    command.add_argument("--number", type=int, metavar="N", help="answers a query (as the sample)")
    command.add_argument("--unknown", metavar="WORD", help='what stands for "none of these"')
    command.add_argument(
        "--out", type=Path, metavar="FILE", help="(submission.csv, in a run's folder)"
    )


def _serve_words(command: argparse.ArgumentParser) -> None:
    command.add_argument("bundle", type=Path, metavar="BUNDLE")
    command.add_argument("--host", default="127.0.0.1", help="(127.0.0.1)")
    command.add_argument("--port", type=int, default=8000, help="(8000)")
    command.add_argument("--max-bytes", type=int, default=20_000_000, help="of an upload (20 MB)")
    command.add_argument(
        "--max-pixels", type=int, default=100_000_000, help="of an upload (100 megapixels)"
    )


def _watch_words(command: argparse.ArgumentParser) -> None:
    command.add_argument("urls", nargs="+", metavar="URL")
    command.add_argument("--once", action="store_true", help="print once and end")
    command.add_argument("--every", type=float, default=2.0, help="seconds between looks (2)")


COMMANDS = (
    Command(
        "ship",
        "write a bundle that reproduces its score",
        "atarimae -C sake ship best --out bundle",
        ship,
        _ship_words,
    ),
    Command(
        "score",
        "score a bundle on data it has never seen",
        "atarimae score bundle --queries new.csv --json",
        score,
        _score_words,
    ),
    Command(
        "submit",
        "write a competition's file, as its sample has it",
        "atarimae -C sake submit best --out submission.csv",
        submit,
        _submit_words,
    ),
    Command("serve", "answer over HTTP", "atarimae serve bundle --port 8000", serve, _serve_words),
    Command(
        "watch",
        "requests, errors, latency, unknowns",
        "atarimae watch http://127.0.0.1:8000",
        watch,
        _watch_words,
    ),
)
