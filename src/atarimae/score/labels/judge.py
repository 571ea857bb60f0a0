"""From what speaks for each class to the probability that a label is wrong.

The kinds of evidence are added with weights, as log-odds: a multinomial logit. A label is either
right, and drawn by the logit, or wrong, and one of a few others. In turn (as in the EM algorithm)
the weights are those that make the labels likeliest, each counted as far as it is likely right, and
the share of wrong labels is the mean of the probabilities that follow.
"""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from atarimae.score.labels.evidence import Evidence
from atarimae.types import Bools, Ints

Numbers = npt.NDArray[np.float64]

START = (0.1, 6.0)  # weights, as many as there are kinds of evidence
SHARE = 0.05  # of wrong labels, at first
ROUNDS = 60
SAMPLE = 6000  # labels that the weights are fitted on, at most: they are few numbers
PRIOR = 1.0  # how many labels' worth the weights are held to `START` by


@dataclass(frozen=True)
class Judged:
    """Of n labels, each by weights that were fitted on other folds."""

    logs: Numbers  # (n, c): log-probability of each class, by the image alone
    wrong: Numbers  # (n,): the probability that the label is wrong


def judged(found: Evidence, folds: Ints, classes: int) -> Judged:
    """Of the first class of each row, which is the label that is asked about.

    A wrong label is taken to be one of √classes: so many are alike. With fewer, more labels that
    are merely hard would count as wrong, with more, fewer of those that are wrong.
    """
    noise = 1 / min(math.sqrt(classes), classes - 1)
    logs = np.empty(found.classes.shape)
    shares: list[float] = []
    for fold in np.unique(folds):
        own, others = folds == fold, folds != fold
        weights, share = fitted(found.kinds[:, others], found.named[others], noise)
        logs[own] = probabilities(found.kinds[:, own], found.named[own], weights)
        shares.append(share)
    return Judged(logs, chances(logs[:, 0], float(np.mean(shares)), noise))


def probabilities(kinds: Numbers, named: Bools, weights: Numbers) -> Numbers:
    """(n, c): log-probabilities of the classes of each row; -inf where one is not there."""
    odds = _odds(kinds, np.where(named, 0, -np.inf), weights)
    return np.asarray(odds - np.log(np.exp(odds).sum(1, keepdims=True)))


def _odds(kinds: Numbers, there: Numbers, weights: Numbers) -> Numbers:
    """(n, c): log-odds of each class to the likeliest; `there` is 0, or -inf for none."""
    odds: Numbers = np.tensordot(weights, kinds, 1)
    odds += there
    odds -= odds.max(1, keepdims=True)
    return odds


def chances(own: Numbers, share: float, noise: float) -> Numbers:
    """The probability of being wrong, from the log-probability (n,) of the label's class.

    A wrong label is any of the others with the probability `noise`.
    """
    odds = share / (1 - share) * noise * (np.exp(np.minimum(-own, 500.0)) - 1)
    return np.asarray(odds / (1 + odds))


def fitted(kinds: Numbers, named: Bools, noise: float) -> tuple[Numbers, float]:
    """The weights of (kinds, n, c) evidence, and the share of labels that are wrong.

    The first class of each row is its label.
    """
    start = np.array(START)
    weights, share = start, SHARE
    some = np.linspace(0, len(named) - 1, min(SAMPLE, len(named))).astype(np.int64)
    known = np.ascontiguousarray(kinds[:, some])
    products, there = known[:, None] * known[None], np.where(named[some], 0, -np.inf)
    for _ in range(ROUNDS):
        chance = _odds(known, there, weights)
        own = chance[:, 0].copy()
        np.exp(chance, out=chance)
        whole = chance.sum(1)
        chance /= whole[:, None]
        right = 1 - chances(own - np.log(whole), share, noise)
        step = _step(known, products, chance, right, weights - start)
        weights = np.maximum(weights + step, 0)
        share, last = min(max(1 - float(right.mean()), 1e-6), 0.5), share
        if abs(share - last) < 1e-5 and np.abs(step).max() < 1e-3:
            break
    return weights, share


def _step(
    kinds: Numbers, products: Numbers, chance: Numbers, right: Numbers, away: Numbers
) -> Numbers:
    """One of Newton's steps for the weights, where labels are right with probability `right`.

    `products` (kinds, kinds, n, c) are those of each kind of evidence with each.
    """
    number = len(kinds)
    mean = np.einsum("anc,nc->an", kinds, chance)
    slope = ((kinds[:, :, 0] - mean) * right).sum(1) - PRIOR * away
    counted = (chance * right[:, None]).ravel()
    square = (products.reshape(number * number, -1) @ counted).reshape(number, number)
    curve = square - (mean * right) @ mean.T
    return np.asarray(np.linalg.solve(curve + PRIOR * np.eye(number), slope))
