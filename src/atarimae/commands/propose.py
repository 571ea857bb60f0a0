"""The command that lets a run label what nobody has."""

import argparse
from collections.abc import Iterator
from typing import TYPE_CHECKING

from atarimae.commands.command import Arguments, Command, here, out, run_words

if TYPE_CHECKING:
    from atarimae.propose import Proposed

SHOWN = 10


def propose(arguments: Arguments) -> None:
    """Propose classes, and record them unless it is a dry run."""
    found = here(arguments).propose(
        arguments.name, at=arguments.at, precision=arguments.precision, dry_run=arguments.dry_run
    )
    out(arguments, found.as_dict(), "\n".join(_lines(found, dry_run=arguments.dry_run)))


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
    if found.edit:
        edit = found.edit
        yield f"Added {edit.labels_added:,} labels by {found.run} as edit {edit.id}."
        yield f"Back with: atarimae undo {edit.id}, or all of them: atarimae undo --by {found.run}"
    elif found.found:
        yield "Nothing was recorded." if dry_run else "All of them were proposed before."


def _propose_words(command: argparse.ArgumentParser) -> None:
    run_words(command)
    command.add_argument("--at", type=float, metavar="SCORE", help="the lowest score of a match")
    command.add_argument(
        "--precision", type=float, metavar="P",
        help="or the precision that val says such matches have, at least (0.95)",
    )  # fmt: skip
    command.add_argument(
        "--dry-run", action="store_true", help="show how many, how sure and which; record nothing"
    )


COMMANDS = (
    Command(
        "propose",
        "let a run label what nobody has",
        "atarimae -C sake propose best --precision 0.95 --dry-run",
        propose,
        _propose_words,
    ),
)
