"""The threshold below which the answer is "unknown", and how far it can be trusted."""

import numpy as np
import pytest

from atarimae.tasks.retrieve.metrics import rejected
from atarimae.tasks.retrieve.threshold import best_threshold, threshold_interval


def brute_force(similarity, ranks, has_match):
    """The best open-set MRR over every way to cut the sorted similarities."""
    cuts = [-2.0, *(np.unique(similarity[np.isfinite(similarity)]).astype(float) + 1e-6)]
    return max(open_set(similarity, ranks, has_match, cut) for cut in cuts)


def open_set(similarity, ranks, has_match, threshold):
    total = 0.0
    for s, rank, match in zip(similarity.astype(float), ranks, has_match, strict=True):
        total += (rank if s >= threshold else 0) if match else (1 if s < threshold else 0)
    return total / len(similarity)


@pytest.mark.parametrize("seed", range(20))
def test_best_threshold_agrees_with_brute_force(seed):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(1, 40))
    has_match = rng.random(n) < rng.random()
    similarity = np.round(rng.uniform(-1, 1, n) + has_match * 0.3, 1).astype(np.float32)  # ties
    similarity[rng.random(n) < 0.1] = -np.inf
    ranks = (rng.choice([0, 1 / 3, 1 / 2, 1], n) * has_match * np.isfinite(similarity)).astype("f4")
    threshold = best_threshold(similarity, ranks, has_match)
    assert np.isfinite(threshold)
    assert open_set(similarity, ranks, has_match, threshold) == pytest.approx(
        brute_force(similarity, ranks, has_match)
    )


def test_best_threshold_lies_midway():
    similarity = np.array([0.9, 0.75, 0.25, 0.1], np.float32)
    ranks = np.array([1, 1, 0, 0], np.float32)
    has_match = np.array([True, True, False, False])
    assert best_threshold(similarity, ranks, has_match) == 0.5


def test_best_threshold_separates_neighbouring_floats():
    low = np.float32(0.5)
    similarity = np.array([low, np.nextafter(low, np.float32(1))], np.float32)
    threshold = best_threshold(similarity, np.array([0, 1], np.float32), np.array([False, True]))
    assert rejected(similarity, threshold).tolist() == [True, False]


def test_best_threshold_where_nothing_or_everything_is_rejected():
    similarity, one = np.array([0.2, 0.3], np.float32), np.ones(2, np.float32)
    assert best_threshold(similarity, one, np.array([True, True])) == -1.0
    assert best_threshold(similarity, 0 * one, np.array([False, False])) == 1.0
    assert best_threshold(similarity[:0], one[:0], np.zeros(0, bool)) == -1.0


def test_threshold_is_the_lowest_of_equally_good_ones():
    similarity = np.array([0.2, 0.4, 0.6], np.float32)  # an unknown, a miss, a hit
    ranks = np.array([0, 0, 1], np.float32)
    threshold = best_threshold(similarity, ranks, np.array([False, True, True]))
    assert threshold == pytest.approx(0.3)


def asked(seed, n=120, classes=30):
    """Similarities with ties, reciprocal ranks, which queries have a match, and their classes."""
    rng = np.random.default_rng(seed)
    has_match = rng.random(n) < 0.7
    similarity = (rng.normal(0.4, 0.15, n) + 0.2 * has_match).round(2).astype(np.float32)
    ranks = (rng.choice([0, 1 / 2, 1], n) * has_match).astype(np.float32)
    return similarity, ranks, has_match, [f"class {i}" for i in rng.integers(0, classes, n)]


def test_interval_is_that_of_the_best_thresholds_of_resampled_classes():
    similarity, ranks, has_match, clusters = asked(0)
    low, high = threshold_interval(similarity, ranks, has_match, clusters)
    names, member = np.unique(clusters, return_inverse=True)
    chances = np.full(len(names), 1 / len(names))
    thresholds = []
    for times in np.random.default_rng(0).multinomial(len(names), chances, size=1000):
        rows = np.arange(len(member)).repeat(times[member])  # a class drawn twice is there twice
        thresholds.append(best_threshold(similarity[rows], ranks[rows], has_match[rows]))
    assert [low, high] == pytest.approx(np.percentile(thresholds, [2.5, 97.5]))
    assert low <= best_threshold(similarity, ranks, has_match) <= high


def test_interval_does_not_depend_on_the_order_of_the_queries():
    similarity, ranks, has_match, clusters = asked(1)
    mixed = np.random.default_rng(0).permutation(len(clusters))
    other = threshold_interval(
        similarity[mixed], ranks[mixed], has_match[mixed], [clusters[i] for i in mixed]
    )
    assert other == threshold_interval(similarity, ranks, has_match, clusters)


def test_one_class_tells_no_interval():
    similarity, ranks, has_match, _ = asked(2, n=4)
    assert np.isnan(threshold_interval(similarity, ranks, has_match, ["a"] * 4)).all()
