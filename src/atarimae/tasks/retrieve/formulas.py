"""What one query counts, formula by formula: a run's scores and rival conventions share them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from atarimae.types import Bools

Numbers = npt.NDArray[np.float64]
# hits (n, k); places (k), from 1 and rising; there (n), how many matches there are; k
Count = Callable[[Bools, Numbers, Numbers, int], Numbers]


@dataclass(frozen=True)
class Formula:
    """One part a query, and what a score's convention says of it."""

    count: Count
    says: Mapping[str, str]
    # Whether lists as long as these tell too little, (n); None where the first k are enough.
    short: Callable[[Bools, Numbers, int], Bools] | None = None


def _average(over: Callable[[Bools, Numbers, int], Numbers]) -> Count:
    return lambda hits, places, there, k: (
        _precisions(hits, places) / np.maximum(over(hits, there, k), 1)
    )


def _precisions(hits: Bools, places: Numbers) -> Numbers:
    """The sum over hits of the precision at each."""
    return np.asarray((np.cumsum(hits, axis=1) / places * hits).sum(axis=1))


def _trapezoids(hits: Bools, places: Numbers, there: Numbers, k: int) -> Numbers:
    """The area under precision over recall, straight from each hit to the next: Oxford's way."""
    before = (np.cumsum(hits, axis=1) - hits) / np.maximum(places - 1, 1)
    before = np.where(places == 1, 1.0, before)  # before anything is answered, nothing is wrong
    after = np.cumsum(hits, axis=1) / places
    area = ((before + after) / 2 * hits).sum(axis=1)
    return np.asarray(area / np.maximum(there, 1))


def _gain(hits: Bools, places: Numbers, there: Numbers, k: int) -> Numbers:
    ideal = np.append(0.0, np.cumsum(1 / np.log2(np.arange(k) + 2)))
    best = ideal[np.minimum(there, k).astype(np.int64)]
    return np.asarray((hits / np.log2(places + 1)).sum(axis=1) / np.maximum(best, 1e-9))


def _gain_over_found(hits: Bools, places: Numbers, there: Numbers, k: int) -> Numbers:
    return _gain(hits, places, hits.sum(axis=1).astype(np.float64), k)


def _among_r(hits: Bools, there: Numbers) -> Bools:
    """The hits among the first R answers."""
    return np.asarray(hits & (np.arange(1, hits.shape[1] + 1) <= there[:, None]))


def _each(hits: Bools, places: Numbers, there: Numbers, k: int) -> Numbers:
    """The share of matches that are among the first k once the other matches are taken out."""
    others = np.cumsum(~hits, axis=1)
    return np.asarray((hits & (others < k)).sum(axis=1) / np.maximum(there, 1))


def _to_the_last(hits: Bools, places: Numbers, there: Numbers, k: int) -> Numbers:
    """Precision at k, or at the last match where that comes before."""
    last = np.where(hits, places, 0).max(axis=1)
    over = np.where(hits.sum(axis=1) < there, float(k), np.maximum(last, 1))
    return np.asarray(hits.sum(axis=1) / over)


def _below_r(hits: Bools, there: Numbers, k: int) -> Bools:
    return np.asarray((there > hits.shape[1]) & (hits.sum(axis=1) < there))


def _below_each(hits: Bools, there: Numbers, k: int) -> Bools:
    """A match that is not in the list has all of its others before it."""
    return np.asarray(((~hits).sum(axis=1) < k) & (hits.sum(axis=1) < there))


FORMULAS: Mapping[str, Formula] = {
    "mrr": Formula(lambda hits, places, there, k: (hits / places).max(axis=1), {}),
    "all hits": Formula(
        lambda hits, places, there, k: (hits / places).sum(axis=1),
        {"part": "1 / rank summed over all hits"},
    ),
    "hits / found": Formula(
        lambda hits, places, there, k: (hits / places).sum(axis=1) / hits.sum(axis=1).clip(1),
        {"part": "1 / rank averaged over the hits found"},
    ),
    "hits / there": Formula(
        lambda hits, places, there, k: (hits / places).sum(axis=1) / there.clip(1),
        {"part": "1 / rank summed over hits, over all matches"},
    ),
    "hit rate": Formula(
        lambda hits, places, there, k: np.asarray(hits.any(axis=1), np.float64),
        {"recall": "share of queries with at least one relevant answer among the first k"},
    ),
    "share found": Formula(
        lambda hits, places, there, k: hits.sum(axis=1) / there.clip(1),
        {"recall": "share of all matches that are among the first k"},
    ),
    "share found, at most k": Formula(
        lambda hits, places, there, k: hits.sum(axis=1) / np.minimum(there, k).clip(1),
        {"recall": "share of the smaller of k and all matches that are among the first k"},
    ),
    "precision": Formula(
        lambda hits, places, there, k: np.asarray(hits.sum(axis=1) / k),
        {"hits are divided by": "k"},
    ),
    "precision to the last match": Formula(
        _to_the_last, {"hits are divided by": "the smaller of k and the last match's place"}
    ),
    "map": Formula(
        _average(lambda hits, there, k: np.minimum(there, k)),
        {"precisions are divided by": "the smaller of k and the relevant images there are"},
    ),
    "map / all": Formula(
        _average(lambda hits, there, k: there),
        {"precisions are divided by": "the relevant images there are"},
    ),
    "map / found": Formula(
        _average(lambda hits, there, k: hits.sum(axis=1).astype(np.float64)),
        {"precisions are divided by": "the relevant images among the first k"},
    ),
    "map / k": Formula(
        _average(lambda hits, there, k: np.full(len(hits), float(k))),
        {"precisions are divided by": "k"},
    ),
    "map, trapezoids": Formula(
        _trapezoids,
        {
            "precisions are divided by": "the relevant images there are",
            "precision at a hit": "mean of those just before and at it",
        },
    ),
    "ndcg": Formula(_gain, {"gain": "1 / log2(rank + 1)", "ideal": "all matches first"}),
    "ndcg / found": Formula(
        _gain_over_found, {"gain": "1 / log2(rank + 1)", "ideal": "the hits found, first"}
    ),
    "r-precision": Formula(
        lambda hits, places, there, k: _among_r(hits, there).sum(axis=1) / there.clip(1),
        {"answers looked at": "as many as there are matches (R)"},
        _below_r,
    ),
    "map@r": Formula(
        lambda hits, places, there, k: _precisions(_among_r(hits, there), places) / there.clip(1),
        {
            "answers looked at": "as many as there are matches (R)",
            "precisions are divided by": "R",
        },
        _below_r,
    ),
    "cmc of each match": Formula(
        _each,
        {"a match counts": "1 if among the first k once the query's other matches are taken out"},
        _below_each,
    ),
}
