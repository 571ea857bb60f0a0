"""What more labels bring, on planted classes; and where it can't be told, that is said."""

import numpy as np
import pytest

from atarimae.look.economics import more
from atarimae.look.economics.more import SEEDS, SHARES, measured
from atarimae.score.labels.head import log_chances


def classes(number, each, spread, seed=0, width=24):
    """(n, d) rows of unit length about the middles of classes, and the classes."""
    random = np.random.default_rng(seed)
    middles = random.normal(size=(number, width))
    rows = np.repeat(middles, each, 0) + random.normal(0, spread, (number * each, width))
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    return rows.astype(np.float32), np.repeat(np.arange(number), each)


def test_the_head_tells_planted_classes_and_gives_a_class_without_a_label_no_chance():
    rows, targets = classes(8, 30, 0.6)
    known = np.arange(len(rows)) % 3 > 0
    told = log_chances(rows[known], targets[known], rows[~known], 9)
    assert np.exp(told).sum(1) == pytest.approx(np.ones(len(told)))
    assert (told.argmax(1) == targets[~known]).mean() > 0.9
    assert np.isneginf(told[:, 8]).all()


def test_subsets_are_nested_and_the_same_image_is_asked_at_each_size():
    rows, targets = classes(6, 25, 1.2)
    sizes, wrong, asked = measured(rows, targets, [None] * len(rows))
    assert wrong.shape == (SEEDS, len(SHARES), len(rows))
    assert (sizes[1:] > sizes[:-1]).all()
    assert (wrong <= asked[:, None]).all()
    assert asked.sum(1) == pytest.approx(len(rows) / 4, rel=0.2)
    errors = wrong.sum((0, 2)) / asked.sum()
    assert errors[0] > errors[-1]


def test_groups_stay_on_one_side(monkeypatch):
    rows, targets = classes(4, 20, 0.5)
    groups = [f"g{n // 4}" for n in range(len(rows))]
    _, _, asked = measured(rows, targets, groups)
    for seed in range(SEEDS):
        sides = {}
        for n, group in enumerate(groups):
            assert sides.setdefault(group, asked[seed, n]) == asked[seed, n]


class Part:
    """As much of a section as is read."""

    def __init__(self, rows, targets, group=None):
        file = type("file", (), {"group": group})
        run = type("run", (), {"id": "0001-猫"})
        self.rows = rows
        self.labels = tuple(f"類{n}" for n in targets)
        self.data = type("data", (), {"files": [file] * len(rows)})
        self.judged = type("judged", (), {"run": run})


def test_a_falling_curve_says_what_more_labels_bring():
    told = more.more_labels([Part(*classes(20, 30, 1.1))])
    assert told.why == ""
    assert told.gain.low <= told.gain.value <= told.gain.high
    assert 0 < told.gain.value < told.curve.now.value
    assert told.run == "0001-猫"


@pytest.mark.parametrize(
    ("parts", "why"),
    [
        ([], "There is no run"),
        ([Part(*classes(2, 10, 0.5))], "20 images could be judged; 60 are needed"),
        ([Part(*classes(1, 80, 0.5))], "80 images could be judged"),
        ([Part(*classes(3, 20, 0.5))], "more than 4 times"),
        ([Part(*classes(2, 100, 0.01))], "is not clearly lower"),
        ([Part(*classes(4, 20, 0.5), group="one")], "too few are free to learn"),
    ],
)
def test_where_it_cant_be_told_that_is_said(parts, why):
    told = more.more_labels(parts)
    assert told.gain is None
    assert why in told.why
    assert told.as_dict()["gain"] is None
