"""Intervals against a naive bootstrap, and against what they promise: to cover the truth."""

import numpy as np
import pytest

from atarimae.score.intervals import interval, paired
from atarimae.types import Score


def score(parts, clusters):
    parts = np.asarray(parts, np.float32)
    keys = tuple(f"{i}.png" for i in range(len(parts)))
    return Score("mrr@20", float(parts.mean()), {}, keys, parts, tuple(clusters))


def clustered(seed, clusters=60, spread=0.3):
    """Parts of a class share a class effect; class sizes differ."""
    rng = np.random.default_rng(seed)
    sizes = rng.integers(1, 8, clusters)
    effects = rng.normal(0.5, spread, clusters)
    parts = np.concatenate([e + rng.normal(0, 0.1, s) for e, s in zip(effects, sizes, strict=True)])
    return parts, [f"class {i:03}" for i, size in enumerate(sizes) for _ in range(size)]


def naive(parts, clusters, resamples, rng):
    names = sorted(set(clusters))
    members = {
        name: [p for p, c in zip(parts, clusters, strict=True) if c == name] for name in names
    }
    means = []
    for _ in range(resamples):
        drawn = [p for name in rng.choice(names, len(names)) for p in members[name]]
        means.append(np.mean(drawn))
    return np.percentile(means, [2.5, 97.5])


def test_agrees_with_a_naive_bootstrap():
    parts, clusters = clustered(0)
    found = interval(score(parts, clusters), resamples=4000)
    low, high = naive(parts, clusters, 4000, np.random.default_rng(1))
    assert (found.low, found.high) == pytest.approx((low, high), abs=0.01)


def test_only_low_and_high_change():
    before = score([0, 1, 1], ["a", "b", "c"])
    after = interval(before)
    assert (after.metric, after.value, after.keys) == (before.metric, before.value, before.keys)
    assert 0 <= after.low <= after.value <= after.high <= 1


def test_covers_the_truth_about_as_often_as_it_says():
    covered = 0
    for seed in range(200):
        parts, clusters = clustered(seed)
        found = interval(score(parts, clusters), resamples=500)
        covered += found.low <= 0.5 <= found.high
    assert 0.89 <= covered / 200 <= 0.99


def test_images_of_one_class_are_not_independent():
    parts, clusters = clustered(3)
    by_class = interval(score(parts, clusters))
    by_image = interval(score(parts, [str(i) for i in range(len(parts))]))
    assert by_class.high - by_class.low > 1.3 * (by_image.high - by_image.low)


def test_the_same_numbers_each_time_and_in_any_order():
    parts, clusters = clustered(4)
    first = interval(score(parts, clusters))
    shuffle = np.random.default_rng(0).permutation(len(parts))
    other = interval(score(parts[shuffle], [clusters[i] for i in shuffle]))
    assert (first.low, first.high) == pytest.approx((other.low, other.high), abs=1e-6)
    assert interval(score(parts, clusters), seed=1).low != first.low


def test_one_cluster_tells_nothing():
    found = interval(score([0, 1, 1], ["a", "a", "a"]))
    assert np.isnan(found.low)
    assert np.isnan(found.high)


def test_no_parts_tell_nothing():
    assert np.isnan(interval(Score("kid", 0.1, {})).low)


def test_paired_difference_by_hand():
    found = paired([0.5, 0.5, 1.0], [1.0, 0.5, 1.0], ["a", "b", "c"])
    assert found.value == pytest.approx(0.5 / 3)
    assert (found.low, found.high) == pytest.approx((0.0, 0.5))
    # better unless the first query is drawn in none of three draws, a tie: 1 - (2/3)^3 / 2
    assert found.better == pytest.approx(1 - (2 / 3) ** 3 / 2, abs=0.03)


def test_equal_runs_tie():
    found = paired([0.1, 0.7], [0.1, 0.7], ["a", "b"])
    assert (found.value, found.low, found.high, found.better) == (0, 0, 0, 0.5)


def test_gains_and_losses_that_cancel_are_a_tie():
    found = paired([0.1, 0.3], [0.3, 0.1], ["a", "b"])
    assert found.better == pytest.approx(0.5, abs=0.05)


def test_swapping_the_runs_turns_the_difference_round():
    first, clusters = clustered(5)
    second = first + np.random.default_rng(6).normal(0.02, 0.1, len(first))
    there, back = paired(first, second, clusters), paired(second, first, clusters)
    assert there.value == -back.value
    assert (there.low, there.high) == pytest.approx((-back.high, -back.low))
    assert there.better == pytest.approx(1 - back.better)


def test_pairing_sees_what_two_intervals_hide():
    first, clusters = clustered(7)
    second = first + 0.05
    apart = interval(score(first, clusters)), interval(score(second, clusters))
    assert apart[0].high > apart[1].low
    assert paired(first, second, clusters).low > 0


def test_paired_of_one_cluster_tells_nothing():
    found = paired([0, 0], [1, 1], ["a", "a"])
    assert found.value == 1
    assert np.isnan([found.low, found.high, found.better]).all()
