"""What is usual in a set, and what is far from it.

A value is unusual where it is far from the set's median, in robust deviations of the set, and
beyond a guard that nothing sound passes: so a set of night scenes has no dark image, and a set in
which all is fine has none either, however alike its images are.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.float64]

FAR = 4.0  # robust deviations
NORMAL = 1.4826  # the standard deviation of a normal distribution, in its MADs
FEWEST = 8  # values, below which a set's spread says nothing and only `certain` is heeded


@dataclass(frozen=True, slots=True)
class Rule:
    """When a value is unusual. `side` is -1 where low values are, 1 where high ones are."""

    side: Literal[-1, 1]
    guard: float  # what is not beyond it is never unusual
    certain: float  # what is beyond it always is, unless the set's median is as well
    least: float  # the least deviation, for sets whose values are nearly one
    from_median: bool = False  # guard and certain are distances from the set's median


@dataclass(frozen=True, slots=True)
class Usual:
    """Where most of a set's values lie."""

    low: float  # 5th percentile
    median: float
    high: float  # 95th percentile


def usual(values: Numbers) -> Usual:
    """NaN is passed over; all of it is NaN where nothing is left."""
    known = values[~np.isnan(values)]
    bounds = np.quantile(known, (0.05, 0.5, 0.95)) if len(known) else np.full(3, np.nan)
    return Usual(*bounds.tolist())


def unusual(values: Numbers, rule: Rule) -> list[int]:
    """The places of the values that are unusual, the farthest first; NaN never is."""
    start = usual(values).median if rule.from_median else 0.0
    towards = rule.side * (values - start)
    median = rule.side * (usual(values).median - start)
    far = (towards - median) / _deviation(towards - median, rule.least)
    guard, certain = (
        bound if rule.from_median else rule.side * bound for bound in (rule.guard, rule.certain)
    )
    enough = np.count_nonzero(~np.isnan(values)) >= FEWEST
    found = (towards >= guard) & (far >= FAR) & enough
    if median < certain:
        found |= towards >= certain
    places = np.flatnonzero(found)
    return [int(place) for place in places[np.argsort(-far[places], kind="stable")]]


def _deviation(beyond: Numbers, least: float) -> float:
    """Of the values on the side that is asked about: the two may be spread quite differently."""
    own = beyond[beyond >= 0]
    return max(NORMAL * float(np.median(own)) if len(own) else 0.0, least)
