"""The ledger for the terminal."""

from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from atarimae.compare.comparison import Change
from atarimae.compare.ledger import Idea, Ledger, Step
from atarimae.compare.table import COLOURS, setting
from atarimae.runlog import mark_of


def ledger_view(found: Ledger) -> Group:
    """Every idea in a row, how often expectations were right, and what helped."""
    parts: list[RenderableType] = [
        _ideas(found.ideas),
        Text(""),
        *map(Text, _expectations(found)),
    ]
    if found.helped:
        best = mark_of(found.best or "")
        parts += [
            Text(""),
            Text(f"What led to {best}, the best run:", "bold"),
            _steps(found.helped),
        ]
    return Group(*parts)


def _expectations(found: Ledger) -> list[str]:
    if not (found.direction.of or found.inside.of):
        return ["No expectation can be judged yet: say one with 'atarimae fit --expect +0.01'."]
    return [
        f"expectations: direction right {found.direction}",
        f"              inside the interval {found.inside}",
    ]


def changes_text(changes: Sequence[Change]) -> str:
    """Settings as they became, as in `whiten: none → pca`."""
    return ", ".join(
        f"{one.key}: {setting(one.first) or '-'} → {setting(one.second) or '-'}" for one in changes
    )


def effect_text(difference: float | None, low: float | None, high: float | None) -> str:
    """A difference with its interval, as far as they are known."""
    if difference is None:
        return ""
    if low is None or high is None or low != low:
        return f"{difference:+.4f}"
    return f"{difference:+.4f} [{low:+.4f}, {high:+.4f}]"


def _ideas(ideas: Sequence[Idea]) -> Table:
    table = _table("idea", "because", "stage", "expected", "came", "verdict")
    for idea in ideas:
        expected = f"{idea.outcome.expected:+.4f}" if idea.outcome else ""
        table.add_row(
            mark_of(idea.run),
            Text(idea.because),
            idea.stage,
            expected,
            effect_text(idea.difference, idea.low, idea.high),
            Text(idea.verdict or "", COLOURS.get(idea.verdict or "", "")),
        )
    return table


def _steps(steps: Sequence[Step]) -> Table:
    table = _table("run", "change", "effect", "verdict")
    for step in steps:
        told = step.verdict
        table.add_row(
            mark_of(step.run),
            Text(changes_text(step.changes)),
            effect_text(told.difference, told.low, told.high) if told else "",
            Text(told.verdict, COLOURS.get(told.verdict, ""))
            if told
            else Text(step.obstacle or ""),
        )
    return table


def _table(*columns: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    for column in columns:
        wide = column in ("because", "change")
        narrow = 13 if column == "verdict" else None  # "no difference seen" in two lines
        table.add_column(Text(column), ratio=1 if wide else None, max_width=narrow)
    return table
