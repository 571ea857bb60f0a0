"""Averages over one list of all queries' answers, and what each query adds to them.

Such a value is no mean of parts that queries have on their own: it depends on the others' answers.
Let query i weigh w_i, as a resample would have it. The value

    V(w) = Σ_a w_a c_a A_a / B_a / Σ_i w_i m_i,   A_a = Σ_b w_b r_b,   B_a = Σ_b w_b

sums over answers a, surest first, b over those at least as sure as a. With r = c = whether the
answer is right and m what there is to find it is the (micro) average precision; with r the loss,
c = 1 and m = 1 the area under the risk–coverage curve. As V(λw) = V(w), Euler's theorem gives
Σ_i ∂V/∂w_i = 0 at w = 1: the parts V + n ∂V/∂w_i have the mean V, and their resampled mean is V's
resample to first order. Jaeckel, The infinitesimal jackknife, 1972; Efron, 1982.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from atarimae.types import Floats, Ints

Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Listed:
    """Answers of n queries, in any order."""

    query: Ints  # (a): whose answer it is, 0 to n − 1
    sure: Floats  # (a): the higher, the earlier; -inf where there is none
    right: Numbers  # (a): r, from 0 to 1


def jackknife(listed: Listed, there: Numbers, counted: Numbers | None = None) -> Numbers:
    """V + n ∂V/∂w_i for each query i, (n): their mean is the value V.

    `there` is m (n), and `counted` is c, (a); without it c is r. Equally sure answers stand
    together at the end of their group, so that their order plays no part.
    """
    n, total = len(there), there.sum()
    order = np.argsort(-listed.sure, kind="stable")
    right = listed.right[order]
    gain = right if counted is None else counted[order]
    end = _last_of_equals(listed.sure[order])
    before = np.cumsum(right)[end] / (end + 1)  # A / B
    value = (gain * before).sum() / total
    # What an answer adds to A / B of its own group and of all less sure ones.
    first = _first_of_equals(end)
    to_right = _from_here(gain / (end + 1))[first]
    to_all = _from_here(gain * before / (end + 1))[first]
    slopes = gain * before + right * to_right - to_all
    of_query = np.bincount(listed.query[order], slopes, n)
    return np.asarray(value + n * (of_query - value * there) / total)


def _last_of_equals(falling: Floats) -> Ints:
    """For each place of a falling list, the last place with the same value."""
    last = np.append(falling[1:] != falling[:-1], True)
    ends = np.flatnonzero(last)
    return np.asarray(ends[np.searchsorted(ends, np.arange(len(falling)))])


def _first_of_equals(end: Ints) -> Ints:
    return np.asarray(np.searchsorted(end, end))


def _from_here(values: Numbers) -> Numbers:
    """The sum of each value and all that follow."""
    return np.asarray(np.cumsum(values[::-1])[::-1])
