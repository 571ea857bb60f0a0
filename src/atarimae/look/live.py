"""How far a run has come that is still going on, from the end of its metrics."""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import cast

from atarimae.runlog import Run

TAIL = 8 << 10  # bytes of metrics.jsonl that are read


@dataclass(frozen=True, slots=True)
class Progress:
    """What the last lines of a run's metrics say."""

    share: float | None  # of its epochs, 0 to 1; None where the recipe has no number of them
    epoch: int | None
    step: int | None
    seconds: float  # since it began
    name: str | None = None  # of the latest metric, a measured one rather than a loss
    value: float | None = None

    def as_dict(self) -> dict[str, object]:
        """JSON values."""
        return asdict(self)


def progress(run: Run) -> Progress:
    """Read what the run has logged so far; it may be nothing."""
    last: dict[str, float] = {}
    epoch = step = None
    for line in _tail(run):
        last[str(line.get("name"))] = cast(float, line.get("value"))
        epoch = cast(int | None, line.get("epoch", epoch))
        step = cast(int | None, line.get("step", step))
    epochs = run.recipe.get("epochs")
    whole = isinstance(epochs, int | float) and epochs > 0
    share = min(1.0, (epoch or 0) / cast(float, epochs)) if whole else None
    name = _telling(last)
    value = last.get(name) if name else None
    seconds = (datetime.now(UTC) - datetime.fromisoformat(run.created)).total_seconds()
    finite = isinstance(value, int | float) and abs(value) < float("inf")
    return Progress(share, epoch, step, round(seconds), name, value if finite else None)


def _telling(last: dict[str, float]) -> str | None:
    """A score where one is logged, else whatever came last."""
    scores = [name for name in last if "loss" not in name.lower() and name != "lr"]
    return next(reversed(scores or list(last)), None)


def _tail(run: Run) -> Iterator[dict[str, object]]:
    path = run.folder / "metrics.jsonl"
    if not path.is_file():
        return
    with path.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(max(0, size - TAIL))
        lines = file.read().split(b"\n")
    for line in lines[1 if size > TAIL else 0 : -1]:  # whole lines only
        try:
            found = json.loads(line)
        except ValueError:
            continue
        if isinstance(found, dict):
            yield found
