"""Whether two sides can be told apart, on numbers in sight."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedGroupKFold, cross_val_predict

from atarimae.look.checks.twosample import _auc, apart, area


def sides(shift, seed=0, n=200, d=16):
    random = np.random.default_rng(seed)
    rows = random.normal(size=(n, d)).astype(np.float32)
    second = np.arange(n) % 2 == 1
    rows[second, 0] += shift
    return rows, second, [f"{i}" for i in range(n)]


def test_area_is_scikit_learns_also_with_ties():
    random = np.random.default_rng(0)
    values, second = random.integers(0, 9, 80).astype(float), random.random(80) < 0.4

    assert area(values, second) == pytest.approx(roc_auc_score(second, values))
    assert area(np.r_[values, np.nan], np.r_[second, True]) == area(values, second)


def test_pairs_are_counted_within_folds_and_by_weight():
    scores = np.array([1.0, 2.0, 3.0, 10.0, 11.0, 12.0])
    second = np.array([False, True, False, True, False, True])
    folds = np.array([0, 0, 0, 1, 1, 1])
    weights = np.array([[1.0, 1, 1, 1, 1, 1], [2, 1, 0, 1, 3, 1]])

    def naive(weight):
        pairs = [
            (weight[i] * weight[j], scores[i] > scores[j])
            for i in range(6)
            for j in range(6)
            if second[i] and not second[j] and folds[i] == folds[j]
        ]
        return sum(w * right for w, right in pairs) / sum(w for w, _ in pairs)

    assert _auc(scores, second, folds, weights) == pytest.approx([naive(w) for w in weights])


def test_shifted_sides_are_told_apart_as_well_as_by_logistic_regression():
    rows, second, clusters = sides(1.0)

    found = apart(rows, second, clusters)
    folds = StratifiedGroupKFold(5, shuffle=True, random_state=0)
    theirs = cross_val_predict(
        LogisticRegression(C=0.1), rows, second, cv=folds, groups=clusters, method="predict_proba"
    )[:, 1]

    assert found.low > 0.5
    assert found.low < found.auc < found.high
    assert found.auc == pytest.approx(roc_auc_score(second, theirs), abs=0.05)
    assert roc_auc_score(second, found.scores) > 0.65  # the scores say which images


def test_equal_sides_are_seldom_told_apart():
    wrong = sum(apart(*sides(0.0, seed)).low > 0.5 for seed in range(20))

    assert wrong <= 1


def test_what_belongs_together_is_never_learned_and_tried():
    """Each class has a place of its own, and lies on one side: no news, as classes do."""
    random = np.random.default_rng(0)
    classes = np.repeat(np.arange(60), 6)
    rows = (random.normal(size=(60, 16))[classes] * 3 + random.normal(size=(360, 16))).astype("f4")
    second = classes % 2 == 1

    alone = apart(rows, second, [str(i) for i in range(360)])
    together = apart(rows, second, [str(c) for c in classes])

    assert alone.low > 0.5
    assert together.low < 0.5


def test_too_few_of_a_side_say_nothing():
    rows, second, clusters = sides(3.0, n=60)

    assert apart(rows[:38], second[:38], clusters[:38]) is None
    assert apart(rows, second, ["one"] * 60) is None
