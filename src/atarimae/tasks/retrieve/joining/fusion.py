"""Ranked lists of several members as one: the formulas of ranx, in NumPy.

ranx itself needs Numba, SciPy, ir-datasets, seaborn and fastparquet, compiles for seconds before
its first answer, and leaves the order of ties to chance; a server that answers one picture has room
for neither. The tests hold each formula to ranx's numbers.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from atarimae.types import Bools, Floats, Ints

Lists = tuple[Ints, Floats]  # positions (n, k), -1 for none, and similarities, best first
Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Fused:
    """How lists are made one: which formula, and how deep it looks."""

    method: str
    constant: float
    depth: int


@dataclass(frozen=True)
class _Ranked:
    """All answers of one member: rank from 1, and whether there is one."""

    ranks: Numbers  # (d,)
    similarity: Numbers  # (n, d)
    there: Bools  # (n, d)
    candidates: Ints  # (n, 1): different answers of all members


def fused(lists: Sequence[Lists], how: Fused, k: int) -> Lists:
    """The k best of n queries by the fused score, which stands for similarity; ties by position.

    An answer that a member has not among its first `depth` gets nothing of it, or what the formula
    says of those.
    """
    answers = _answers(np.concatenate([match[:, : how.depth] for match, _ in lists], axis=1))
    points = np.concatenate([_points(one, how, answers.candidates) for one in lists], axis=1)
    totals = answers.summed(points)
    if how.method in COUNTED:
        totals *= answers.summed(np.ones(points.shape))
    if how.method == "borda":
        totals += _unranked(lists, how, answers.candidates)
    totals[answers.positions < 0] = -np.inf
    best = np.argsort(-totals, axis=1, kind="stable")[:, :k]  # stable: ties by position
    match = np.full((len(totals), k), -1, np.int64)
    score = np.full((len(totals), k), -np.inf, np.float32)
    match[:, : best.shape[1]] = np.take_along_axis(answers.positions, best, 1)
    score[:, : best.shape[1]] = np.take_along_axis(totals, best, 1)
    return match, score


@dataclass(frozen=True)
class _Answers:
    """The different answers of each query by rising position, and where all came from."""

    positions: Ints  # (n, w), -1 behind the last one
    order: Ints  # (n, w) columns of the lists side by side, by rising position
    place: Ints  # (n, w) which answer each of those is, -1 for none

    @property
    def candidates(self) -> Ints:
        """(n, 1): how many there are."""
        return np.asarray((self.positions >= 0).sum(axis=1, keepdims=True))

    def summed(self, values: Numbers) -> Numbers:
        """(n, w) the sum of each answer's values, which are given as the lists lie."""
        n, width = self.place.shape
        flat = np.where(self.place < 0, width, self.place) + np.arange(n)[:, None] * (width + 1)
        ordered = np.take_along_axis(values, self.order, 1)
        sums = np.bincount(flat.ravel(), ordered.ravel(), n * (width + 1))
        return np.array(sums.reshape(n, width + 1)[:, :width], np.float64)


def _answers(listed: Ints) -> _Answers:
    order = np.argsort(listed, axis=1, kind="stable")
    rising = np.take_along_axis(listed, order, 1)
    new = np.diff(rising, axis=1, prepend=-1) > 0  # where the next answer begins
    place = np.cumsum(new, axis=1) - 1
    positions = np.full(listed.shape, -1, np.int64)
    rows = np.broadcast_to(np.arange(len(listed))[:, None], listed.shape)
    positions[rows[new], place[new]] = rising[new]
    return _Answers(positions, order, place)


def _points(one: Lists, how: Fused, candidates: Ints) -> Numbers:
    """What each answer of one member gets of it; 0 where there is none."""
    match, similarity = (part[:, : how.depth] for part in one)
    there = match >= 0
    ranks = np.arange(1, match.shape[1] + 1, dtype=np.float64)
    told = _Ranked(ranks, np.where(there, similarity, 0).astype(np.float64), there, candidates)
    return np.where(there, FORMULAS[how.method](told, how.constant), 0.0)


def _scaled(told: _Ranked, constant: float) -> Numbers:
    """Similarities from 0, the least of the list, to 1."""
    low = np.where(told.there, told.similarity, np.inf).min(axis=1, keepdims=True)
    high = np.where(told.there, told.similarity, -np.inf).max(axis=1, keepdims=True)
    with np.errstate(invalid="ignore"):  # of an empty list
        return np.asarray((told.similarity - low) / np.maximum(high - low, 1e-9))


def _borda(told: _Ranked, constant: float) -> Numbers:
    """Above what the list gives those that it has not, so that those need nothing."""
    listed = told.there.sum(axis=1, keepdims=True)
    return np.asarray((told.candidates + listed + 1) / 2 - told.ranks, np.float64)


def _unranked(lists: Sequence[Lists], how: Fused, candidates: Ints) -> Numbers:
    """What every candidate has at least of all lists together: (n, 1)."""
    listed = [(match[:, : how.depth] >= 0).sum(axis=1, keepdims=True) for match, _ in lists]
    return np.asarray(np.sum([(candidates - one + 1) / 2 for one in listed], axis=0), np.float64)


COUNTED = ("isr", "combmnz")  # times the number of lists that have the answer
FORMULAS: Mapping[str, Callable[[_Ranked, float], Numbers]] = {
    # Cormack, Clarke and Büttcher, SIGIR 2009.
    "rrf": lambda told, constant: 1 / (constant + told.ranks),
    # Mourão, Martins and Magalhães, Computerized Medical Imaging and Graphics 39, 2015.
    "isr": lambda told, constant: 1 / told.ranks**2,
    # Fox and Shaw, TREC-2, 1993; after scaling each list to 0 … 1.
    "combsum": _scaled,
    "combmnz": _scaled,
    # Aslam and Montague, SIGIR 2001.
    "borda": _borda,
}
