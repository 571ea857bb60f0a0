"""k-reciprocal re-ranking: two images are alike if their neighbourhoods are.

Zhong et al., Re-ranking Person Re-identification with k-reciprocal Encoding, CVPR 2017. The
distance is 1 − (shared ÷ united weight of both neighbourhoods), blended with the squared
distance of the embeddings over the largest one there is. Without ids and sources `rerank` gives
what the published dense code gives on squared distances; memory is O(n·k), where that code holds
several n×n matrices.

Rows with a query's id or source are hidden from it: they are not answers, nor in its lists and
sets, nor compared, nor averaged where they are neighbours of an answer. What is left of them is
the places that they take in the lists of other rows, which all queries share.
"""

from functools import lru_cache

import numpy as np

from atarimae.predict.search import Gallery, Names
from atarimae.task import Forecast
from atarimae.tasks.retrieve.rank.attached import attach
from atarimae.tasks.retrieve.rank.forecast import FIXED, pairs_a_second, sample, seconds
from atarimae.tasks.retrieve.rank.jaccard import Comparison, ranked
from atarimae.tasks.retrieve.rank.neighbourhood import Graph
from atarimae.tasks.retrieve.rank.view import Asked, Plain
from atarimae.types import Floats, Ints


def rerank(
    asked: Asked, plain: Plain, k: int, *, k1: int = 20, k2: int = 6, blend: float = 0.3
) -> tuple[Ints, Floats]:
    """The k best of m gallery rows for each of n queries, best first.

    Transductive: queries are neighbours of one another, so that an answer depends on what else
    is asked. `Known` ranks each query alone.

    `k1` is the size of a neighbourhood, `k2` over how many of them is averaged, `blend` the
    share of the embeddings' distance (λ of the paper). Returns gallery positions (n, k) and
    1 − distance, from 0 to 1; -1 and -inf where fewer are left. Ties in float32 go to the lower
    gallery position.
    """
    n, m = len(asked), len(plain)
    if not (n and m and k):
        return plain.search(asked, k)
    rows = np.concatenate([asked.rows, plain.rows])
    ids, sources = _both(asked.ids, plain.ids), _both(asked.sources, plain.sources)
    graph = Graph(rows, Gallery(rows, ids, sources), k1, k2)
    near = plain.search(asked, k + k1)
    attached = attach(graph, asked, np.arange(n))
    columns = graph.averaged.turned(n + m, first=n)
    return ranked(Comparison(graph, attached, columns, n, blend), near, k)


def _both(theirs: Names | None, known: Names | None) -> Names | None:
    return None if theirs is None or known is None else [*theirs, *known]


class Known:
    """A gallery whose neighbourhoods are prepared once, and stay as they are.

    Inductive: each query is ranked alone. It has a neighbourhood among the gallery's rows, and
    counts as in the list of a row that it is at least as near to as the last one there; the
    rows' own neighbourhoods know nothing of it.
    """

    def __init__(self, plain: Plain, *, k1: int = 20, k2: int = 6, blend: float = 0.3) -> None:
        self.blend = blend
        self._plain = plain
        self._graph = Graph(plain.rows, plain.gallery, k1, k2)
        self._columns = self._graph.averaged.turned(len(plain) + 1)

    def __len__(self) -> int:
        return len(self._plain)

    def rerank(self, asked: Asked, k: int) -> tuple[Ints, Floats]:
        """As the function `rerank`."""
        if not (len(asked) and len(self) and k):
            return self._plain.search(asked, k)
        near = self._plain.search(asked, k + self._graph.k1)
        attached = attach(self._graph, asked, np.full(len(asked), len(self)))
        return ranked(Comparison(self._graph, attached, self._columns, 0, self.blend), near, k)


def forecast(n: int, m: int, d: int, k: int, *, k1: int = 20, k2: int = 6) -> Forecast:
    """What `rerank` of n queries in a gallery of m rows of d numbers will take.

    Its own work is timed on 600 rows, once for each setting; the search on 2,048. Where rows are
    hidden, each query is compared apart, which is not counted.
    """
    rows, lists = n + m, min(k1 + 1, n + m)
    averaged = min(k1 * k2 // 2, n + m)  # how many weights a row has, more or less
    row = 8 * d + 13 * lists + 8 * lists + 24 * averaged
    answers = n * (12 * (k + k1) + 12 * k)
    pairs = 1.5 * rows**2 + n * m
    taken = pairs / pairs_a_second(d) + rows * _seconds_a_row(d, k, k1, k2)
    return Forecast(FIXED + rows * row + answers, taken)


@lru_cache(maxsize=64)
def _seconds_a_row(d: int, k: int, k1: int, k2: int) -> float:
    rows = sample(600, d)
    asked, plain = Asked(rows[:300]), Plain(rows[300:])
    return seconds(lambda: rerank(asked, plain, k, k1=k1, k2=k2)) / len(rows)
