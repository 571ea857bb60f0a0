"""The control slice: drawn at random, the same for everybody, and all that is measured."""

from dataclasses import replace

import numpy as np
import pytest
from planted import image, planted, proposal
from scipy import stats

from atarimae.review import Slice, accept, needed, precisions, weights
from atarimae.review.control import Precision
from atarimae.review.weights import STRENGTH, shrunk
from atarimae.store import Store


@pytest.mark.parametrize("bar", [0.5, 0.8, 0.9, 0.95, 0.99])
def test_needed_is_the_fewest_whose_exact_lower_bound_reaches_the_bar(bar: float) -> None:
    def low(number: int) -> float:
        return stats.binomtest(number, number).proportion_ci(0.95, "exact").low

    number = needed(bar)
    assert low(number) >= bar - 1e-12
    assert number == 1 or low(number - 1) < bar


def test_the_slice_is_drawn_class_by_class_and_of_a_small_class_it_is_a_quarter() -> None:
    many = [proposal(n, "猫") for n in range(100)]
    few = [proposal(n, "犬") for n in range(100, 110)]
    drawn = Slice(size=20).of([*many, *few])
    assert (len([n for n in drawn if n < 100]), len([n for n in drawn if n >= 100])) == (20, 3)
    assert drawn == Slice(size=20).of([*few, *reversed(many)])  # whatever the order
    assert drawn != Slice(size=20, seed=1).of([*many, *few])


def test_boxes_of_a_class_are_measured_apart_from_images_of_it() -> None:
    images = [proposal(n, "猫", "accepted") for n in range(40)]
    boxes = [
        replace(one, id=100 + one.id, label=replace(one.label, kind="box"), fate="rejected")
        for one in images
    ]
    told = {one.kind: one.right for one in precisions([*images, *boxes], Slice(size=10))}
    assert told == {"class": 10, "box": 0}


def test_the_score_has_no_say_in_the_draw() -> None:
    plain = [proposal(n, "猫", score=0.1) for n in range(300)]
    rising = [proposal(n, "猫", score=n / 300) for n in range(300)]
    assert Slice(size=60).of(plain) == Slice(size=60).of(rising)
    scores = [n / 300 for n in Slice(size=60).of(rising)]
    assert stats.kstest(scores, "uniform").pvalue > 0.01


def test_proposals_that_come_later_draw_in_no_older_one() -> None:
    old = [proposal(n, "猫") for n in range(100)]
    new = [proposal(n, "猫") for n in range(100, 300)]
    before, after = Slice(size=20).of(old), Slice(size=20).of([*old, *new])
    assert {n for n in after if n < 100} < before


@pytest.mark.parametrize(("right", "wrong"), [(20, 0), (17, 3), (0, 5), (1, 0)])
def test_precision_is_a_plain_count_of_the_slice_with_the_exact_interval(
    right: int, wrong: int
) -> None:
    every = [proposal(n, "猫") for n in range(200)]
    which = Slice(size=20)
    drawn = sorted(which.of(every))
    fates = dict.fromkeys(drawn[:right], "accepted")
    fates |= dict.fromkeys(drawn[right : right + wrong], "rejected")
    fates |= {n: "edited" for n in range(200) if n not in which.of(every)}  # nobody counts these
    told = [proposal(n, "猫", fates.get(n, "untouched")) for n in range(200)]
    (found,) = precisions(told, which)
    assert (found.size, found.reviewed, found.right) == (20, right + wrong, right)
    exact = stats.binomtest(right, right + wrong).proportion_ci(0.95, "exact")
    assert (found.low, found.high) == pytest.approx((exact.low, exact.high), abs=1e-8)
    assert found.is_done is (right + wrong == 20)


def test_a_class_passes_only_when_its_whole_slice_is_done() -> None:
    def of(reviewed: int) -> Precision:
        return Precision("m", "class", "猫", 500, 400, 80, reviewed, reviewed, 0.96, 1.0)

    assert not of(79).passes(0.95)
    assert of(80).passes(0.95)
    assert not of(80).passes(0.97)


def test_the_interval_holds_the_true_precision_as_often_as_it_says() -> None:
    """200 classes of 200 with a known share of right ones; the slice is drawn by the program."""
    random = np.random.default_rng(0)
    which, held = Slice(size=40), 0
    for turn in range(200):
        share = random.uniform(0.6, 1.0)
        right = random.uniform(size=200) < share
        told = [proposal(n, f"c{turn}", "accepted" if right[n] else "rejected") for n in range(200)]
        (found,) = precisions(told, which)
        held += found.low <= right.mean() <= found.high
    assert held >= 190


def test_a_weight_is_the_classs_own_precision_drawn_to_the_models() -> None:
    sure = [proposal(n, "猫", "accepted") for n in range(100)]
    bad = [proposal(n, "犬", "accepted" if n % 2 else "rejected") for n in range(100, 200)]
    left = [proposal(n, "猫") for n in range(200, 210)] + [proposal(210, "鳥", by="other")]
    told = weights([*sure, *bad, *left], Slice(size=1000))
    # A quarter of each class is its slice; of 110 and 100 proposals the mean is in between.
    cat, dog = precisions([*sure, *bad, *left[:-1]], Slice(size=1000))
    mean = (110 * cat.right / cat.reviewed + 100 * dog.right / dog.reviewed) / 210
    wanted = (STRENGTH * mean + cat.right) / (STRENGTH + cat.reviewed)
    assert told[image("200")] == pytest.approx(wanted)
    assert told[image("210")] == 1.0  # of a model that nobody looked at nothing is known
    assert image("0") not in told  # a person's word counts in full


def test_drawn_to_the_mean_is_nearer_to_the_truth_than_the_class_alone() -> None:
    random, own, drawn = np.random.default_rng(0), 0.0, 0.0
    for _ in range(200):
        truth = random.beta(9, 1, 12)
        seen = random.integers(2, 12, 12)
        right = [int(random.binomial(n, p)) for n, p in zip(seen, truth, strict=True)]
        rows = [
            Precision("m", "class", f"{n}", 40, 30, int(seen[n]), int(seen[n]), right[n], 0.0, 1.0)
            for n in range(12)
        ]
        told = shrunk(rows)
        for n, one in enumerate(rows):
            own += (one.right / one.reviewed - truth[n]) ** 2
            drawn += (told["m", one.label] - truth[n]) ** 2
    assert drawn < 0.7 * own


def test_what_was_accepted_in_bulk_is_not_looked_at(store: Store) -> None:
    planted(store, {"猫": 60})
    which = Slice(bar=0.8)
    ids = which.of(store.proposals())
    assert len(ids) == needed(0.8)
    store.decide(sorted(ids), "accept")
    accept(store, "猫", which=which)
    (found,) = precisions(store.proposals(), Slice(bar=0.9))
    assert (found.size, found.reviewed) == (needed(0.9), needed(0.8))
    assert not found.is_done
