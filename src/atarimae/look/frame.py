"""Look's templates, and what all of them may call."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from atarimae.look import brink, charts
from atarimae.look.checks import CHECKS, Check, Finding
from atarimae.runlog import Run
from atarimae.runlog.costs import cost_name
from atarimae.score.leaks import told
from atarimae.web.frame import Pages

HERE = Path(__file__).parent
SHOWN = 60  # findings of one check on one page


@dataclass(frozen=True, slots=True)
class Group:
    """The findings of one check, of which `shown` are shown from number `start` on."""

    check: Check
    count: int
    shown: tuple[Finding, ...]
    start: int = 0

    @property
    def rest(self) -> int:
        """How many come after those that are shown."""
        return self.count - self.start - len(self.shown)


@dataclass(frozen=True, slots=True)
class RunsTable:
    """Runs with the scale that their intervals are drawn on."""

    runs: tuple[Run, ...]
    best: str | None
    bottom: float
    top: float


def pages() -> Pages:
    """The templates."""
    made = Pages(HERE / "templates")
    made.templates.globals.update(
        bar=charts.bar,
        interval=charts.interval,
        whisker=charts.whisker,
        risk=charts.risk,
        truth=charts.truth,
        became=brink.said,
        finite=math.isfinite,
        leaks=told,
    )
    made.templates.globals["worth"] = worth
    made.templates.filters.update(duration=duration, score=score, number=number, cost=cost_name)
    return made


def groups(findings: Sequence[Finding], start: int = 0, most: int = SHOWN) -> list[Group]:
    """Findings by check, in the order of `CHECKS`; every check is there, also with none."""
    made = []
    for check in CHECKS:
        own = [finding for finding in findings if finding.check == check.name]
        made.append(Group(check, len(own), tuple(own[start : start + most]), start))
    return made


def runs_table(runs: Sequence[Run], best: Run | None, *, newest_first: bool = True) -> RunsTable:
    """Runs that are given oldest first, with one scale for all."""
    ends = [
        end
        for run in runs
        if run.score
        for end in (run.score.low, run.score.value, run.score.high)
        if math.isfinite(end)
    ]
    return RunsTable(
        tuple(reversed(runs) if newest_first else runs),
        best.id if best else None,
        min(ends, default=0.0),
        max(ends, default=1.0),
    )


def duration(seconds: float | None) -> str:
    """Seconds as people say them."""
    if seconds is None:
        return ""
    if seconds < 100:
        return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"
    if seconds < 6000:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"


def score(value: float | None) -> str:
    """A score with three digits, nothing where there is none."""
    return "" if value is None or not math.isfinite(value) else f"{value:.3f}"


def worth(points: float) -> str:
    """What a fix is worth, in points of the main metric."""
    return f"up to {points:.5f}" if points < 0.001 else f"up to {points:.4f}"


def number(value: object) -> str:
    """A number as people read it; anything else as it is."""
    if not isinstance(value, float):
        return f"{value:,}" if type(value) is int else str(value)
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"
