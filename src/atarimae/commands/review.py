"""Commands of proposals: what became of them, and accepting a class in bulk."""

import argparse
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from atarimae.commands.command import Arguments, Command, here, out, some

if TYPE_CHECKING:
    from rich.table import Table

    from atarimae.review import Precision
    from atarimae.store import Proposal

SHOWN = 20


def proposals(arguments: Arguments) -> None:
    """Tell what became of each proposal, and how often classes are right."""
    from atarimae.review import Slice, precisions

    found = here(arguments).proposals()
    which = Slice(arguments.bar, arguments.slice, arguments.seed)
    measured = precisions(found, which)
    fates = dict(Counter(one.fate for one in found))
    told = {
        "proposals": [one.as_dict() for one in found],
        "fates": fates,
        "classes": [one.as_dict(which.bar) for one in measured],
    }
    if arguments.json or not found:
        out(arguments, told, "No model has proposed anything yet: atarimae propose best")
        return
    out(arguments, told, ", ".join(f"{count:,} {fate}" for fate, count in fates.items()) + ".")
    out(arguments, told, _classes(measured, which.bar))
    rows = found if arguments.all else found[-arguments.last :]
    out(arguments, told, "\n".join(_lines(rows)))


def accept(arguments: Arguments) -> None:
    """Accept what is left of a class."""
    done = here(arguments).accept(
        arguments.label, model=arguments.model, kind=arguments.kind, bar=arguments.bar,
        slice=arguments.slice, seed=arguments.seed,
    )  # fmt: skip
    told = "; ".join(
        f"{one.right:,} of {one.reviewed:,} right in the control slice of {one.model} "
        f"[{one.low:.3f}, {one.high:.3f}]"
        for one in done.classes
    )
    out(
        arguments,
        done.as_dict(arguments.bar),
        f"Accepted {done.edit.labels_added:,} of '{arguments.label}' as edit {done.edit.id}: "
        f"{told}.\nBack with: atarimae undo {done.edit.id}",
    )


def _classes(measured: Sequence["Precision"], bar: float) -> "Table":
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    words = ("class", "kind", "model", "")
    for name in (*words[:3], "proposals", "untouched", "control", "right", "95 %", ""):
        table.add_column(name, justify="left" if name in words else "right")
    for one in measured:
        interval = f"{one.low:.3f} – {one.high:.3f}" if one.reviewed else ""
        table.add_row(
            one.label, one.kind, one.model, f"{one.proposals:,}", f"{one.untouched:,}",
            f"{one.reviewed:,}/{one.size:,}", f"{one.right:,}", interval,
            f"above {bar:g}" if one.passes(bar) else "",
        )  # fmt: skip
    return table


def _lines(rows: Sequence["Proposal"]) -> Iterator[str]:
    for one in reversed(rows):
        into = ", ".join(label.value for label in one.into) if one.fate == "edited" else ""
        who = f"  by {one.decided_by} in edit {one.decided}" if one.decided else ""
        yield (
            f"{one.id:>6}  {one.fate:9}  {one.label.score:.3f}  {one.label.value}"
            f"{f' → {into}' if into else ''}  {one.label.kind} of {one.label.image[:12]}  "
            f"{one.label.by}{who}"
        )


def _slice_words(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--bar", type=float, default=0.95, metavar="P",
        help="what the lower bound of a class's precision has to reach (0.95)",
    )  # fmt: skip
    command.add_argument(
        "--slice",
        type=int,
        metavar="N",
        help="drawn of each class; what the bar needs if not given",
    )
    command.add_argument("--seed", type=int, default=0, help="of the draw (0)")


def _proposals_words(command: argparse.ArgumentParser) -> None:
    _slice_words(command)
    command.add_argument(
        "--last", type=some, default=SHOWN, metavar="N", help=f"how many are listed ({SHOWN})"
    )
    command.add_argument("--all", action="store_true", help="list all of them")


def _accept_words(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--class", dest="label", required=True, metavar="NAME", help="the class that was proposed"
    )
    command.add_argument("--model", metavar="NAME", help="only what this run or model proposed")
    command.add_argument("--kind", metavar="KIND", help="only classes of images (class), or boxes")
    _slice_words(command)


COMMANDS = (
    Command(
        "proposals",
        "what models proposed, and what became of it",
        "atarimae -C sake proposals --bar 0.9",
        proposals,
        _proposals_words,
    ),
    Command(
        "accept",
        "accept the rest of a proposed class, where that is proven",
        "atarimae -C sake accept --class junmai --bar 0.95",
        accept,
        _accept_words,
    ),
)
