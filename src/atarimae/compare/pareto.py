"""Which runs no other beats in accuracy, speed and size together."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from statistics import fmean

from rich.console import Group
from rich.table import Table
from rich.text import Text

from atarimae.runlog import Run, find_best, mark_of
from atarimae.workspace import Workspace

WIDTH, HEIGHT = 60, 12  # of the chart, in characters


@dataclass(frozen=True)
class Choice:
    """One recipe: means over the runs that differ by their seed alone."""

    run: str  # the first of them
    because: str
    runs: int
    value: float  # main metric
    ms: float  # an image, through all steps
    mb: float  # the model's graphs
    beaten_by: str | None  # a run as good in all three and better in one; None: none is

    def as_dict(self) -> dict[str, object]:
        """The choice as JSON values."""
        return asdict(self)


def pareto(workspace: Workspace, known: Sequence[Run]) -> list[Choice]:
    """The recipes among `known` at the best run's stage and on its data, fastest first.

    Milliseconds and megabytes are compared by their first two digits: two timings of one recipe
    differ by more than that.
    """
    best = find_best(workspace)
    groups: dict[str, list[Run]] = {}
    for run in known:
        if best and run.score and run.status == "done" and _like(run, best):
            groups.setdefault(
                repr(sorted(run.recipe.items())) if run.recipe else run.id, []
            ).append(run)
    choices = [choice for several in groups.values() if (choice := _choice(several))]
    judged = [_judged(choice, choices) for choice in choices]
    return sorted(judged, key=lambda one: (one.ms, one.run))


def pareto_view(choices: Sequence[Choice], metric: str) -> Group:
    """The runs as a table, those that none beats first, and a chart of score over time."""
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    for name in ("run", "because", metric, "ms/image", "MB", "beaten by"):
        table.add_column(Text(name), ratio=1 if name == "because" else None)
    for one in sorted(choices, key=lambda one: (one.beaten_by is not None, one.ms)):
        style = "" if one.beaten_by else "bold"
        table.add_row(
            Text(mark_of(one.run), style), Text(one.because), f"{one.value:.4f}", f"{one.ms:.3g}",
            f"{one.mb:.3g}", Text(mark_of(one.beaten_by or "")),
        )  # fmt: skip
    return Group(table, Text(""), *map(Text, _chart(choices, metric)))


def _like(run: Run, best: Run) -> bool:
    data = [one.data.hash if one.data else None for one in (run, best)]
    assert run.score is not None
    assert best.score is not None
    same = (run.stage, run.score.metric, data[0])
    return same == (best.stage, best.score.metric, data[1])


def _choice(several: Sequence[Run]) -> Choice | None:
    values = [run.score.value for run in several if run.score]
    ms = [run.costs["ms_per_image"] for run in several if "ms_per_image" in run.costs]
    mb = [run.costs["model_mb"] for run in several if "model_mb" in run.costs]
    if not (ms and mb):
        return None
    first = several[0]
    return Choice(
        first.id, first.because, len(several), fmean(values), fmean(ms), fmean(mb), beaten_by=None
    )


def _judged(choice: Choice, choices: Sequence[Choice]) -> Choice:
    ours = _told(choice)
    beating = [
        other
        for other in choices
        if _told(other) != ours and all(a >= b for a, b in zip(_told(other), ours, strict=True))
    ]
    winner = max(beating, key=lambda other: other.value, default=None)
    return Choice(**{**asdict(choice), "beaten_by": winner.run if winner else None})


def _told(choice: Choice) -> tuple[float, float, float]:
    """Higher is better in all three."""
    return choice.value, -float(f"{choice.ms:.1e}"), -float(f"{choice.mb:.1e}")


def _chart(choices: Sequence[Choice], metric: str) -> list[str]:
    """Score upwards, milliseconds to the right; ● none beats it, ○ some run does."""
    if len(choices) < 2:
        return []
    values, times = [one.value for one in choices], [one.ms for one in choices]
    rows = [[" "] * WIDTH for _ in range(HEIGHT)]
    for one in sorted(choices, key=lambda one: one.beaten_by is None):
        across = round((one.ms - min(times)) / ((max(times) - min(times)) or 1) * (WIDTH - 1))
        up = round((one.value - min(values)) / ((max(values) - min(values)) or 1) * (HEIGHT - 1))
        rows[HEIGHT - 1 - up][across] = "○" if one.beaten_by else "●"
    lines = [f"{metric}   ● no run beats it   ○ another does"]
    for number, row in enumerate(rows):
        edge = {0: f"{max(values):.3f}", HEIGHT - 1: f"{min(values):.3f}"}.get(number, "")
        lines.append(f"{edge:>8} │{''.join(row).rstrip()}")
    lines.append(" " * 9 + "└" + "─" * WIDTH)
    left, right = f"{min(times):.3g}", f"{max(times):.3g} ms"
    return [*lines, " " * 10 + left + right.rjust(WIDTH - len(left))]
