"""The threshold below which the answer is "unknown", and how far it can be trusted."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from atarimae.types import Bools, Floats, Ints

Numbers = npt.NDArray[np.float64]

BLOCK = 1 << 22  # numbers held at once while resampling: 32 MB


def best_threshold(similarity: Floats, reciprocal_rank: Floats, has_match: Bools) -> float:
    """The threshold with the highest open-set MRR; of equally good ones the lowest.

    `similarity` is of each query's best answer. The threshold lies midway between two
    neighbouring similarities; where nothing, or everything, is best rejected, at -1 or 1 or
    just outside the similarities, whichever is further out, so that it stays a finite number.
    """
    cuts = _cuts(similarity, reciprocal_rank, has_match)
    return float(cuts.best(np.ones((1, len(similarity))))[0])


def threshold_interval(
    similarity: Floats,
    reciprocal_rank: Floats,
    has_match: Bools,
    clusters: Sequence[str],
    *,
    resamples: int = 1000,
    seed: int = 0,
) -> tuple[float, float]:
    """The 95 % interval of the best threshold: its percentiles under resampled clusters.

    NaN where there are fewer than two clusters. Wide, where open-set MRR is flat: a threshold
    far from the best costs little then.
    """
    # Sorted, so that the draws don't depend on the order of the queries.
    names, member = np.unique(np.array(clusters, dtype=str), return_inverse=True)
    if len(names) < 2:
        return float("nan"), float("nan")
    cuts, random = _cuts(similarity, reciprocal_rank, has_match), np.random.default_rng(seed)
    found: list[Numbers] = []
    step = max(BLOCK // len(member), 1)
    for start in range(0, resamples, step):
        some = min(step, resamples - start)
        drawn = random.multinomial(len(names), np.full(len(names), 1 / len(names)), size=some)
        found.append(cuts.best(drawn[:, member].astype(np.float64)))
    low, high = np.percentile(np.concatenate(found), (2.5, 97.5))
    return float(low), float(high)


@dataclass(frozen=True)
class _Cuts:
    """Every threshold that makes a difference, the lowest first, and what it gains."""

    rows: Ints  # (f) the queries that found something, the least similar first
    gains: Numbers  # (f) what raising the threshold past each gains: for an unknown 1, else a loss
    values: Numbers  # (f)

    def best(self, weights: Numbers) -> Numbers:
        """The best threshold where query i counts `weights[:, i]` times, for each row."""
        if not len(self.rows):
            return np.full(len(weights), -1.0)
        there = weights[:, self.rows]
        totals = np.cumsum(there * self.gains, axis=1)
        totals = np.concatenate([np.zeros((len(there), 1)), totals], axis=1)
        seen = there > 0
        return np.array(
            [self._best(row, kept) for row, kept in zip(totals, seen, strict=True)], np.float64
        )

    def _best(self, totals: Numbers, seen: Bools) -> float:
        """Of one resample: a threshold lies only between two values that it has."""
        kept = np.flatnonzero(seen)
        if not len(kept):
            return -1.0
        values = self.values[kept]
        distinct = np.append(values[1:] > values[:-1], True)
        steps = values[distinct]
        low = min(-1.0, float(np.nextafter(steps[0], -np.inf)))
        high = max(1.0, float(np.nextafter(steps[-1], np.inf)))
        thresholds = np.concatenate([[low], (steps[:-1] + steps[1:]) / 2, [high]])
        gained = np.append(0.0, totals[kept + 1][distinct])
        return float(thresholds[np.argmax(gained >= gained.max() - 1e-9)])


def _cuts(similarity: Floats, reciprocal_rank: Floats, has_match: Bools) -> _Cuts:
    found = np.flatnonzero(np.isfinite(similarity))  # who found nothing is rejected anyway
    order = found[np.argsort(similarity[found], kind="stable")]
    gains = np.where(has_match, -np.asarray(reciprocal_rank, np.float64), 1.0)[order]
    return _Cuts(order, gains, np.asarray(similarity, np.float64)[order])
