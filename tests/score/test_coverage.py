"""Risk against coverage, and whether confidence is told true, beside naive recomputations."""

import numpy as np
import pytest

from atarimae.score.coverage import calibration_error, reliability, risk_coverage


def answers(seed, digits=2, n=150):
    rng = np.random.default_rng(seed)
    sure = rng.random(n).round(digits)
    return sure, rng.random(n) < sure**2


def test_a_curve_by_hand():
    curve = risk_coverage([0.7, 0.9, 0.4, 0.4], [True, False, False, True])
    assert curve.sure.tolist() == [0.9, 0.7, 0.4]
    assert curve.coverage.tolist() == [1 / 4, 2 / 4, 1]
    assert curve.risk.tolist() == [1, 1 / 2, 2 / 4]


@pytest.mark.parametrize("digits", [6, 1])
def test_each_point_is_what_a_threshold_below_it_answers(digits):
    sure, right = answers(1, digits)
    curve = risk_coverage(sure, right)
    answered = [sure >= one for one in np.unique(sure)[::-1]]
    assert curve.coverage == pytest.approx([some.mean() for some in answered])
    assert curve.risk == pytest.approx([(~right[some]).mean() for some in answered])
    assert curve.area == pytest.approx(np.mean([(~right[sure >= one]).mean() for one in sure]))


def test_who_found_nothing_is_wrong_and_comes_last():
    curve = risk_coverage([-np.inf, 0.5], [False, True])
    assert curve.sure.tolist() == [0.5, -np.inf]
    assert curve.risk.tolist() == [0, 0.5]
    assert risk_coverage([], []).coverage.size == 0


def test_bins_hold_equally_many_and_agree_with_scikit_learn():
    calibration = pytest.importorskip("sklearn.calibration")
    sure, right = answers(2, digits=9)
    table = reliability(sure, right)
    assert [one.answers for one in table] == [15] * 10
    theirs = calibration.calibration_curve(right, sure, n_bins=10, strategy="quantile")
    assert [one.right for one in table] == pytest.approx(theirs[0])
    assert [one.told for one in table] == pytest.approx(theirs[1])


def test_calibration_error_is_the_mean_distance_of_told_from_right():
    table = reliability([0.2, 0.2, 0.9, 0.9], [False, False, True, True], bins=2)
    assert calibration_error(table) == pytest.approx((0.2 + 0.1) / 2)
    assert calibration_error(reliability([0.3], [True], bins=10)) == pytest.approx(0.7)
    assert calibration_error([]) == 0
