"""How many wrong labels are left, and how sure that is: when to stop looking."""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from atarimae.types import Bools

Numbers = npt.NDArray[np.float64]

DOUBT = 1.0  # standard deviation of how far all chances may be off together, in log-odds
NORMAL = 1.96  # standard deviations on either side that hold 95 %
EDGES = (1e-6, 1 - 1e-3)  # no chance is nearer to 0 or 1: none is that well known


@dataclass(frozen=True, slots=True)
class Left:
    """Wrong labels among those that nobody looked at, with a 95 % interval."""

    wrong: float
    low: float
    high: float
    among: int  # labels that nobody looked at
    reviewed: int  # labels that people looked at
    found: int  # of those, how many were wrong

    def __str__(self) -> str:
        """One line, without a full stop."""
        if round(self.high) == 0:
            return f"No wrong label that the model could tell is left among {self.among:,}"
        number, down, up = (
            f"{value:,.0f}" for value in (self.wrong, self.wrong - self.low, self.high - self.wrong)
        )
        labels = "label" if number == "1" else "labels"
        about = f"About {number} wrong {labels} left among {self.among:,}"
        if down == up:
            return f"{about}, ±{up}"
        return f"{about} (95 %: {self.low:,.0f} to {self.high:,.0f})"

    @property
    def because(self) -> str:
        """What it rests on."""
        if not self.reviewed:
            return (
                "Nobody has looked yet: this counts what looks wrong to the model. Confirm or "
                "mend some of the first findings, and it learns from that."
            )
        return f"{self.found:,} of {self.reviewed:,} that people looked at were wrong."

    def as_dict(self) -> dict[str, float | int]:
        """JSON values."""
        told = {"wrong": self.wrong, "low": self.low, "high": self.high}
        counts = {"among": self.among, "reviewed": self.reviewed, "found": self.found}
        return {name: round(value, 2) for name, value in told.items()} | counts


def left(chances: npt.ArrayLike, right: Bools, wrong: Bools) -> Left:
    """From n chances of being wrong, and what people decided of some of them.

    All log-odds are shifted by one number, as far as what people decided says: it is normal around
    0 with standard deviation `DOUBT` before that. The interval holds what is drawn label by label,
    and what the shift may be wrong by.
    """
    odds = _log_odds(np.asarray(chances, np.float64))
    seen = np.asarray(right | wrong)
    shift, doubt = _shift(odds[seen], np.asarray(wrong)[seen])
    rest = odds[~seen]
    expected, drawn = _sum(rest + shift)
    down, up = (_sum(rest + shift + side * NORMAL * doubt)[0] for side in (-1, 1))
    low = expected - math.hypot(expected - down, NORMAL * math.sqrt(drawn))
    high = expected + math.hypot(up - expected, NORMAL * math.sqrt(drawn))
    bounds = max(0.0, low), min(float(len(rest)), high)
    return Left(expected, *bounds, len(rest), int(seen.sum()), int(np.asarray(wrong).sum()))


def _log_odds(chances: Numbers) -> Numbers:
    clipped = np.clip(chances, *EDGES)
    return np.asarray(np.log(clipped / (1 - clipped)))


def _sum(odds: Numbers) -> tuple[float, float]:
    """The expected number of wrong ones, and its variance."""
    chances = 1 / (1 + np.exp(-odds))
    return float(chances.sum()), float((chances * (1 - chances)).sum())


def _shift(odds: Numbers, wrong: Bools) -> tuple[float, float]:
    """The likeliest shift, by Newton's steps, and its standard deviation."""
    shift = 0.0
    for _ in range(50):
        expected, variance = _sum(odds + shift)
        steep = variance + DOUBT**-2
        step = (float(wrong.sum()) - expected - shift / DOUBT**2) / steep
        shift += max(-1.0, min(1.0, step))
        if abs(step) < 1e-9:
            break
    return shift, (_sum(odds + shift)[1] + DOUBT**-2) ** -0.5
