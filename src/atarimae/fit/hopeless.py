"""When a training may be given up: its curve against the parent's, in doubt in its favour."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from atarimae.runlog import Run

FROM = 0.3  # share of the epochs before which nothing is said
LATE = 0.5  # the parent is looked at when it had trained for this share of the time
IN_A_ROW = 2  # checks that must agree


@dataclass(frozen=True)
class Check:
    """What the model was worth at one time of its training."""

    share: float  # of the epochs, above 0 and up to 1
    value: float
    high: float  # upper end of the 95 % interval; NaN where none can be told


@dataclass(frozen=True)
class Rival:
    """The parent's curve of the same metric on the same sample, by share of its epochs."""

    id: str
    curve: Sequence[tuple[float, float]]

    def at(self, share: float) -> float | None:
        """Its value then, between two checks on a line; None before its first."""
        if not self.curve or share < self.curve[0][0]:
            return None
        shares, values = zip(*self.curve, strict=True)
        return float(np.interp(share, shares, values))


def rival(run: Run, parent: Run, name: str) -> Rival | None:
    """The parent's curve of that name; None where it has none, or none that the run's is like."""
    like = (parent.stage, parent.data) == (run.stage, run.data)
    if not like or parent.status != "done" or not (parent.folder / "metrics.jsonl").is_file():
        return None
    rows = parent.metrics()
    if name not in set(rows["name"]):
        return None
    # A resumed run may have logged an epoch twice: the later counts.
    own = rows[rows["name"] == name].drop_duplicates("epoch", keep="last").sort_values("epoch")
    # The last epoch is always checked, so it tells how many the stage gave it.
    last = int(own["epoch"].max())
    pairs = zip(own["epoch"].tolist(), own["value"].tolist(), strict=True)
    return Rival(parent.id, tuple((epoch / last, value) for epoch, value in pairs))


def hopeless(checks: Sequence[Check], other: Rival) -> bool:
    """Whether the last two checks both lie below what the parent had in half the time.

    Below means that even the upper end of the interval does. So a model that only learns more
    slowly, up to twice as slowly, is never given up, and neither is one whose sample is too small
    to tell.
    """
    return len(checks) >= IN_A_ROW and all(_below(check, other) for check in checks[-IN_A_ROW:])


def _below(check: Check, other: Rival) -> bool:
    had = other.at(check.share * LATE)
    return check.share >= FROM and had is not None and check.high < had
