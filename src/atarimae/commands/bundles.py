"""Commands of what is shipped or sent: ship, index, score, submit, serve, watch."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from atarimae import api
from atarimae.commands.command import Arguments, Command, here, out, run_words

if TYPE_CHECKING:
    from atarimae.bundle import Bundle as Shipped


def ship(arguments: Arguments) -> None:
    """Write a bundle."""
    bundle = here(arguments).ship(
        arguments.name, arguments.out,
        index=arguments.index or "auto", recall=arguments.recall, latency=arguments.latency,
        workers=arguments.workers,
    )  # fmt: skip
    out(
        arguments,
        {
            "bundle": str(bundle.folder), "run": bundle.run, "gallery": len(bundle.index),
            "index": _index_said(bundle),
        },
        f"Shipped run {bundle.run} to {bundle.folder}: it reproduces the recorded score. "
        f"{_searched(bundle)}\nNext: atarimae serve {bundle.folder}",
    )  # fmt: skip


def index(arguments: Arguments) -> None:
    """Show or change what a bundle looks answers up in."""
    found = api.Bundle(arguments.bundle).change(
        add=arguments.add, remove=arguments.remove, index=arguments.index,
        recall=arguments.recall, latency=arguments.latency, workers=arguments.workers,
    )  # fmt: skip
    counts = {"added": found.added, "present": found.present, "removed": found.removed}
    value = {"bundle": str(found.bundle.folder), "gallery": len(found.bundle.index), **counts}
    head = f"{found.added:,} added, {found.present:,} there already, {found.removed:,} removed. "
    changed = any(counts.values())
    text = (head if changed else "") + _searched(found.bundle)
    out(arguments, {**value, "index": _index_said(found.bundle)}, text)


def _index_said(bundle: "Shipped") -> dict[str, object]:
    return {"generation": bundle.generation, "kind": "exact", **bundle.index.finder}


def _searched(bundle: "Shipped") -> str:
    from atarimae.ship.card import recall_lines

    kind = bundle.index.finder.get("kind", "exact")
    head = f"{len(bundle.index):,} files in the gallery, index {kind}, generation"
    return "\n".join([f"{head} {bundle.generation}.", *recall_lines(bundle.index)])


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
    _kind_words(command, "auto: exact where it is fast enough")


def _index_words(command: argparse.ArgumentParser) -> None:
    command.add_argument("bundle", type=Path, metavar="BUNDLE")
    command.add_argument(
        "--add", nargs="+", type=Path, default=[], metavar="SOURCE",
        help="pictures, folders with a sub-folder a class, or CSVs with file, label",
    )  # fmt: skip
    command.add_argument(
        "--remove", nargs="+", default=[], metavar="FILE",
        help="files as answers name them, or an image's id",
    )  # fmt: skip
    _kind_words(command, "left as it is")


def _kind_words(command: argparse.ArgumentParser, default: str) -> None:
    command.add_argument(
        "--index", choices=("auto", "exact", "hnsw", "ivfpq", "milvus"),
        help=f"how known images are searched ({default})",
    )  # fmt: skip
    command.add_argument(
        "--recall", type=float, default=0.95, help="asked of an index: recall at 20 (0.95)"
    )
    command.add_argument(
        "--latency", type=float, default=20.0, help="asked of it: ms a query, at most (20)"
    )
    command.add_argument(
        "--workers", metavar="WHO", help="who embeds: ray[:ADDRESS] (this process)"
    )


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
        "index",
        "show or change what a bundle looks answers up in",
        "atarimae index bundle --add new.csv --remove photos/00012.jpg",
        index,
        _index_words,
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
