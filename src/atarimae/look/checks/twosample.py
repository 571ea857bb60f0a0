"""Whether two sets of images can be told apart, by a classifier on what it hasn't seen.

A classifier two-sample test (Lopez-Paz and Oquab, ICLR 2017), with the area under the ROC curve in
place of the accuracy: 0.5 where nothing tells them apart. What belongs together (a class, a group)
is learned from or tried, never both, and is resampled together.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from atarimae.types import Bools, Floats, Ints

Numbers = npt.NDArray[np.float64]

FOLDS = 5
FEWEST = 20  # rows and clusters a side
RIDGE = 1.0  # of the rows' number, on columns of unit variance
RESAMPLES, BLOCK = 1000, 50
BOUNDS = (0.5, 99.5)  # percentiles: several pairs of splits are looked at


@dataclass(frozen=True, eq=False)
class Apart:
    """How well the rows of two sides can be told apart. The interval is of 99 %."""

    auc: float
    low: float
    high: float
    scores: Numbers  # by row, from a classifier that hasn't seen it: higher is more like the second


def apart(rows: Floats, second: Bools, clusters: Sequence[str], seed: int = 0) -> Apart | None:
    """For rows (n, d) of which `second` says the side; None where a side has too few.

    A ridge regression on the side, both weighing the same, gives the scores; the area is counted
    within each fold, as scores of two classifiers can't be compared.
    """
    _, number = np.unique(np.asarray(clusters, str), return_inverse=True)
    sides = (number[second], number[~second])
    if any(len(side) < FEWEST or len(np.unique(side)) < FEWEST for side in sides):
        return None
    random = np.random.default_rng(seed)
    folds = _folds(number, second, random)
    scores = np.zeros(len(rows))
    for fold in range(FOLDS):
        tried = folds == fold
        scores[tried] = _ridge(rows[~tried], second[~tried], rows[tried])
    count = int(number.max()) + 1
    auc = float(_auc(scores, second, folds, np.ones((1, len(rows))))[0])
    drawn = [
        _auc(scores, second, folds, weights[:, number])
        for weights in _weights(count, random)
    ]  # fmt: skip
    low, high = np.nanpercentile(np.concatenate(drawn), BOUNDS).tolist()
    return Apart(auc, low, high, scores)


def _folds(number: Ints, second: Bools, random: np.random.Generator) -> Ints:
    """By row its fold: clusters dealt out at random, those of the second side apart from the rest.

    So every fold has of both sides.
    """
    share = np.bincount(number, second) / np.bincount(number)
    order = random.permutation(len(share))
    order = order[np.argsort(share[order] > 0.5, kind="stable")]
    fold = np.empty(len(share), np.int64)
    fold[order] = np.arange(len(share)) % FOLDS
    return np.asarray(fold[number])


def _ridge(rows: Floats, second: Bools, tried: Floats) -> Numbers:
    """The scores of rows that were not learned from."""
    centre, spread = rows.mean(0), np.maximum(rows.std(0), 1e-6)
    known = (rows - centre) / spread
    weights = np.where(second, 0.5 / second.sum(), 0.5 / (~second).sum()) * len(rows)
    target = np.where(second, 1.0, -1.0)
    known = known - np.average(known, 0, weights)
    gram = known.T @ (known * weights[:, None])
    ridge = RIDGE * len(rows) * np.eye(rows.shape[1])
    slope = np.linalg.solve(gram + ridge, known.T @ (weights * target))
    return np.asarray(((tried - centre) / spread) @ slope, np.float64)


def _weights(count: int, random: np.random.Generator) -> Iterator[Numbers]:
    """How often each cluster is drawn, some resamples at a time."""
    for _ in range(0, RESAMPLES, BLOCK):
        yield random.multinomial(count, np.full(count, 1 / count), BLOCK).astype(np.float64)


def _auc(scores: Numbers, second: Bools, folds: Ints, weights: Numbers) -> Numbers:
    """For each row of `weights` (r, n) the share of the pairs of a fold that are in order.

    Equal scores count half.
    """
    right, pairs = np.zeros(len(weights)), np.zeros(len(weights))
    for fold in range(FOLDS):
        here = np.flatnonzero(folds == fold)
        here = here[np.argsort(scores[here], kind="stable")]
        of_second = weights[:, here] * second[here]
        of_first = weights[:, here] * ~second[here]
        below = np.pad(np.cumsum(of_first, 1), ((0, 0), (1, 0)))
        begins = np.searchsorted(scores[here], scores[here])
        ends = np.searchsorted(scores[here], scores[here], side="right")
        right += (of_second * (below[:, begins] + below[:, ends]) / 2).sum(1)
        pairs += of_second.sum(1) * below[:, -1]
    with np.errstate(invalid="ignore"):
        return right / pairs


def area(values: Numbers, second: Bools) -> float:
    """The area under the curve of one number by itself; NaN is passed over, 0.5 without a pair."""
    known = ~np.isnan(values)
    one = np.ones((1, int(known.sum())))
    found = _auc(values[known], second[known], np.zeros(one.shape[1], np.int64), one)
    return float(np.nan_to_num(found[0], nan=0.5))
