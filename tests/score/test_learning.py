"""Learning curves: a planted law is found again, and the interval is as wide as it has to be."""

import numpy as np
import pytest
from scipy import optimize

from atarimae.score.learning import curve, power_law

SIZES = np.array([40, 80, 160, 280, 400])


@pytest.mark.parametrize(("a", "b", "c"), [(3.0, 0.5, 0.1), (2.0, 1.0, 0.0), (1.0, 0.2, 0.05)])
def test_the_exponent_of_a_curve_without_noise_is_found(a, b, c):
    law = power_law(SIZES, a * SIZES**-b + c)
    assert law.b[0] == pytest.approx(b, rel=0.07)  # the grid's step
    assert law.at(600)[0] == pytest.approx(a * 600**-b + c, abs=0.002)


def test_least_squares_is_as_good_as_scipys():
    random = np.random.default_rng(0)
    for _ in range(20):
        errors = 2 * SIZES**-0.5 + 0.05 + random.normal(0, 0.01, len(SIZES))
        law = power_law(SIZES, errors)

        def left(told, errors=errors):
            return told[0] * SIZES ** -told[1] + told[2] - errors

        best = optimize.least_squares(left, [1, 0.5, 0.1], bounds=([0, 0.05, 0], [np.inf, 2, 1]))
        mine = float(np.square(left((law.a[0], law.b[0], law.c[0]))).sum())
        assert mine <= 2 * best.cost * 1.1 + 1e-6  # of a grid


@pytest.mark.parametrize("errors", [np.full(5, 0.3), np.linspace(0.1, 0.3, 5), np.zeros(5)])
def test_what_does_not_fall_is_flat(errors):
    law = power_law(SIZES, errors)
    assert law.at(40)[0] - law.at(1000)[0] == pytest.approx(0.0, abs=1e-9)
    assert law.at(1000)[0] == pytest.approx(errors.mean())


def drawn(random, images=400, seeds=4, b=0.6):
    """Images that are told wrongly with a chance of 4·n^-b + 0.02, harder ones first."""
    hard = random.uniform(size=images)
    chance = 4.0 * SIZES**-b + 0.02
    asked = np.zeros((seeds, images))
    for seed in range(seeds):
        asked[seed, random.permutation(images)[: images // 4]] = 1
    noise = random.uniform(-0.05, 0.05, (seeds, 1, images))
    wrong = ((hard + noise) % 1 < chance[:, None]).astype(float)
    return wrong * asked[:, None], asked, lambda n: 4.0 * n**-b + 0.02


def test_errors_are_a_plain_mean_over_what_was_asked():
    wrong, asked, _ = drawn(np.random.default_rng(1))
    found = curve(SIZES, wrong, asked, 500, 200, draws=50)
    told = [wrong[:, n][asked.astype(bool)].mean() for n in range(len(SIZES))]
    assert [one.value for one in found.errors] == pytest.approx(told)
    assert found.fall.value == pytest.approx(told[-2] - told[-1])
    assert found.fall.low <= found.fall.value <= found.fall.high
    assert found.predicted == pytest.approx(float(power_law(SIZES[:-1], told[:-1]).at(400)[0]))


def test_what_more_labels_bring_lies_in_the_interval_about_as_often_as_it_says():
    held = 0
    for turn in range(30):
        wrong, asked, truth = drawn(np.random.default_rng(turn))
        found = curve(SIZES, wrong, asked, 530, 200, draws=100, seed=turn)
        held += found.gain.low <= truth(530) - truth(730) <= found.gain.high
        assert found.gain.low <= found.gain.value <= found.gain.high + 1e-9
    assert held >= 25


def test_the_same_seed_gives_the_same_and_more_images_a_narrower_interval():
    few, many = (drawn(np.random.default_rng(3), images=n) for n in (200, 3200))
    one, again = (curve(SIZES, *few[:2], 500, 200, seed=5) for _ in range(2))
    assert one == again
    wide = curve(SIZES, *many[:2], 500, 200, seed=5)
    assert wide.now.high - wide.now.low < one.now.high - one.now.low
