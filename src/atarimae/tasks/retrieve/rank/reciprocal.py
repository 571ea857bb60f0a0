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
from atarimae.tasks.retrieve.rank.asked import asked
from atarimae.tasks.retrieve.rank.forecast import FIXED, pairs_a_second, sample, seconds
from atarimae.tasks.retrieve.rank.jaccard import Comparison, ranked
from atarimae.tasks.retrieve.rank.neighbourhood import Graph
from atarimae.types import Floats, Ints


def rerank(
    queries: Floats,
    gallery: Floats,
    k: int,
    *,
    query_ids: Names | None = None,
    gallery_ids: Names | None = None,
    query_sources: Names | None = None,
    gallery_sources: Names | None = None,
    k1: int = 20,
    k2: int = 6,
    blend: float = 0.3,
) -> tuple[Ints, Floats]:
    """The k best rows of `gallery` (m, d) for each of `queries` (n, d), best first; unit length.

    Transductive: queries are neighbours of one another, so that an answer depends on what else
    is asked. `Known` ranks each query alone.

    `k1` is the size of a neighbourhood, `k2` over how many of them is averaged, `blend` the
    share of the embeddings' distance (λ of the paper). Returns gallery positions (n, k) and
    1 − distance, from 0 to 1; -1 and -inf where fewer are left. Ties in float32 go to the lower
    gallery position.
    """
    n, m = len(queries), len(gallery)
    both = np.concatenate([queries, gallery]).astype(np.float32, copy=False)
    ids = sources = None
    if query_ids is not None and gallery_ids is not None:
        ids = [*query_ids, *gallery_ids]
    if query_sources is not None and gallery_sources is not None:
        sources = [*query_sources, *gallery_sources]
    answers = Gallery(gallery, ids and ids[n:], sources and sources[n:])
    if not (n and m and k):
        return answers.search(queries, k)
    graph = Graph(both, ids, sources, k1, k2)
    mine, theirs = ids and ids[:n], sources and sources[:n]
    near = answers.search(both[:n], k + k1, ids=mine, sources=theirs)
    attached = asked(graph, both[:n], np.arange(n), mine, theirs)
    columns = graph.averaged.turned(n + m, first=n)
    return ranked(Comparison(graph, attached, columns, n, blend), near, k)


class Known:
    """A gallery whose neighbourhoods are prepared once, and stay as they are.

    Inductive: each query is ranked alone. It has a neighbourhood among the gallery's rows, and
    counts as in the list of a row that it is at least as near to as the last one there; the
    rows' own neighbourhoods know nothing of it.
    """

    def __init__(
        self,
        rows: Floats,
        ids: Names | None = None,
        sources: Names | None = None,
        *,
        k1: int = 20,
        k2: int = 6,
        blend: float = 0.3,
    ) -> None:
        self.blend = blend
        self._graph = Graph(rows, ids, sources, k1, k2)
        self._columns = self._graph.averaged.turned(len(rows) + 1)

    def __len__(self) -> int:
        return self._graph.size

    def rerank(
        self, queries: Floats, k: int, *, ids: Names | None = None, sources: Names | None = None
    ) -> tuple[Ints, Floats]:
        """As the function `rerank`; `ids` and `sources` are the queries' own."""
        graph, queries = self._graph, np.ascontiguousarray(queries, np.float32)
        near = graph.known.search(queries, k + graph.k1, ids=ids, sources=sources)
        if not (len(queries) and len(self) and k):
            return near[0][:, :k], near[1][:, :k]
        own = np.full(len(queries), graph.size)
        attached = asked(graph, queries, own, ids, sources)
        return ranked(Comparison(graph, attached, self._columns, 0, self.blend), near, k)


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
    return seconds(lambda: rerank(rows[:300], rows[300:], k, k1=k1, k2=k2)) / len(rows)
