"""Diffusion: similarity that flows from a query's neighbours through the gallery.

Iscen et al., Efficient Diffusion on Region Manifolds, CVPR 2017. Gallery rows are joined where
each is among the other's nearest; what the query gives to its own nearest spreads along those
edges until it settles: f solves (I − α·S) f = y, by conjugate gradients.

Inductive: each query is answered alone; the gallery's graph is the same for all of them. Rows
with a query's id or source are hidden from it: they are no answers, and for that query they
and their edges are out of the graph. What is left of them is the places that they take in the
lists of other rows, which all queries share.
"""

from collections.abc import Callable
from functools import lru_cache

import numpy as np

from atarimae.task import Forecast
from atarimae.tasks.retrieve.rank.forecast import FIXED, pairs_a_second, sample, seconds
from atarimae.tasks.retrieve.rank.neighbourhood import are_mutual, blocks, itself_first
from atarimae.tasks.retrieve.rank.ragged import Doubles
from atarimae.tasks.retrieve.rank.view import Asked, Plain
from atarimae.types import Floats, Ints

TOLERANCE = 1e-6  # of the solution, and what counts as nothing
STEPS = 500  # of conjugate gradients, at most
ROWS = 256  # queries whose lists are held at once


def rerank(
    asked: Asked,
    plain: Plain,
    k: int,
    *,
    neighbours: int = 50,
    seeds: int = 10,
    gamma: float = 3.0,
    alpha: float = 0.99,
    reach: int = 1000,
) -> tuple[Ints, Floats]:
    """The k best of m gallery rows for each of n queries, best first.

    `neighbours` is how many each gallery row is joined with at most, `seeds` how many the query
    gives to; weights are cosines to the power of `gamma`, and negative ones are nothing.
    `alpha`, below 1, is the share that flows on. The graph of a query is that of its `reach`
    nearest rows.

    Returns gallery positions (n, k) and (1 − alpha)·f, 0 or more. Rows that nothing flows to
    follow by cosine, with cosine − 2. -1 and -inf where fewer are left. Ties in float32 go to
    the lower gallery position.
    """
    known = Known(plain, neighbours=neighbours, seeds=seeds, gamma=gamma, alpha=alpha, reach=reach)
    return known.rerank(asked, k)


class Known:
    """A gallery whose graph is made once."""

    def __init__(
        self,
        plain: Plain,
        *,
        neighbours: int = 50,
        seeds: int = 10,
        gamma: float = 3.0,
        alpha: float = 0.99,
        reach: int = 1000,
    ) -> None:
        self.seeds, self.gamma, self.alpha, self.reach = seeds, gamma, alpha, reach
        self._plain = plain
        nodes, similarity = plain.gallery.search(plain.rows, min(neighbours + 1, len(plain)))
        nodes, similarity = itself_first(nodes, similarity)
        nodes, similarity = nodes[:, 1:], similarity[:, 1:]
        mutual = are_mutual(np.arange(len(plain)), nodes, nodes)
        self._nodes = nodes.astype(np.int32)
        self._weights = np.where(mutual, _strength(similarity, gamma), 0).astype(np.float32)

    def __len__(self) -> int:
        return len(self._plain)

    def rerank(self, asked: Asked, k: int) -> tuple[Ints, Floats]:
        """As the function `rerank`."""
        match = np.full((len(asked), k), -1, np.int64)
        similarity = np.full((len(asked), k), -np.inf, np.float32)
        depth = max(k, min(self.reach, len(self)))
        for rows in blocks(np.arange(len(asked)), ROWS):
            near, cosine = self._plain.search(asked.some(rows), depth)
            for row, there, close in zip(rows, near, cosine, strict=True):
                match[row], similarity[row] = self._ranked(there, close, k)
        return match, similarity

    def _ranked(self, near: Ints, cosine: Floats, k: int) -> tuple[Ints, Floats]:
        """The k best of one query's nearest rows, -1 and -inf behind the last."""
        score = cosine - np.float32(2)
        rows = near[: self.reach][near[: self.reach] >= 0]
        flow = (1 - self.alpha) * self._flow(rows, cosine[: len(rows)])
        reached = flow > TOLERANCE * flow.max(initial=0)
        score[: len(rows)][reached] = flow[reached]
        order = np.lexsort((near, -score))[:k]
        return near[order], score[order]

    def _flow(self, rows: Ints, cosine: Floats) -> Doubles:
        """f for each of a query's nearest rows, in the graph of those rows alone."""
        place = np.full(len(self) + 1, -1)
        place[rows] = np.arange(len(rows))
        to = place[self._nodes[rows]]
        weights = np.where(to >= 0, self._weights[rows], 0).astype(np.float64)
        degree = weights.sum(axis=1)
        scale = np.where(degree > 0, 1 / np.sqrt(np.where(degree > 0, degree, 1)), 0)
        of, column = np.nonzero(weights)
        to, values = to[of, column], weights[of, column]
        values *= self.alpha * scale[of] * scale[to]
        given = np.zeros(len(rows))
        given[: self.seeds] = _strength(cosine[: self.seeds], self.gamma)
        return _solved(lambda x: x - np.bincount(of, values * x[to], len(x)), given)


def forecast(
    n: int, m: int, d: int, k: int, *, neighbours: int = 50, reach: int = 1000
) -> Forecast:
    """What `rerank` of n queries in a gallery of m rows of d numbers will take.

    Its own work is timed on eight queries, once for each setting; the search on 2,048 rows.
    """
    depth, lists = max(k, min(reach, m)), min(neighbours, m)
    held = m * (8 * d + 33 * lists) + 40 * min(n, ROWS) * depth + 50 * min(reach, m) * lists
    pairs = float(m) ** 2 + n * m
    taken = pairs / pairs_a_second(d) + n * _seconds_a_query(min(reach, m), d, k, neighbours)
    return Forecast(FIXED + held + 12 * n * k, taken)


@lru_cache(maxsize=64)
def _seconds_a_query(reach: int, d: int, k: int, neighbours: int) -> float:
    rows = sample(reach + 8, d)
    known = Known(Plain(rows[8:]), neighbours=neighbours, reach=reach)
    return seconds(lambda: known.rerank(Asked(rows[:8]), k)) / 8


def _solved(times: Callable[[Doubles], Doubles], right: Doubles) -> Doubles:
    """x with times(x) = right, where `times` is symmetric and positive definite."""
    x, residual = np.zeros_like(right), right.copy()
    direction, size = residual.copy(), float(residual @ residual)
    enough = TOLERANCE**2 * size
    for _ in range(STEPS):
        if size <= enough:
            break
        moved = times(direction)
        step = size / float(direction @ moved)
        x += step * direction
        residual -= step * moved
        before, size = size, float(residual @ residual)
        direction = residual + size / before * direction
    return x


def _strength(cosine: Floats, gamma: float) -> Floats:
    """Of an edge; what points away has none, whatever the power."""
    return np.asarray(np.where(cosine > 0, np.maximum(cosine, 0) ** gamma, 0), np.float32)
