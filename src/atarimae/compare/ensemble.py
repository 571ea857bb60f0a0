"""What each member adds to an ensemble, as a table for the terminal."""

from rich.console import Group
from rich.table import Table
from rich.text import Text

from atarimae.compare.table import COLOURS
from atarimae.runlog import mark_of
from atarimae.runlog.ensemble import Beside, Ensemble, Member, Together


def ensemble_table(told: Ensemble) -> Group:
    """A row a member: alone, the whole without it, and what it adds; then who errs with whom."""
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    for name in ("member", "alone", "without it", "it adds", "", "weight"):
        table.add_column(name, no_wrap=True)
    for one in told.members:
        table.add_row(*_cells(one))
    lines = [
        *(f"{mark_of(one.run)}: {one.because}" for one in told.members),
        f"All {len(told.members)}: {told.metric} {told.value:.4f} on {told.queries:,} queries. "
        "'It adds' is that less the others joined without it.",
        *map(together_line, told.together),
    ]
    return Group(table, Text(""), *map(Text, lines))


def together_line(one: Together) -> str:
    """How often two members are wrong on the same query."""
    first, second = mark_of(one.first), mark_of(one.second)
    share = f", {one.both / one.either:.0%}" if one.either else ""
    return (
        f"{first} or {second} has less than 1 on {one.either:,} queries, both of them on "
        f"{one.both:,}{share}."
    )


def difference(one: Beside) -> str:
    """As people read it: the difference with its interval."""
    if one.low is None or one.high is None:
        return f"{one.difference:+.4f}"
    return f"{one.difference:+.4f} [{one.low:+.4f}, {one.high:+.4f}]"


def weight(one: Member) -> str:
    """One, or that of each fold."""
    return " / ".join(f"{value:.2f}" for value in one.weights)


def _cells(one: Member) -> tuple[Text | str, ...]:
    said = one.without.verdict
    return (
        mark_of(one.run), f"{one.alone.value:.4f}", f"{one.without.value:.4f}",
        difference(one.without), Text(said.removesuffix(" seen"), COLOURS.get(said, "")),
        weight(one),
    )  # fmt: skip
