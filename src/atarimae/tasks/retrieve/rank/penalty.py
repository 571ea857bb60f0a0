"""Penalties: answers that are near to everything, or have rivals of another label, count less."""

import numpy as np

from atarimae.tasks.retrieve.rank.propagation import Lists, ordered
from atarimae.tasks.retrieve.rank.view import Hidden, first, reach
from atarimae.types import Bools, Floats, Ints

BLOCK = 256  # queries at once


def crowding(
    match: Ints, similarity: Floats, nearest: Lists, hidden: Hidden, *, k: int, weight: float
) -> Lists:
    """Similarity less `weight` times how crowded it is around the query and around the answer.

    That is the mean of two means: of the query's own first k answers, and of the k nearest other
    gallery rows of the answer (`nearest`, (m, reach(k))) that the query may see. Cross-domain
    similarity local scaling of Conneau et al., Word Translation Without Parallel Data, ICLR 2018,
    halved; but the answer's neighbours are gallery rows where they take queries, so that an answer
    depends on no other query. O(n·w·k).
    """
    found, near = match.copy(), similarity.copy()
    own = _mean(similarity[:, :k], np.isfinite(similarity[:, :k]))
    for start in range(0, len(match), BLOCK):
        rows = np.arange(start, min(start + BLOCK, len(match)))
        lists = nearest[0][match[rows], : reach(k)]
        kept = first((lists >= 0) & ~hidden.mask(rows, lists), k)
        theirs = _mean(nearest[1][match[rows], : reach(k)], kept)
        less = _less(similarity[rows], own[rows][:, None] + theirs, weight / 2)
        found[rows], near[rows] = ordered(match[rows], less, match.shape[1])
    return found, near


def rivals(match: Ints, similarity: Floats, labels: Ints, *, k: int, weight: float) -> Lists:
    """Similarity less `weight` times the mean similarity of the k nearest answers of other labels.

    After the penalty of Henkel and Singer, Supporting Large-scale Image Recognition with
    Out-of-domain Samples, 2020, with answers of other labels (m,) for their images of no landmark;
    an answer without a label is a rival of every other. Where the list has no rival, the last
    answer stands for it: a rival is no nearer. O(n·w²).
    """
    found, near = match.copy(), similarity.copy()
    for start in range(0, len(match), BLOCK):
        here, now = match[start : start + BLOCK], similarity[start : start + BLOCK]
        names = np.append(labels, -1)[here]
        other = (names[:, :, None] != names[:, None, :]) | (names < 0)[:, :, None]
        other &= (here >= 0)[:, None, :] & ~np.eye(here.shape[1], dtype=bool)
        kept = first(other, k)
        last = np.where(here >= 0, now, np.inf).min(axis=1, keepdims=True)
        mean = _mean(np.broadcast_to(now[:, None, :], kept.shape), kept)
        mean = np.where(kept.any(axis=2), mean, np.where(last < np.inf, last, 0))
        stop = start + len(here)
        found[start:stop], near[start:stop] = ordered(
            here, _less(now, mean, weight), match.shape[1]
        )
    return found, near


def _less(similarity: Floats, penalty: Floats, weight: float) -> Floats:
    return np.asarray(similarity - weight * penalty, np.float32)


def _mean(values: Floats, kept: Bools) -> Floats:
    """The mean of what is kept along the last axis, 0 where nothing is."""
    sums = np.where(kept, values, 0).sum(axis=-1)
    return np.asarray(sums / np.maximum(kept.sum(axis=-1), 1), np.float32)
