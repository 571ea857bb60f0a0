"""What `rank` found, as a table for the terminal."""

from typing import TYPE_CHECKING

from rich.console import Group
from rich.table import Table
from rich.text import Text

from atarimae.compare.table import COLOURS, score_text

if TYPE_CHECKING:
    from atarimae.ideas.rank import Ranked, Tried

SHOWN = 12  # of the best chains
NONE = "no steps"


def rank_table(found: "Ranked") -> Group:
    """The best chains, then what choosing one is worth, in sentences."""
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    for name in (found.own.metric, "to the run as it is", "forecast", "s"):
        table.add_column(name, no_wrap=True, justify="right" if name == "s" else "left")
    table.add_column("chain", overflow="fold")
    for one in found.tried[:SHOWN]:
        table.add_row(*_cells(one))
    left = len(found.tried) - SHOWN
    rows = [Text(f"and {left} more", "dim")] if left > 0 else []
    return Group(table, *rows, Text(""), *map(_coloured, rank_lines(found)))


def rank_lines(found: "Ranked") -> list[str]:
    """What was searched, what it is worth, and what to do next."""
    seen, folds = found.difference, len(found.folds)
    lines = [
        f"{len(found.tried)} chains in {found.seconds:.0f} s, {found.ended}.",
        f"The run as it is: {score_text(found.own)} ({told(found.own_chain)}).",
        f"Chosen on the other queries and scored on each of {folds} parts of the classes: "
        f"{score_text(found.nested)}.",
        f"{found.verdict}: {seen.value:+.4f}, 95 % [{seen.low:+.4f}, {seen.high:+.4f}].",
    ]
    if not found.looked_back:
        lines.insert(1, "Train is not embedded: steps that look at it were not tried.")
    parts = ", ".join(dict.fromkeys(told(one.chain) for one in found.folds))
    lines.append(f"Chosen there: {parts}.")
    if found.recipe is None:
        return [*lines, "On all queries no chain is better than none: there is nothing to write."]
    lines.append(f"Chosen on all: {told(found.chain)}, {found.value:.3f} there, which is rosy.")
    joined = f"--ensemble {' '.join(found.members)} " if found.members else ""
    lines.append(f'Next: atarimae fit {found.recipe} {joined}--because "…"')
    return lines


def told(chain: tuple[str, ...]) -> str:
    """A chain as people read it."""
    return " → ".join(chain) or NONE


def _cells(one: "Tried") -> tuple[Text | str, ...]:
    seen = one.difference
    gain = f"{seen.value:+.4f} [{seen.low:+.4f}, {seen.high:+.4f}]"
    forecast = f"{one.forecast.seconds:.1f} s, {one.forecast.bytes / 1e6:.0f} MB"
    return f"{one.value:.4f}", gain, forecast, f"{one.seconds:.1f}", Text(told(one.chain))


def _coloured(line: str) -> Text:
    return Text(line, COLOURS.get(line.partition(":")[0], ""))
