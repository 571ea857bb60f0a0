"""LB on CV: what LB is to be expected of a run?"""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from atarimae.board.spread import SURE
from atarimae.score.distributions import t_quantile
from atarimae.score.intervals import Numbers

FEWEST_TO_FIT = 2
FEWEST_FOR_A_SLOPE = 5


@dataclass(frozen=True)
class Fit:
    """LB = intercept + slope × CV, and how far a run's LB lies from that.

    From two to four runs the slope is 1: the LB is the CV with an offset. From five on it is
    Theil and Sen's, the median of the slopes between pairs of runs, which one odd run can't turn.
    """

    slope: float
    intercept: float
    scatter: float  # standard deviation of an LB about the line, as the runs show it
    floor: float  # and as sampling alone makes it: two runs may agree by chance
    runs: int
    centre: float  # mean CV
    width: float  # sum of squares of CV about it; 0 where the slope is given

    def predict(self, cv: float) -> tuple[float, float, float]:
        """The LB to expect, and its 95 % prediction interval, of Student's t."""
        sloped = self.runs >= FEWEST_FOR_A_SLOPE
        lever = (cv - self.centre) ** 2 / self.width if sloped and self.width else 0.0
        seen = t_quantile(0.975, self.runs - (2 if sloped else 1)) * self.scatter
        half = max(seen, SURE * self.floor) * (1 + 1 / self.runs + lever) ** 0.5
        expected = self.intercept + self.slope * cv
        return expected, expected - half, expected + half


def fit(cv: Sequence[float], lb: Sequence[float], floor: float = 0.0) -> Fit | None:
    """The line of runs that have both; None below two."""
    x, y = np.asarray(cv, np.float64), np.asarray(lb, np.float64)
    if len(x) < FEWEST_TO_FIT:
        return None
    sloped = len(x) >= FEWEST_FOR_A_SLOPE and float(np.ptp(x)) > 0
    slope = _middle_slope(x, y) if sloped else 1.0
    rest = y - slope * x
    intercept = float(np.median(rest) if sloped else rest.mean())
    freedom = len(x) - (2 if sloped else 1)
    scatter = float(np.sqrt(((rest - intercept) ** 2).sum() / freedom))
    width = float(((x - x.mean()) ** 2).sum()) if sloped else 0.0
    return Fit(slope, intercept, scatter, floor, len(x), float(x.mean()), width)


def _middle_slope(x: Numbers, y: Numbers) -> float:
    pairs = itertools.combinations(range(len(x)), 2)
    return float(np.median([(y[j] - y[i]) / (x[j] - x[i]) for i, j in pairs if x[i] != x[j]]))
