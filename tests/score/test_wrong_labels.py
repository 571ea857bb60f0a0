"""Wrong labels by embeddings: each formula beside a naive one, and planted swaps."""

import numpy as np
import pytest

from atarimae.predict.unit import unit
from atarimae.score.labels import Left, discriminant, judge, left, suspicions
from atarimae.score.labels.evidence import evidence
from atarimae.score.labels.folds import dealt
from atarimae.score.labels.kernel import RIDGE, Kernel
from atarimae.score.labels.left import DOUBT
from atarimae.score.labels.moments import moments


def around(classes=8, each=12, width=16, spread=0.5, seed=0):
    """Rows around the centres of classes, and their classes."""
    random = np.random.default_rng(seed)
    targets = np.repeat(np.arange(classes), each)
    centres = random.normal(size=(classes, width))
    rows = centres[targets] + spread * random.normal(size=(len(targets), width))
    return unit(rows.astype(np.float32)), targets


def swapped(targets, rate, seed):
    random = np.random.default_rng(seed)
    classes = targets.max() + 1
    chosen = random.choice(len(targets), round(rate * len(targets)), replace=False)
    made = targets.copy()
    made[chosen] = (targets[chosen] + random.integers(1, classes, len(chosen))) % classes
    return made


def named(targets):
    return [f"酒 {number:03}" for number in targets]


def test_likelihood_is_that_of_a_normal_whose_mean_is_learned_from_the_class():
    """Naively: one axis after another, with the posterior of each class's mean."""
    rows, targets = around(classes=4, each=5, width=6)
    model = discriminant.fitted(moments(rows, targets, 5))  # class 4 has no rows
    placed = model.placed(rows)

    found = model.likelihoods(placed)

    for row in (0, 7, 19):
        for one in range(5):
            own = placed[targets == one]
            expected = 0.0
            for axis, between in enumerate(model.between):
                precision = 1 / between + len(own)  # of the mean; within classes variance is 1
                mean = own[:, axis].sum() / precision
                variance = 1 + 1 / precision
                away = placed[row, axis] - mean
                expected -= (away**2 / variance + np.log(variance)) / 2
            assert found[row, one] == pytest.approx(expected, rel=1e-6, abs=1e-5)


@pytest.mark.parametrize("alone", [False, True])
def test_moments_without_some_rows_are_those_of_the_others(alone):
    """Naively: taken anew. Class 3 goes whole; where each class has two, nothing is left over."""
    rows, targets = around(classes=6, each=2 if alone else 7, width=5)
    gone = (targets == 3) | (np.arange(len(rows)) % 2 == 0 if alone else targets % 2 == 1)
    left = rows[~gone].astype(np.float64)

    found = moments(rows, targets, 7).without(rows[gone], targets[gone])

    anew = moments(rows[~gone], targets[~gone], 7)
    away = left - [left[targets[~gone] == one].mean(0) for one in targets[~gone]]
    assert found.counts.tolist() == anew.counts.tolist()
    assert found.means == pytest.approx(anew.means)
    assert found.scatter == pytest.approx(anew.scatter, abs=1e-12)
    assert found.scatter == pytest.approx(away.T @ away, abs=1e-12)


def test_axes_whiten_what_varies_within_classes():
    rows, targets = around(classes=30, each=40, width=8)
    model = discriminant.fitted(moments(rows, targets, 30))

    placed = model.placed(rows)
    means = np.stack([placed[targets == one].mean(0) for one in range(30)])
    left_over = placed - means[targets]

    within = left_over.T @ left_over / (len(rows) - 30)
    assert within == pytest.approx(np.eye(len(within)), abs=0.12)


def test_with_all_rows_as_landmarks_it_is_kernel_ridge_regression():
    """Naively: K (K + λ I)⁻¹ Y over the rows of the other folds."""
    rows, targets = around(classes=5, each=8)
    folds = np.arange(len(rows)) % 4
    kernel = Kernel(rows, folds)
    own, others = folds == 2, folds != 2

    found = kernel.features[own] @ kernel.weights(2, targets, kernel.sums(targets, 5))

    spread = 1 - (rows.mean(0) ** 2).sum()
    away = ((rows[:, None] - rows[None]) ** 2).sum(2)
    near = np.exp(-away / spread)
    said = np.eye(5)[targets[others]]
    solved = np.linalg.solve(near[others][:, others] + RIDGE * np.eye(others.sum()), said)
    assert found == pytest.approx(near[own][:, others] @ solved, abs=2e-3)


def test_weights_make_the_labels_likeliest_each_as_far_as_it_is_likely_right():
    """Naively: the logit's weighted log-likelihood is lower with any weight nearby."""
    random = np.random.default_rng(0)
    kinds = random.normal(size=(2, 400, 6))
    kinds[0, :, 0] += 2
    kinds[:, :40, 0] -= 6  # a tenth of the labels are wrong
    named, noise = np.ones((400, 6), bool), 1 / 3

    weights, share = judge.fitted(kinds, named, noise)

    def own(weights):
        return np.array([np.exp(w := weights @ row)[0] / np.exp(w).sum() for row in rows])

    rows = kinds.transpose(1, 0, 2)
    chance = own(weights)
    wrong = share * noise * (1 - chance)
    right = (1 - share) * chance
    counted = right / (right + wrong)
    assert share == pytest.approx(1 - counted.mean(), abs=1e-3)

    def likelihood(weights):
        held = ((weights - judge.START) ** 2).sum() * judge.PRIOR / 2
        return (counted * np.log(own(weights))).sum() - held

    for step in ((0.03, 0), (-0.03, 0), (0, 0.03), (0, -0.03)):
        assert likelihood(weights + step) < likelihood(weights)


def test_groups_stay_whole_and_classes_are_spread_over_folds():
    targets = np.repeat(np.arange(6), 5)
    groups = [None if row % 5 else "twins" if row < 10 else None for row in range(30)]

    folds = dealt(targets, groups, 5)

    assert folds[0] == folds[5]  # one group, two classes
    for one in range(2, 6):
        assert sorted(folds[targets == one]) == [0, 1, 2, 3, 4]
    assert np.ptp(np.bincount(folds)) <= 2


def test_no_label_speaks_for_itself():
    """What is known of an image is the same whatever its own label, and that of its group, says."""
    rows, targets = around()
    folds = dealt(targets, ["twins" if row in (0, 13) else None for row in range(96)], 5)
    other = targets.copy()
    other[[0, 13]] = 7
    asked = targets.copy()

    before = evidence(rows, targets, asked, folds, 8)
    after = evidence(rows, other, asked, folds, 8)

    changed = evidence(rows, np.where(np.arange(96) == 40, 7, targets), asked, folds, 8)
    for row in (0, 13):
        assert same(known(after, row), known(before, row))
        if folds[40] != folds[row]:  # while that of any other image does
            assert not same(known(changed, row), known(before, row))


def same(one, other):
    """To the rounding: what is known of a fold is all less that fold's own."""
    return one.keys() == other.keys() and np.allclose(
        [*one.values()], [*other.values()], rtol=0, atol=1e-5
    )


def known(found, row):
    """All that is said of one image, by class."""
    there = found.named[row]
    return {
        int(name): tuple(part[row, column] for part in found.kinds)
        for column, name in enumerate(found.classes[row])
        if there[column]
    }


@pytest.mark.parametrize("each", [4, 30])
def test_swapped_labels_come_first_with_the_class_that_they_had(each):
    rows, targets = around(classes=300 // each, each=each, width=24, spread=0.5)
    noisy = swapped(targets, 0.05, seed=1)
    wrong = noisy != targets

    found = suspicions(rows, named(noisy))

    first = np.argsort(-found.wrong)[: wrong.sum()]
    assert wrong[first].mean() >= 0.9
    rather = np.array([found.classes[number] for number in found.rather])
    assert (rather[wrong] == np.array(named(targets))[wrong]).mean() >= 0.9
    assert found.wrong.sum() == pytest.approx(wrong.sum(), rel=0.5)


def test_copies_with_one_wrong_label_are_found_where_they_are_one_group():
    rows, targets = around(classes=6, each=10)
    noisy, groups = targets.copy(), [None] * 60
    for copy in (11, 12, 13):  # class 1
        rows[copy] = rows[10]
    noisy[10:14] = 3
    for row in range(10, 14):
        groups[row] = "one photo"

    vouched = suspicions(rows, named(noisy)).wrong[10:14]
    found = suspicions(rows, named(noisy), groups).wrong[10:14]

    assert found.min() > 0.5
    assert found.min() > vouched.max()


def test_classes_far_apart_are_told_apart():
    rows, targets = around(classes=6, each=10, spread=0.001)
    noisy = swapped(targets, 0.05, seed=0)

    found = suspicions(rows, named(noisy)).wrong

    assert sorted(np.argsort(-found)[:3]) == np.flatnonzero(noisy != targets).tolist()


def test_with_one_class_nothing_is_wrong():
    rows, _ = around(classes=1)

    found = suspicions(rows, ["酒"] * len(rows))

    assert not found.wrong.any()


@pytest.mark.parametrize("number", [1, 2, 3, 5])
def test_few_images_are_judged_too(number):
    rows, _ = around(classes=2, each=3)
    found = suspicions(rows[:number], named([0, 1, 0, 1, 0][:number]))

    assert len(found) == number
    assert np.isfinite(found.wrong).all()
    assert ((found.wrong >= 0) & (found.wrong <= 1)).all()


def test_two_runs_say_the_same():
    rows, targets = around()

    assert np.array_equal(
        suspicions(rows, named(targets)).wrong, suspicions(rows, named(targets)).wrong
    )


def test_what_is_left_is_the_sum_of_chances_where_nobody_looked():
    chances = np.array([0.9, 0.5, 0.1, 0.02])
    nobody = np.zeros(4, bool)

    found = left(chances, nobody, nobody)

    assert found.wrong == pytest.approx(chances.sum())
    drawn = 1.96 * np.sqrt((chances * (1 - chances)).sum())
    assert found.high - found.wrong > drawn  # the chances may all be off as well
    assert found.low == 0.0
    assert str(found) == "About 2 wrong labels left among 4, ±2"


def test_an_interval_that_reaches_further_up_than_down_is_told_by_its_ends():
    told = (str(Left(*bounds, 5994, 0, 0)) for bounds in ((10.3, 3.0, 29.5), (0.7, 0.0, 4.6)))
    assert [*told] == [
        "About 10 wrong labels left among 5,994 (95 %: 3 to 30)",
        "About 1 wrong label left among 5,994 (95 %: 0 to 5)",
    ]
    nothing = "No wrong label that the model could tell is left among 5,994"
    assert str(Left(0.1, 0.0, 0.4, 5994, 0, 0)) == nothing


def test_decisions_shift_all_chances_as_bayes_says():
    """Naively: the posterior of the shift on a grid."""
    chances = np.full(60, 0.5)
    right, wrong = np.zeros(60, bool), np.zeros(60, bool)
    right[:18], wrong[18:20] = True, True

    found = left(chances, right, wrong)

    grid = np.linspace(-6, 6, 24001)
    chance = 1 / (1 + np.exp(-grid))
    log = 2 * np.log(chance) + 18 * np.log(1 - chance) - grid**2 / (2 * DOUBT**2)
    best = grid[np.argmax(log)]
    assert found.wrong == pytest.approx(40 / (1 + np.exp(-best)), rel=1e-3)
    assert (found.among, found.reviewed, found.found) == (40, 20, 2)
    assert found.wrong < left(chances, ~right & False, ~right & False).wrong * 40 / 60


def test_interval_holds_the_truth_in_most_trials():
    """Planted noise of 2 to 10 % in 10 draws; and after the first 8 were looked at."""
    held = []
    for seed in range(10):
        rows, targets = around(classes=20, each=15, width=24, spread=0.6, seed=seed)
        noisy = swapped(targets, (0.02, 0.05, 0.1)[seed % 3], seed)
        wrong = noisy != targets
        chances = suspicions(rows, named(noisy)).wrong
        nobody = np.zeros(len(wrong), bool)
        looked = nobody.copy()
        looked[np.argsort(-chances)[:8]] = True
        for seen in (nobody, looked):
            found = left(chances, seen & ~wrong, seen & wrong)
            held.append(found.low <= (wrong & ~seen).sum() <= found.high)
    assert np.mean(held) >= 0.9
