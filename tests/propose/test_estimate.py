"""Precision at a threshold: a plain count, with an interval that 20 right of 20 don't close."""

import math

import numpy as np
import pytest
from scipy import stats

from atarimae.errors import AtarimaeError
from atarimae.propose.estimate import Judged, estimate, threshold


def judged(number: int, seed: int = 0, classes: int = 40) -> list[Judged]:
    """Queries that are right the more often, the higher their score."""
    random = np.random.default_rng(seed)
    scores = random.uniform(0, 1, number).round(3)
    right = random.uniform(0, 1, number) < scores
    return [
        Judged(float(score), bool(hit), f"c{n % classes}")
        for n, (score, hit) in enumerate(zip(scores, right, strict=True))
    ]


@pytest.mark.parametrize("at", [0.0, 0.4, 0.9, 0.98])
def test_estimate_is_a_plain_count(at):
    queries, strangers = judged(300), [0.1, 0.5, 0.95]
    told = estimate(queries, at, strangers)
    taken = [one for one in queries if one.score >= at]
    assert (told.accepted, told.asked) == (len(taken), 300)
    assert told.right == sum(one.right for one in taken)
    assert told.strangers_accepted == sum(score >= at for score in strangers)
    assert told.precision == told.right / told.accepted


def test_strangers_among_the_unlabelled_make_it_less_precise():
    queries = [Judged(0.9, right, str(n)) for n, right in enumerate([True] * 60 + [False] * 20)]
    queries += [Judged(0.1, False, "low")] * 20
    told = estimate(queries, 0.5, [0.9] * 30 + [0.1] * 70)
    # Of 300 images 200 are known: 120 right of 160 matched. Of 100 strangers 30 are matched.
    assert told.with_strangers(1 / 3) == pytest.approx(120 / (160 + 30))
    assert told.with_strangers(0.0) == pytest.approx(told.precision)
    assert math.isnan(estimate(queries, 0.5, []).with_strangers(0.5))


def test_all_right_is_no_certainty():
    told = estimate([Judged(0.9, True, f"c{n}") for n in range(20)], 0.5, [])
    assert (told.precision, told.high) == (1.0, 1.0)
    exact = stats.binomtest(20, 20).proportion_ci(0.95, "exact")
    assert told.low == pytest.approx(exact.low, abs=1e-6)


def test_interval_is_never_narrower_than_that_of_independent_queries():
    few_classes = judged(300, classes=4)
    told = estimate(few_classes, 0.3, [])
    exact = stats.binomtest(told.right, told.accepted).proportion_ci(0.95, "exact")
    assert told.low <= exact.low + 1e-9
    assert told.high >= exact.high - 1e-9


def test_where_nothing_is_matched_nothing_is_known():
    told = estimate(judged(10), 2.0, [0.5])
    assert math.isnan(told.precision)
    assert (told.low, told.high, told.accepted) == (0.0, 1.0, 0)
    assert told.as_dict()["precision"] is None


def test_threshold_is_the_lowest_whose_lower_bound_is_high_enough():
    queries = judged(2000)
    at = threshold(queries, 0.8)
    assert estimate(queries, at, []).low >= 0.8
    assert estimate(queries, at - 0.05, []).low < 0.8


def test_no_threshold_is_made_up_where_none_is_good_enough():
    with pytest.raises(AtarimaeError, match=r"The best lower bound on 30 queries of val is 0\."):
        threshold(judged(30), 0.99)
    with pytest.raises(AtarimaeError, match="no labelled query"):
        threshold([], 0.9)
