"""What counts as unusual in a set of numbers."""

import numpy as np
import pytest

from atarimae.look.checks.usual import Rule, unusual, usual

DARK = Rule(-1, guard=0.5, certain=0.3, least=0.05)
ODD = Rule(1, guard=1.0, certain=3.0, least=0.2, from_median=True)


def test_values_far_below_the_rest_are_found_the_farthest_first():
    values = np.array([0.9, 0.95, 1.0, 0.45, 0.92, 0.97, 0.4, 0.93, 0.96, 0.94])

    assert unusual(values, DARK) == [6, 3]


def test_deviations_are_robust_and_of_the_side_that_is_asked_about():
    values = np.array([0.3, 0.6, 0.8, 0.9, 0.9, 0.9, 1.0, 1.0, 1.0, 0.49])
    median = np.median(values)
    below = values[values <= median]
    deviation = 1.4826 * np.median(median - below)
    naive = [
        n for n, v in enumerate(values) if v <= 0.3 or (v <= 0.5 and (median - v) / deviation >= 4)
    ]

    assert unusual(values, DARK) == naive == [0]


def test_nothing_is_unusual_on_the_fine_side_of_the_guard():
    values = np.full(100, 0.99)
    values[3] = 0.6  # far from the rest, and still light

    assert unusual(values, DARK) == []


def test_set_that_is_all_so_has_nothing_unusual():
    night = np.full(50, 0.2)

    assert unusual(night, DARK) == []


def test_few_values_tell_no_spread_but_what_is_certain():
    assert unusual(np.array([1.0, 1.0, 1.0, 0.4]), DARK) == []
    assert unusual(np.array([1.0, 1.0, 1.0, 0.2]), DARK) == [3]


def test_distance_from_the_median_whatever_that_is():
    values = np.r_[np.full(20, 9.0), 10.5, 9.5, 3.0]

    assert unusual(values, ODD) == [20]
    assert unusual(values, Rule(-1, 1.0, 3.0, 0.2, from_median=True)) == [22]


def test_nan_is_neither_unusual_nor_counted():
    values = np.r_[np.full(20, 1.0), np.nan, 0.1]

    assert unusual(values, DARK) == [21]
    assert unusual(np.full(10, np.nan), DARK) == []
    assert usual(values).median == 1
    assert np.isnan(usual(np.full(2, np.nan)).median)


@pytest.mark.parametrize("seed", range(5))
def test_normal_values_have_nothing_unusual(seed):
    values = np.random.default_rng(seed).normal(0.8, 0.05, 1000)

    assert unusual(values, DARK) == []
