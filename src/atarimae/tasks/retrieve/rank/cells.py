"""Pairs compared cell by cell: a small model tells from both pictures' local features whether they
show one thing.

In the manner of learned re-rankers (Tan et al., ICCV 2021, with a transformer; Lee et al., CVPR
2022, with convolutions over the table of all similarities) and of geometric verification (DELG; Cao
et al., ECCV 2020), with four numbers and a logistic model in their place, which a processor has
time for. A pair depends on nothing else.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from atarimae.predict.ties import blocks, sorted_by
from atarimae.task import Forecast
from atarimae.tasks.retrieve import logistic
from atarimae.tasks.retrieve.logistic import Numbers
from atarimae.tasks.retrieve.rank.forecast import seconds
from atarimae.tasks.retrieve.rank.propagation import Lists
from atarimae.types import Array, Floats, Ints

# What `statistics` tells of a pair, column by column.
NAMES = (
    "best",  # cosine of each cell to the most alike of the other picture, those that matter more
    "mutual",  # what cells share that choose each other
    "aligned",  # cosine of all cells, place by place
    "shifted",  # the part of `mutual` that agrees on one shift of the grid, or nearly
)
PREFIX = "cells_"  # of the constants
TEMPERATURE = 0.1  # of the choice: both softmaxes of the cosines (LoFTR; Sun et al., CVPR 2021)
AT_ONCE = 1 << 20  # numbers of the tables that are held: 4 MB each
TABLES = 8  # of them


@dataclass(frozen=True)
class Pairs:
    """The cells of queries and of a gallery, and what tells pairs by them."""

    ours: Array  # (n, side², numbers)
    theirs: Array  # (m, side², numbers)
    constants: Mapping[str, float]

    def log_odds(self, queries: Ints, positions: Ints) -> Floats:
        """Whether query and gallery row (p,) show one thing: above 0 rather so, (p,)."""
        rows = self.told(queries, positions)
        return logistic.log_odds(rows, self.constants, PREFIX, NAMES).astype(np.float32)

    def told(self, queries: Ints, positions: Ints) -> Numbers:
        """The numbers of `NAMES` (p, 4), block by block."""
        found = np.empty((len(queries), len(NAMES)))
        for some in blocks(np.arange(len(queries)), AT_ONCE // self.theirs.shape[1] ** 2):
            found[some] = statistics(self.ours[queries[some]], self.theirs[positions[some]])
        return found


def compared(match: Ints, similarity: Floats, pairs: Pairs, *, k: int, weight: float) -> Lists:
    """Lists (n, w), best first, reordered by what the cells of the first k answers tell.

    To an answer's similarity comes `weight` times its log odds; to one behind the k-th the least
    of those before it, so that it stays behind. O(n·k) comparisons, each of side⁴ cells.
    """
    there = match >= 0
    query, place = np.nonzero(there[:, :k])
    odds = np.full(similarity.shape, np.inf, np.float32)
    odds[query, place] = pairs.log_odds(query, match[query, place])
    least = np.where(there[:, :1], odds[:, :k].min(axis=1, keepdims=True), 0)
    odds = np.where(np.isinf(odds), least, odds)
    mixed = np.where(there, similarity + np.float32(weight) * odds, -np.inf)
    near, found = sorted_by(mixed.astype(np.float32), match)
    return found, near


def statistics(first: Array, second: Array) -> Numbers:
    """The numbers of `NAMES` (p, 4) for p pairs of cells (p, side², numbers)."""
    one, other = np.asarray(first, np.float32), np.asarray(second, np.float32)
    ours, theirs = _lengths(one), _lengths(other)
    alike = (one / ours) @ (other / theirs).transpose(0, 2, 1)  # (p, side², side²) cosines
    share = alike * ours * theirs.transpose(0, 2, 1)
    best = ours[:, :, 0] ** 2 * alike.max(axis=2) + theirs[:, :, 0] ** 2 * alike.max(axis=1)
    chosen = np.exp((alike - 1) / np.float32(TEMPERATURE))
    over = chosen.sum(axis=2, keepdims=True) * chosen.sum(axis=1, keepdims=True)
    share *= chosen**2 / over
    columns = (
        best.sum(axis=1) / 2, share.sum(axis=(1, 2)), np.einsum("pij,pij->p", one, other),
        _shifted(share),
    )  # fmt: skip
    return np.stack(columns, axis=1, dtype=np.float64)


def _lengths(cells: Floats) -> Floats:
    return np.asarray(np.maximum(np.linalg.norm(cells, axis=2, keepdims=True), 1e-6), np.float32)


def _shifted(share: Floats) -> Floats:
    """The most that pairs of cells share which lie apart alike, up to one place: (p,)."""
    side = math.isqrt(share.shape[1])
    order, starts = _by_shift(side)
    of_shift = np.add.reduceat(share.reshape(len(share), -1)[:, order], starts, axis=1)
    votes = np.pad(of_shift.reshape(-1, 2 * side - 1, 2 * side - 1), ((0, 0), (1, 1), (1, 1)))
    votes = votes[:, :-2] + votes[:, 1:-1] + votes[:, 2:]
    votes = votes[:, :, :-2] + votes[:, :, 1:-1] + votes[:, :, 2:]
    return np.asarray(votes.max(axis=(1, 2)))


@lru_cache(maxsize=8)
def _by_shift(side: int) -> tuple[Ints, Ints]:
    """All pairs of cells, those of one shift together, and where each shift starts."""
    row, column = np.divmod(np.arange(side**2), side)
    down, right = (part[None] - part[:, None] + side - 1 for part in (row, column))
    shift = (down * (2 * side - 1) + right).reshape(-1)
    order = np.argsort(shift, kind="stable")
    return order, np.searchsorted(shift[order], np.arange((2 * side - 1) ** 2))


def forecast(n: int, k: int, places: int, numbers: int) -> Forecast:
    """What comparing the first k answers of n queries will take; timed on one block, once."""
    held = 4 * AT_ONCE * TABLES + n * k * (8 * len(NAMES) + 40)
    return Forecast(held, n * k * _seconds_a_pair(places, numbers))


@lru_cache(maxsize=16)
def _seconds_a_pair(places: int, numbers: int) -> float:
    count = max(1, min(256, AT_ONCE // places**2))
    drawn = np.random.default_rng(0).normal(size=(count, places, numbers)).astype(np.float16)
    pairs, every = Pairs(drawn, drawn, {}), np.arange(count)
    pairs.told(every[:8], every[:8])  # wakes the threads
    return seconds(lambda: pairs.told(every, every)) / count
