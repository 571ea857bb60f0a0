"""F1 of boxes: as many matches as there can be, counted by trying every way to pair them."""

from itertools import permutations

import numpy as np
import pytest

from atarimae.score.agreement import F1, box_f1, matched
from atarimae.score.agreement.boxes import added
from atarimae.types import Box


def iou(a, b):
    wide = max(0, min(a.x1, b.x1) - max(a.x0, b.x0))
    high = max(0, min(a.y1, b.y1) - max(a.y0, b.y0))
    inner = wide * high
    both = (a.x1 - a.x0) * (a.y1 - a.y0) + (b.x1 - b.x0) * (b.y1 - b.y0) - inner
    return inner / both


def most(first, second, bar):
    """The largest number of pairs, by brute force."""
    short, long = sorted((first, second), key=len)
    return max(
        sum(iou(a, b) >= bar for a, b in zip(short, some, strict=True))
        for some in permutations(long, len(short))
    )


def boxes(random, count):
    corners = random.uniform(0, 6, (count, 2))
    sides = random.uniform(3, 7, (count, 2))
    return [Box(x, y, x + w, y + h) for (x, y), (w, h) in zip(corners, sides, strict=True)]


@pytest.mark.parametrize("bar", [0.3, 0.5, 0.7])
@pytest.mark.parametrize("seed", range(12))
def test_matches_are_as_many_as_there_can_be(seed, bar):
    random = np.random.default_rng(seed)
    first, second = (boxes(random, int(random.integers(0, 6))) for _ in range(2))
    pairs = matched(first, second, bar)
    assert len(pairs) == most(first, second, bar)
    assert all(iou(first[one], second[other]) >= bar for one, other in pairs)
    assert len({one for one, _ in pairs}) == len({other for _, other in pairs}) == len(pairs)
    assert len(matched(second, first, bar)) == len(pairs)


def test_a_greedy_choice_is_not_in_the_way():
    """The first box overlaps both most, and has to leave the better one to the second."""
    first = [Box(0, 0, 10, 10), Box(0, 0, 10, 6)]
    second = [Box(0, 0, 10, 9), Box(0, 4, 10, 13)]
    assert iou(first[0], second[0]) > iou(first[1], second[0]) > 0.4
    assert iou(first[1], second[1]) < 0.4 < iou(first[0], second[1])
    assert matched(first, second, 0.4) == [(0, 1), (1, 0)]


def test_f1_is_of_one_class_and_adds_up_over_images():
    one = [("ボルト", Box(0, 0, 10, 10)), ("weld", Box(20, 0, 30, 10))]
    other = [("ボルト", Box(1, 0, 10, 10)), ("ボルト", Box(20, 0, 30, 10))]
    found = box_f1(one, other)
    assert found == {"ボルト": F1(1, 3), "weld": F1(0, 1)}
    assert found["ボルト"].value == pytest.approx(2 / 3)
    total = added([found, box_f1(one, one)])
    assert total == {"ボルト": F1(2, 5), "weld": F1(1, 3)}
    assert sum(total.values(), F1(0, 0)).value == pytest.approx(2 * 3 / 8)


def test_nobody_drew_a_box():
    assert box_f1([], []) == {}
    assert np.isnan(F1(0, 0).value)
    assert matched([], [Box(0, 0, 1, 1)], 0.5) == []
