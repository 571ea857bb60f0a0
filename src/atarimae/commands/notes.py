"""Commands of what people say of runs: note, import, write."""

import argparse
from pathlib import Path

from atarimae.commands.command import Arguments, Command, here, out, run_words


def note(arguments: Arguments) -> None:
    """Say something of a run."""
    run = here(arguments).note(
        arguments.name,
        arguments.text,
        conclusion=arguments.conclusion,
        tags=arguments.tag,
        untag=arguments.untag,
    )
    told = {
        "id": run.id,
        "notes": [note.as_dict() for note in run.notes],
        "conclusion": run.conclusion,
        "tags": list(run.tags),
    }
    tags = f" Tags: {', '.join(run.tags)}." if run.tags else ""
    out(arguments, told, f"Noted on {run.id}.{tags}")


def import_(arguments: Arguments) -> int:
    """Make runs of a table of old experiments."""
    scores = [name.strip() for name in (arguments.score or "").split(",") if name.strip()]
    found = here(arguments).import_runs(arguments.table, scores=scores)
    lines = [f"{len(found.added):,} added, {found.present:,} already there"]
    kinds = dict.fromkeys(found.columns.values())
    lines += [
        f"  {kind}: {', '.join(name for name, own in found.columns.items() if own == kind)}"
        for kind in kinds
    ]
    if found.changed:
        named = ", ".join(found.changed[:20])
        lines.append(
            f"{len(found.changed):,} differ from what was imported, and were left: {named}"
        )
    out(arguments, found.as_dict(), "\n".join(lines))
    return 1 if found.changed else 0


def write(arguments: Arguments) -> None:
    """Draft an article from the log."""
    workspace = here(arguments)
    text = workspace.write(arguments.out)
    if arguments.out:
        out(arguments, {"out": str(arguments.out)}, f"Wrote {arguments.out}.")
    else:
        out(arguments, {"text": text}, text.rstrip())


def _note_words(command: argparse.ArgumentParser) -> None:
    run_words(command)
    command.add_argument("text", nargs="?", metavar="TEXT", help="what you saw")
    command.add_argument(
        "--conclusion", metavar="TEXT", help="what the run showed; the last one counts"
    )
    command.add_argument(
        "--tag", action="append", default=[], metavar="NAME", help="may be given several times"
    )
    command.add_argument(
        "--untag", action="append", default=[], metavar="NAME", help="take a tag away"
    )


def _import_words(command: argparse.ArgumentParser) -> None:
    command.add_argument("table", type=Path, metavar="TABLE", help="a .csv, .tsv or .xlsx file")
    command.add_argument(
        "--score",
        metavar="COLUMN[,…]",
        help="the columns of scores, the main one first; known by their names if not given",
    )


def _write_words(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--out", type=Path, metavar="FILE.md", help="a new file; else it is printed"
    )


COMMANDS = (
    Command(
        "note",
        "say what you saw, what it showed, and tag a run",
        'atarimae -C sake note best "ぶれた写真で負ける" --tag final',
        note,
        _note_words,
    ),
    Command(
        "import",
        "make runs of a table of old experiments",
        "atarimae -C sake import old.csv --score CV,LB",
        import_,
        _import_words,
    ),
    Command(
        "write",
        "draft an article from the log, each figure traced to its run",
        "atarimae -C sake write --out article.md",
        write,
        _write_words,
    ),
)
