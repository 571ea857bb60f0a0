"""How far a run has come that is still going on, from the end of its metrics."""

import json
from collections.abc import Iterator, Sequence
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
    left: float | None = None  # seconds, at the pace of its latest epochs; None before two are done

    def as_dict(self) -> dict[str, object]:
        """JSON values."""
        return asdict(self)


def progress(run: Run) -> Progress:
    """Read what the run has logged so far; it may be nothing."""
    lines = list(_tail(run))
    last: dict[str, float] = {}
    for line in lines:
        last[str(line.get("name"))] = cast(float, line.get("value"))
    step = next((cast(int, line["step"]) for line in reversed(lines) if "step" in line), None)
    ends = [(cast(int, line["epoch"]), line.get("at")) for line in lines if "epoch" in line]
    epoch = ends[-1][0] if ends else None
    told = run.recipe.get("epochs")
    epochs = float(told) if isinstance(told, int | float) and told > 0 else None
    share = min(1.0, (epoch or 0) / epochs) if epochs else None
    name = _telling(last)
    value = last.get(name) if name else None
    now = datetime.now(UTC)
    seconds = (now - datetime.fromisoformat(run.created)).total_seconds()
    finite = isinstance(value, int | float) and abs(value) < float("inf")
    left = _left(ends, epochs, now.timestamp()) if epochs else None
    return Progress(share, epoch, step, round(seconds), name, value if finite else None, left)


def _left(ends: Sequence[tuple[int, object]], epochs: float, now: float) -> float | None:
    """What came before the first epoch, such as embedding, tells nothing of the others' pace."""
    timed = [(epoch, at) for epoch, at in ends if isinstance(at, int | float)]
    if not timed or timed[0][0] >= timed[-1][0]:
        return None
    (first, began), (last, ended) = timed[0], timed[-1]
    pace = (ended - began) / (last - first)
    return max(0.0, pace * (epochs - last) - (now - ended))


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
