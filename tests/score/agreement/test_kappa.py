"""Cohen's κ agrees with scikit-learn's, with its own definition, and with a page of arithmetic."""

import math

import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score

from atarimae.score.agreement import confusion, kappa, spread


@pytest.mark.parametrize("weights", ["none", "linear", "quadratic"])
@pytest.mark.parametrize("seed", range(6))
def test_kappa_is_scikit_learns(seed, weights):
    random = np.random.default_rng(seed)
    classes = int(random.integers(2, 7))
    first = random.integers(0, classes, 50)
    second = np.where(random.random(50) < 0.7, first, random.integers(0, classes, 50))
    expected = cohen_kappa_score(
        first, second, labels=range(classes), weights=None if weights == "none" else weights
    )
    assert kappa(confusion(first, second, classes), weights) == pytest.approx(expected)


def test_kappa_is_what_its_definition_says():
    first, second = [0, 0, 1, 1, 2, 2, 2, 0], [0, 1, 1, 1, 2, 0, 2, 0]
    observed = sum(a == b for a, b in zip(first, second, strict=True)) / 8
    chance = sum(first.count(c) * second.count(c) for c in range(3)) / 64
    table = confusion(np.array(first), np.array(second), 3)
    assert table.tolist() == [[2, 1, 0], [0, 2, 0], [1, 0, 2]]
    assert kappa(table) == pytest.approx((observed - chance) / (1 - chance))


def test_kappa_of_two_who_always_say_one_class_can_not_be_told():
    assert math.isnan(kappa(confusion(np.zeros(9, int), np.zeros(9, int), 2)))
    assert math.isnan(kappa(np.zeros((2, 2), int)))


def test_the_interval_is_that_of_a_plain_bootstrap():
    random = np.random.default_rng(3)
    first = random.integers(0, 3, 40)
    second = np.where(random.random(40) < 0.8, first, 0)

    def of(some):
        return kappa(confusion(first[some], second[some], 3))

    low, high = spread(of, 40, resamples=300, seed=7)
    again = np.random.default_rng(7)
    drawn = [of(again.integers(0, 40, 40)) for _ in range(300)]
    assert (low, high) == pytest.approx(tuple(np.percentile(drawn, [2.5, 97.5])))
    assert low < of(np.arange(40)) < high


def test_one_image_has_no_interval():
    assert all(map(math.isnan, spread(lambda some: 1.0, 1)))
    assert all(map(math.isnan, spread(lambda some: float("nan"), 10)))
