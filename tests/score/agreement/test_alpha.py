"""Krippendorff's α: the examples of his own paper, and a plain count of pairs."""

import math
from itertools import permutations

import numpy as np
import pytest

from atarimae.score.agreement import alpha

# K. Krippendorff, Computing Krippendorff's Alpha-Reliability, 2011: sections B, C and D.
BINARY = ["0100000010", "1110010000"]
NOMINAL = ["aabbdcccedda", "babbbccceddd"]
GAPS = ["123321412...", "1233224125.3", ".3332342251.", "12332441251."]


def table(rows, letters):
    return np.array([[letters.find(letter) for letter in row] for row in rows])


@pytest.mark.parametrize(
    ("rows", "letters", "level", "expected"),
    [
        (BINARY, "01", "nominal", 0.095),
        (NOMINAL, "abcde", "nominal", 0.692),
        (GAPS, "12345", "nominal", 0.743),
        (GAPS, "12345", "ordinal", 0.815),
        (GAPS, "12345", "interval", 0.849),
    ],
)
def test_alpha_is_that_of_the_paper(rows, letters, level, expected):
    assert alpha(table(rows, letters), len(letters), level) == pytest.approx(expected, abs=5e-4)


@pytest.mark.parametrize("level", ["nominal", "ordinal", "interval"])
@pytest.mark.parametrize("seed", range(4))
def test_alpha_is_a_count_of_pairs(seed, level):
    random = np.random.default_rng(seed)
    answers = random.integers(-1, 4, (3, 25))
    units = [unit[unit >= 0].tolist() for unit in answers.T]
    units = [unit for unit in units if len(unit) > 1]
    said = [one for unit in units for one in unit]
    counts = [said.count(number) for number in range(4)]

    def apart(a, b):
        if level == "nominal":
            return float(a != b)
        if level == "interval":
            return float(a - b) ** 2
        low, high = sorted((a, b))
        return (sum(counts[low : high + 1]) - (counts[low] + counts[high]) / 2) ** 2

    observed = sum(
        apart(a, b) / (len(unit) - 1) for unit in units for a, b in permutations(unit, 2)
    ) / len(said)
    expected = sum(apart(a, b) for a, b in permutations(said, 2)) / len(said) / (len(said) - 1)
    assert alpha(answers, 4, level) == pytest.approx(1 - observed / expected)


def test_gaps_and_people_may_come_in_any_order():
    rows = table(GAPS, "12345")
    assert alpha(rows[::-1, ::-1], 5) == pytest.approx(alpha(rows, 5))


def test_one_class_can_not_be_told():
    assert math.isnan(alpha(np.zeros((2, 5), int), 2))
    assert math.isnan(alpha(np.array([[0, -1], [-1, 1]]), 2))
