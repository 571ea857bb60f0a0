"""Seed noise in verdicts: pieces by hand, then the rates that docs/verdicts.md promises.

The rates are of the very functions that a verdict is made of. Ideas are drawn as the docs derive
them: a part is the recipe's mean for a query, what the seed does to all queries at once, and what
it does to each cluster and query on its own.
"""

import math
from dataclasses import dataclass

import numpy as np
import pytest

from atarimae.score.distributions import clopper_pearson, t_quantile
from atarimae.score.intervals import Spread, mean_variance, paired, with_seeds
from atarimae.score.noise import estimate, pooled, shared_variance
from atarimae.score.power import seeds_needed

PAIRS = 2000


def test_variance_of_the_mean_is_the_bootstraps() -> None:
    rng = np.random.default_rng(1)
    clusters = [f"c{i}" for i in rng.integers(0, 60, 500)]
    deltas = rng.normal(size=500)
    bootstrap = paired(np.zeros(500), deltas, clusters, resamples=20_000)
    assert mean_variance(deltas, clusters) == pytest.approx(bootstrap.variance, rel=0.1)


def test_where_queries_say_nothing_it_is_students_t_of_the_seeds() -> None:
    seen = paired(np.zeros(40), np.full(40, 0.3), [str(i) for i in range(40)])
    found = with_seeds(seen, 40, [(1 / 5 + 1, Spread(0.01, 0.0, 4))])
    wide = t_quantile(0.975, 4) * math.sqrt(0.01 * 1.2)
    assert (found.low, found.high) == pytest.approx((0.3 - wide, 0.3 + wide))


def test_without_seed_noise_only_the_few_clusters_widen_the_bootstrap() -> None:
    rng = np.random.default_rng(2)
    clusters = [str(i % 9) for i in range(90)]
    seen = paired(np.zeros(90), rng.normal(0.1, 1, 90), clusters)
    found = with_seeds(seen, 9, [(2.0, Spread(0.0, 0.0, math.inf))])
    factor = t_quantile(0.975, 8) / 1.959964 * math.sqrt(9 / 8)  # Hesterberg 2015
    assert found.high - found.value == pytest.approx((seen.high - seen.value) * factor, rel=1e-6)
    assert found.value - found.low == pytest.approx((seen.value - seen.low) * factor, rel=1e-6)


def test_noise_that_resampling_sees_as_well_is_not_counted_twice() -> None:
    rng = np.random.default_rng(3)
    clusters = [str(i) for i in range(400)]
    runs = rng.normal(0, 1, (200, 400))  # the seed moves each query on its own, nothing else
    found = estimate("m", "holdout", _runs(200), runs, clusters)
    assert found.sigma**2 == pytest.approx(1 / 400, rel=0.2)
    assert found.overlap == pytest.approx(found.sigma**2, rel=0.2)


def test_pooling_weighs_by_degrees_of_freedom() -> None:
    assert pooled([Spread(1, 0.5, 2), Spread(4, 0, 4)]) == Spread(3, pytest.approx(1 / 6), 6)


def test_known_noise_asks_for_the_textbooks_number_of_seeds() -> None:
    # n = 2 (1.96 + 0.84)² σ² / δ² at δ = σ: Bouthillier et al. 2021, Cohen 1988
    assert seeds_needed(1.0, 0.0, 100, [Spread(1.0, 0.0, 1e9)] * 2) == 16
    assert seeds_needed(2.0, 0.0, 100, [Spread(1.0, 0.0, 1e9)] * 2) == 4
    assert seeds_needed(2.0, 0.0, 100, [Spread(1.0, 0.0, 4)] * 2) > 4


def test_no_number_of_seeds_stands_in_for_queries() -> None:
    assert seeds_needed(0.1, 0.01, 100, [Spread(0.0, 0.0, math.inf)] * 2) is None
    assert seeds_needed(0.0, 0.0, 100, [Spread(1.0, 0.0, 4)] * 2) is None


@dataclass(frozen=True)
class Shape:
    """A recipe's noise, and its queries."""

    clusters: int
    each: int  # queries of a cluster, on average
    common: float  # what the seed does to all queries at once
    alone: float  # to each query
    shared: float = 0.0  # to each cluster
    skewed: bool = False  # parts are reciprocal ranks, most of them 1
    unequal: bool = False  # a few clusters hold most queries

    def members(self, rng: np.random.Generator) -> np.ndarray:
        sizes = np.full(self.clusters, self.each)
        if self.unequal:
            sizes = np.clip(self.each * rng.pareto(1.5, self.clusters), 1, 12 * self.each)
        return np.repeat(np.arange(self.clusters), sizes.astype(int))

    def runs(self, n: int, hard: np.ndarray, member: np.ndarray, rng, gain=0.0) -> np.ndarray:
        """(n, queries) parts of n runs; `hard` is how hard each query is."""
        noise = rng.normal(0, 1, (n, 1)) * self.common
        noise = noise + rng.normal(0, 1, (n, self.clusters))[:, member] * self.shared
        noise = noise + rng.normal(0, 1, (n, len(member))) * self.alone
        if self.skewed:
            return 1 / np.clip(np.ceil(np.exp(hard + noise)), 1, 20)
        return hard + noise + gain

    def hard(self, member: np.ndarray, rng) -> np.ndarray:
        return rng.normal(-1, 1.5, self.clusters)[member] + rng.normal(0, 0.5, len(member))


SHAPES = {
    "plain": Shape(60, 3, 0.01, 0.1),
    "all at once": Shape(60, 3, 0.02, 0.0),
    "each on its own": Shape(60, 3, 0.0, 0.2),
    "few clusters": Shape(8, 10, 0.02, 0.2, shared=0.05),
    "reciprocal ranks": Shape(60, 3, 0.1, 0.5, skewed=True),
    "unequal": Shape(40, 3, 0.02, 0.2, shared=0.05, unequal=True),
    "unequal reciprocal ranks, few": Shape(12, 6, 0.1, 0.5, skewed=True, unequal=True),
}
KNOWN = [3, 5]  # seeds that σ is estimated from
EVERY = [(name, known) for name in SHAPES for known in KNOWN]
QUICK = {("reciprocal ranks", 5)}
CASES = [
    pytest.param(*case, marks=() if case in QUICK else pytest.mark.long, id=f"{case[0]}, {case[1]}")
    for case in EVERY
]


@pytest.mark.long
@pytest.mark.parametrize(("name", "known"), CASES)
def test_of_equal_models_few_are_told_apart(name: str, known: int) -> None:
    """One run of a new idea against `known` seeds of its parent: no difference is there."""
    shape, rng = SHAPES[name], np.random.default_rng(known)
    told = 0
    for _ in range(PAIRS):
        member = shape.members(rng)
        hard = shape.hard(member, rng)
        parent, idea = (shape.runs(n, hard, member, rng) for n in (known, 1))
        told += _verdict(parent, idea, member) != 0
    assert clopper_pearson(told, PAIRS)[1] <= 0.07


@pytest.mark.long
@pytest.mark.long
@pytest.mark.parametrize("name", SHAPES)
def test_of_equal_models_few_are_told_apart_at_five_seeds_each(name: str) -> None:
    shape, rng = SHAPES[name], np.random.default_rng(9)
    told = 0
    for _ in range(PAIRS):
        member = shape.members(rng)
        hard = shape.hard(member, rng)
        parent, idea = (shape.runs(5, hard, member, rng) for _ in range(2))
        told += _verdict(parent, idea, member) != 0
    assert clopper_pearson(told, PAIRS)[1] <= 0.07


def test_queries_alone_would_tell_many_equal_models_apart() -> None:
    """What the noise floor is for: the plain bootstrap sees one pair of trainings only."""
    shape, rng = SHAPES["plain"], np.random.default_rng(0)
    member = shape.members(rng)
    hard, told = shape.hard(member, rng), 0
    for _ in range(300):
        first, second = shape.runs(2, hard, member, rng)
        seen = paired(first, second, _names(member), resamples=400)
        told += seen.low > 0 or seen.high < 0
    assert told / 300 > 0.15


POWERED = ["plain", "all at once", "each on its own", "few clusters", "unequal"]
POWER_CASES = [
    pytest.param(name, known, marks=() if (name, known) == ("plain", 5) else pytest.mark.long)
    for name in POWERED
    for known in KNOWN
]


@pytest.mark.parametrize(("name", "known"), POWER_CASES)
def test_two_sigma_are_found_with_the_seeds_asked_for(name: str, known: int) -> None:
    """A gain of 2σ is expected; as many seeds of both are run as `seeds_needed` says."""
    shape, rng = SHAPES[name], np.random.default_rng(known)
    member = shape.members(rng)
    hard = shape.hard(member, rng)
    gain = 2 * float(shape.runs(4000, hard, member, rng).mean(axis=1).std())
    asked = found = 0
    for _ in range(300):
        parent = shape.runs(known, hard, member, rng)
        idea = shape.runs(1, hard, member, rng, gain)
        wanted = _needed(parent, idea, member, gain)
        if wanted is None:
            continue
        asked += 1
        parent = np.vstack([parent, shape.runs(max(0, wanted - known), hard, member, rng)])
        idea = np.vstack([idea, shape.runs(wanted - 1, hard, member, rng, gain)])
        found += _verdict(parent, idea, member) > 0
    # Else it said that no number of seeds would: eight clusters can't tell queries from seeds.
    assert asked >= (180 if shape.clusters < 20 else 240)
    assert found / asked >= 0.8


def _verdict(parent: np.ndarray, idea: np.ndarray, member: np.ndarray) -> int:
    """1, 0 or -1, as `judge` says it of such sides."""
    names = _names(member)
    seen = paired(parent.mean(axis=0), idea.mean(axis=0), names, resamples=400)
    known = _spread(parent, names)
    if len(idea) < 3:
        noise = [(1 / len(parent) + 1 / len(idea), known)]
    else:
        noise = [(1 / len(parent), known), (1 / len(idea), _spread(idea, names))]
    found = with_seeds(seen, len(set(names)), noise)
    return int(found.low > 0) - int(found.high < 0)


def _needed(parent: np.ndarray, idea: np.ndarray, member: np.ndarray, gain: float) -> int | None:
    names = _names(member)
    seen = paired(parent.mean(axis=0), idea.mean(axis=0), names, resamples=400)
    known = _spread(parent, names)
    queries = max(0.0, seen.variance - (1 / len(parent) + 1) * known.overlap)
    return seeds_needed(gain, queries, len(set(names)), [known, known])


def _spread(parts: np.ndarray, names: list[str]) -> Spread:
    variance = float(parts.mean(axis=1).var(ddof=1))
    return Spread(variance, shared_variance(parts, names), len(parts) - 1)


def _names(member: np.ndarray) -> list[str]:
    return [f"{number:03}" for number in member]


@dataclass(frozen=True)
class _Run:
    id: str
    seed: int


def _runs(number: int) -> list[_Run]:
    return [_Run(str(i), i) for i in range(number)]
