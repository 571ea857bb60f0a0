"""All that can be asked of a run, as rows of plain values: by table, then by column."""

import math
from collections.abc import Mapping, Sequence

from atarimae.runlog.reader import Run
from atarimae.runlog.settings import flat

Value = str | float | int | None
Thing = Mapping[str, Value]  # values of one run by column

BETWEEN = "\x1f"  # parts the items of a list
FACTS = (
    "id", "because", "stage", "seed", "status", "verdict", "metric", "score", "value", "low",
    "high", "difference", "expect", "seconds", "parent", "created", "task", "device", "data",
    "error", "origin", "conclusion", "note", "notes", "tag", "tags",
)  # fmt: skip


def tables(runs: Sequence[Run], *, logged: bool = False) -> dict[str, list[Thing]]:
    """A row a run for each kind of thing, in the order in which a bare name is looked for.

    The last logged value of each metric is there if `logged`: all of metrics.jsonl is read for it.
    """
    return {
        "runs": [_told(run) for run in runs],
        "scores": [{score.metric: _finite(score.value) for score in run.scores} for run in runs],
        "recipe": [_plain_values(flat(run.recipe)) for run in runs],
        "costs": [_plain_values(run.costs) for run in runs],
        "metrics": [_last(run) if logged else {} for run in runs],
    }


def _told(run: Run) -> Thing:
    """What every run has, under the names that people know it by."""
    verdict, score = run.verdict or {}, run.score
    # Joined, and '' where there are none: `tag != 'final'` is then true of a run without tags.
    notes = BETWEEN.join(note.text for note in run.notes if note.kind == "note")
    tags = BETWEEN.join(run.tags)
    told: dict[str, object] = run.row() | {
        "score": score.value if score else None,
        "verdict": verdict.get("verdict"),
        "difference": verdict.get("difference"),
        "expect": run.expect, "task": run.task, "device": run.device,
        "data": run.data.edit if run.data else None,
        "error": run.error, "origin": run.origin, "conclusion": run.conclusion,
        "note": notes, "notes": notes, "tag": tags, "tags": tags,
    }  # fmt: skip
    return {name: _plain(told.get(name)) for name in FACTS}


def _plain_values(values: Mapping[str, object]) -> Thing:
    return {name: _plain(value) for name, value in values.items()}


def _plain(value: object) -> Value:
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, list | tuple):
        return BETWEEN.join(str(item) for item in value)
    if value is None or isinstance(value, str | int):
        return value
    return _finite(value) if isinstance(value, float) else str(value)


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _last(run: Run) -> Thing:
    """The last value of each logged metric."""
    table = run.metrics() if (run.folder / "metrics.jsonl").is_file() else None
    if table is None or not len(table):
        return {}
    last = table.dropna(subset=["value"]).groupby("name")["value"].last()
    return {str(name): _finite(float(value)) for name, value in last.items()}


def columns(rows: Sequence[Thing]) -> list[str]:
    """Every key of the rows once, whichever case it is written in."""
    return list({key.casefold(): key for row in rows for key in row}.values())
