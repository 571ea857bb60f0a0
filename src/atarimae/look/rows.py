"""Runs as rows of the table in the browser: JSON values, few enough for thousands of runs."""

import math
from collections.abc import Mapping, Sequence

from atarimae.look.live import progress
from atarimae.runlog import Run
from atarimae.runlog.settings import differing


def rows(runs: Sequence[Run], known: Sequence[Run]) -> list[dict[str, object]]:
    """One row for each of `runs`, with the settings in which the `known` runs differ."""
    columns = differing([run.recipe for run in known])
    place = {run.id: number for number, run in enumerate(known)}
    return [_row(run) | {"settings": _settings(columns, place[run.id])} for run in runs]


def _row(run: Run) -> dict[str, object]:
    score = run.score
    row: dict[str, object] = {
        "id": run.id,
        "because": run.because,
        "stage": run.stage,
        "status": run.status,
        "metric": score.metric if score else None,
        "value": number(score.value) if score else None,
        "low": number(score.low) if score else None,
        "high": number(score.high) if score else None,
        "verdict": (run.verdict or {}).get("verdict"),
        "seconds": number(run.seconds),
        "ms": number(run.costs.get("ms_per_image")),
        "created": run.created,
        "tags": run.tags,
        "conclusion": run.conclusion,
    }
    if run.status == "running":
        row["live"] = progress(run).as_dict()
    return row


def _settings(columns: Mapping[str, Sequence[object]], place: int) -> str:
    """As `key = value` with spaces, so that one may search for it as one reads it."""
    return "  ".join(
        f"{name} = {told(values[place])}"
        for name, values in columns.items()
        if values[place] is not None
    )


def told(value: object) -> str:
    """A setting as people write it."""
    if isinstance(value, list):
        return ", ".join(map(told, value))
    return str(value).lower() if isinstance(value, bool) else str(value)


def number(value: float | None) -> float | None:
    """None for what JSON has no number for."""
    return value if value is not None and math.isfinite(value) else None
