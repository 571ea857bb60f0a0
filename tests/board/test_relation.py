"""Correlations against naive ones, and intervals that hold what they promise."""

import itertools

import numpy as np
import pytest

from atarimae.board.relation import fit
from atarimae.board.spread import Parts, spread
from atarimae.score.correlation import kendall, spearman


def test_kendall_counts_pairs_in_the_same_order() -> None:
    cv, lb = [0.1, 0.2, 0.3, 0.4, 0.5], [0.2, 0.1, 0.3, 0.5, 0.4]
    pairs = list(itertools.combinations(range(5), 2))
    same = sum((cv[j] - cv[i]) * (lb[j] - lb[i]) > 0 for i, j in pairs)
    assert kendall(cv, lb).value == pytest.approx((same - (10 - same)) / 10)


def test_spearman_agrees_with_pandas_where_there_are_ties() -> None:
    import pandas as pd

    cv, lb = [0.1, 0.2, 0.2, 0.4, 0.5], [0.3, 0.1, 0.3, 0.9, 0.4]
    ranks = pd.Series(cv).rank(), pd.Series(lb).rank()
    found = spearman(cv, lb)
    assert found.value == pytest.approx(ranks[0].corr(ranks[1]))
    assert found.low <= found.value <= found.high


def test_three_runs_are_too_few_to_correlate_and_one_to_predict() -> None:
    assert spearman([0.1, 0.2, 0.3], [0.1, 0.2, 0.3]).value is None
    assert fit([0.1], [0.2]) is None


def test_two_runs_give_an_offset_and_an_honest_interval() -> None:
    line = fit([0.70, 0.80], [0.66, 0.74])
    expected, low, high = line.predict(0.75)
    assert expected == pytest.approx(0.70)
    assert high - low > 0.4  # one degree of freedom


def test_two_runs_that_agree_by_chance_are_not_believed() -> None:
    _, low, high = fit([0.7, 0.8], [0.6, 0.7], floor=0.02).predict(0.75)
    assert high - low == pytest.approx(2 * 1.96 * 0.02 * 1.5**0.5, rel=1e-3)


def test_one_odd_run_does_not_turn_the_line() -> None:
    cv = [0.60, 0.65, 0.70, 0.75, 0.80, 0.85]
    lb = [x * 0.5 + 0.1 for x in cv]
    lb[-1] = 0.0
    line = fit(cv, lb)
    assert line.slope == pytest.approx(0.5, abs=0.05)


@pytest.mark.parametrize("runs", [2, 3, 4, 6, 10])
def test_prediction_interval_covers_what_it_promises(runs: int) -> None:
    random = np.random.default_rng(runs)
    inside = 0
    for _ in range(600):
        cv = random.uniform(0.5, 0.9, runs + 1)
        lb = cv - 0.2 + random.normal(0, 0.02, runs + 1)
        _, low, high = fit(cv[:-1], lb[:-1]).predict(cv[-1])
        inside += low <= lb[-1] <= high
    assert 0.925 <= inside / 600 <= 0.985


def test_spread_is_that_of_drawing_clusters_anew() -> None:
    random = np.random.default_rng(0)
    clusters = [f"組{i // 5}" for i in range(300)]
    level = np.repeat(random.normal(0, 1, 60), 5)
    first, second = level + random.normal(0, 0.3, 300), level + random.normal(0, 0.3, 300)
    found = spread([Parts(first, tuple(clusters)), Parts(second, tuple(clusters))])
    drawn = random.integers(0, 60, (4000, 60))
    means = [v.reshape(60, 5).mean(axis=1)[drawn].mean(axis=1) for v in (first, second)]
    assert found.covariance == pytest.approx(np.cov(means), rel=0.1)
    assert found.of(75.0) == pytest.approx(4 * found.covariance)
