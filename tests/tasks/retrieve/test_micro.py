"""GAP, µAP and AURC against their definitions, scikit-learn, and a real bootstrap."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import average_precision_score

from atarimae.errors import AtarimaeError
from atarimae.score.coverage import risk_coverage
from atarimae.score.intervals import interval
from atarimae.tasks.retrieve import metrics
from atarimae.tasks.retrieve.ranking import Ranking


def made(seed, n=200, k=5, classes=40, digits=6):
    """Queries with up to k matches, some with none; the fewer digits, the more ties."""
    rng = np.random.default_rng(seed)
    labels = [f"class {i}" for i in rng.integers(0, classes, n)]
    relevant = rng.random((n, k)) < 0.5
    similarity = rng.uniform(0, 0.6, (n, k)) + 0.2 * relevant
    order = np.argsort(-similarity, axis=1)
    similarity = np.take_along_axis(similarity, order, 1).round(digits).astype(np.float32)
    relevant = np.take_along_axis(relevant, order, 1)
    counts = relevant.sum(axis=1) + rng.integers(0, 2, n)
    return Ranking(tuple(f"{i:03}.png" for i in range(n)), tuple(labels), similarity, relevant, counts)  # fmt: skip  # noqa: E501


def naive(sure, right, there):
    """One answer at a time, the surest first: the precision at each right one, over what is there.

    Answers of one similarity are all looked at before the precision is taken.
    """
    total = 0.0
    for one, hit in zip(sure, right, strict=True):
        if hit:
            seen = right[sure >= one]
            total += seen.mean()
    return total / there


@pytest.mark.parametrize("digits", [6, 1])
@pytest.mark.parametrize("seed", range(3))
def test_gap_is_the_precision_at_each_right_first_answer(seed, digits):
    ranked = made(seed, digits=digits)
    expected = naive(ranked.sure, ranked.relevant[:, 0], ranked.has_match.sum())
    assert metrics.gap(ranked).value == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("digits", [6, 1])
def test_micro_ap_of_pairs_is_the_same_over_all_answers(digits):
    ranked = made(3, digits=digits)
    expected = naive(ranked.similarity.ravel(), ranked.relevant.ravel(), ranked.counts.sum())
    assert metrics.gap(ranked, answers=5).value == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("digits", [6, 1])
def test_agrees_with_scikit_learn_where_every_match_is_among_the_answers(digits):
    ranked = made(4, digits=digits)
    right, sure = ranked.relevant.ravel(), ranked.similarity.ravel()
    ranked = Ranking(ranked.keys, ranked.labels, ranked.similarity, ranked.relevant, ranked.relevant.sum(axis=1))  # fmt: skip  # noqa: E501
    expected = average_precision_score(right, sure)
    assert metrics.gap(ranked, answers=5).value == pytest.approx(expected, abs=1e-6)


def test_order_of_the_queries_plays_no_part():
    ranked = made(5, digits=1)
    mixed = np.random.default_rng(0).permutation(len(ranked.keys))
    other = Ranking(
        tuple(ranked.keys[i] for i in mixed), tuple(ranked.labels[i] for i in mixed),
        ranked.similarity[mixed], ranked.relevant[mixed], ranked.counts[mixed],
    )  # fmt: skip
    assert metrics.gap(other).value == pytest.approx(metrics.gap(ranked).value, abs=1e-7)


def test_parts_are_the_derivative_by_a_querys_weight():
    ranked = made(6, n=40, digits=1)
    parts = metrics.gap(ranked).parts
    step = 1e-5
    value = weighted(ranked, np.ones((1, 40)))
    moved = (weighted(ranked, np.ones((40, 40)) + step * np.eye(40)) - value) / step
    assert parts - value == pytest.approx(40 * moved, abs=1e-4)


def weighted(ranked, weights):
    """GAP where query i stands `weights[:, i]` times in the set, for each row of weights."""
    right = ranked.relevant[:, 0].astype(float)
    as_sure = (ranked.sure >= ranked.sure[:, None]).T.astype(float)
    precision = ((weights * right) @ as_sure) / np.maximum(weights @ as_sure, 1e-12)
    return (weights * right * precision).sum(axis=1) / (weights @ ranked.has_match)


def test_interval_is_that_of_resampling_the_whole_set_by_class():
    ranked = made(7, n=400, classes=80)
    found = interval(metrics.gap(ranked))
    names, member = np.unique(ranked.clusters, return_inverse=True)
    rng = np.random.default_rng(1)
    drawn = rng.multinomial(len(names), np.full(len(names), 1 / len(names)), size=2000)
    values = weighted(ranked, drawn[:, member].astype(float))
    assert [found.low, found.high] == pytest.approx(np.percentile(values, [2.5, 97.5]), abs=0.012)


def test_query_that_found_nothing_is_a_wrong_answer_at_the_end():
    similarity = np.array([[0.9], [-np.inf]], np.float32)
    ranked = Ranking(("a", "b"), ("x", "y"), similarity, np.array([[True], [False]]), np.ones(2, int))  # fmt: skip  # noqa: E501
    assert metrics.gap(ranked).value == 0.5


def test_nothing_to_find_is_an_error_in_three_parts():
    ranked = Ranking(("a",), ("",), np.zeros((1, 1), np.float32), np.zeros((1, 1), bool), np.zeros(1, int))  # fmt: skip  # noqa: E501
    with pytest.raises(AtarimaeError, match="gap can't be measured"):
        metrics.gap(ranked)


@pytest.mark.parametrize("digits", [6, 1])
def test_aurc_is_the_mean_risk_over_all_coverages(digits):
    ranked = made(8, digits=digits)
    wrong = ~ranked.relevant[:, 0]
    risks = [wrong[ranked.sure >= one].mean() for one in ranked.sure]
    assert metrics.aurc(ranked).value == pytest.approx(np.mean(risks), abs=1e-6)


@pytest.mark.parametrize("digits", [6, 1])
def test_aurc_is_the_area_under_the_curve_that_pages_draw(digits):
    ranked = made(9, digits=digits)
    curve = risk_coverage(ranked.sure, ranked.relevant[:, 0])
    assert metrics.aurc(ranked).value == pytest.approx(curve.area, abs=1e-6)


def test_confidence_sorts_where_it_is_there_and_the_convention_says_so():
    ranked = made(3)
    confidence = np.random.default_rng(0).random(len(ranked.keys)).astype(np.float32)
    by_it = replace(ranked, confidence=confidence)
    similarity = ranked.similarity.copy()
    similarity[:, 0] = confidence  # as if it were the cosine
    instead = replace(ranked, similarity=similarity)
    for score in (metrics.gap, metrics.aurc):
        assert score(by_it).value == score(instead).value != score(ranked).value
        assert score(by_it).convention["surest first by"] == "confidence"
    assert metrics.gap(by_it, answers=5).value == metrics.gap(ranked, answers=5).value
    assert metrics.gap(by_it, answers=5).convention["surest first by"] == "similarity"


def test_bounds_of_few_classes_stay_between_0_and_1():
    ranked = made(0, n=6, classes=3)
    plain = interval(replace(metrics.gap(ranked), within=(-np.inf, np.inf)))
    assert not 0 <= plain.low <= plain.high <= 1
    found = interval(metrics.gap(ranked))
    assert 0 <= found.low <= found.value <= found.high <= 1
