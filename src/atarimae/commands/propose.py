"""The command that lets a model label what nobody has."""

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from atarimae.commands.command import Arguments, Command, here, out

if TYPE_CHECKING:
    from atarimae.propose import FromFile, Proposed

SHOWN = 10


def propose(arguments: Arguments) -> None:
    """Propose classes, and record them unless it is a dry run."""
    from atarimae.propose import FromFile

    found = here(arguments).propose(
        arguments.name, at=arguments.at, precision=arguments.precision,
        dry_run=arguments.dry_run, model=arguments.model, coco=arguments.coco,
    )  # fmt: skip
    dry_run = bool(arguments.dry_run)
    if isinstance(found, FromFile):
        lines = _imported(found, dry_run=dry_run)
    else:
        lines = _lines(found, dry_run=dry_run)
    out(arguments, found.as_dict(), "\n".join(lines))


def _lines(found: "Proposed", *, dry_run: bool) -> Iterator[str]:
    told = found.estimate
    yield (
        f"{len(found.found):,} of {found.unlabelled:,} unlabelled images are matched at "
        f"{told.at:.3f} or more."
    )
    if told.accepted:
        yield (
            f"Precision there, on val: {told.precision:.3f} [{told.low:.3f}, {told.high:.3f}]; "
            f"{told.right:,} right of {told.accepted:,} matched, of {told.asked:,} asked."
        )
    else:
        yield f"Of {told.asked:,} queries of val none is matched there: nothing is known of it."
    if told.strangers:
        yield (
            f"Of {told.strangers:,} images of val whose class is not in train, "
            f"{told.strangers_accepted:,} are matched all the same: were a third of the unlabelled "
            f"images of no known class, {told.with_strangers(1 / 3):.3f} would be right."
        )
    yield from (
        f"  {one.score:.3f}  {one.label}  {one.file}  like {one.like}"
        for one in found.found[:: max(1, len(found.found) // SHOWN)][:SHOWN]
    )
    if found.rejected:
        yield f"{found.rejected:,} were left out: people have rejected them before."
    if found.edit:
        edit = found.edit
        yield f"Added {edit.labels_added:,} labels by {found.run} as edit {edit.id}."
        yield from _next(edit.id, found.run)
    elif found.found:
        yield "Nothing was recorded." if dry_run else "All of them were proposed before."


def _imported(found: "FromFile", *, dry_run: bool) -> Iterator[str]:
    boxes = sum(one.box is not None for one in found.found)
    yield (
        f"{found.rows:,} predictions: {len(found.found) - boxes:,} classes and {boxes:,} boxes "
        f"by {found.model}."
    )
    yield from (f"  {count:,} left out: {why}" for why, count in found.left_out.items())
    if found.edit:
        yield f"Added {found.edit.labels_added:,} labels as edit {found.edit.id}."
        yield from _next(found.edit.id, found.model)
    elif found.found:
        yield "Nothing was recorded." if dry_run else "All of them were proposed before."


def _next(edit: int, model: str) -> Iterator[str]:
    yield "Review them: atarimae look, and there Review."
    yield f"Back with: atarimae undo {edit}, or all of them: atarimae undo --by {model}"


def _propose_words(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "name", metavar="RUN",
        help="an id, a part of one, last or best; a bundle's folder; or a file of predictions: "
        "COCO results, or a CSV with file,label,score",
    )  # fmt: skip
    command.add_argument("--at", type=float, metavar="SCORE", help="the lowest score of a match")
    command.add_argument(
        "--precision", type=float, metavar="P",
        help="or the precision that val says such matches have, at least (0.95)",
    )  # fmt: skip
    command.add_argument("--model", metavar="NAME", help="whose predictions the file holds")
    command.add_argument(
        "--coco", type=Path, metavar="FILE", help="the file that the ids of COCO results are of"
    )
    command.add_argument(
        "--dry-run", action="store_true", help="show how many, how sure and which; record nothing"
    )


COMMANDS = (
    Command(
        "propose",
        "let a model label what nobody has",
        "atarimae -C sake propose best --precision 0.95 --dry-run",
        propose,
        _propose_words,
    ),
)
