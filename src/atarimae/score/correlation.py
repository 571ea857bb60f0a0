"""Do two measures order runs alike? Rank correlations with bootstrap intervals."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from atarimae.score.intervals import Numbers

FEWEST = 4  # below that a correlation is 1 or −1 by chance
RESAMPLES = 2000


@dataclass(frozen=True)
class Correlation:
    """A rank correlation with its 95 % bootstrap interval over runs; None below four runs."""

    value: float | None
    low: float | None
    high: float | None


def spearman(first: Sequence[float], second: Sequence[float]) -> Correlation:
    """Pearson's correlation of the ranks, ties at their mean rank."""
    return _correlation(_spearman, first, second)


def kendall(first: Sequence[float], second: Sequence[float]) -> Correlation:
    """Tau-b: pairs of runs in the same order less those in the other, ties taken out."""
    return _correlation(_kendall, first, second)


def _correlation(
    measure: Callable[[Numbers, Numbers], float], first: Sequence[float], second: Sequence[float]
) -> Correlation:
    x, y = np.asarray(first, np.float64), np.asarray(second, np.float64)
    if len(x) < FEWEST:
        return Correlation(None, None, None)
    drawn = np.random.default_rng(0).integers(0, len(x), (RESAMPLES, len(x)))
    found = np.array([measure(x[rows], y[rows]) for rows in drawn])
    found = found[np.isfinite(found)]  # a resample of one run says nothing
    value = measure(x, y)
    if not np.isfinite(value) or not len(found):
        return Correlation(None, None, None)
    low, high = np.percentile(found, (2.5, 97.5))
    return Correlation(value, float(low), float(high))


def _spearman(x: Numbers, y: Numbers) -> float:
    a, b = (np.sign(v[:, None] - v[None, :]).sum(axis=1) for v in (x, y))  # ranks, less a constant
    scale = np.sqrt((a * a).sum() * (b * b).sum())
    return float((a * b).sum() / scale) if scale else float("nan")


def _kendall(x: Numbers, y: Numbers) -> float:
    a, b = (np.sign(v[:, None] - v[None, :]) for v in (x, y))
    scale = np.sqrt((a * a).sum() * (b * b).sum())
    return float((a * b).sum() / scale) if scale else float("nan")
