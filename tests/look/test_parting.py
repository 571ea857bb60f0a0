"""Parts of a class that a run sees apart are proposed, and one piece is left whole."""

import numpy as np
import pytest
from test_checks import fitted

from atarimae.errors import UsageError
from atarimae.look.parting import chance, k_means, parts, within


@pytest.fixture
def two(maker):
    """A class of six greenish and four reddish pictures, and another class."""
    for number in range(6):
        maker.picture(f"緑{number}.png", (10 + number, 200, 30), "弁 🍶")
    for number in range(4):
        maker.picture(f"赤{number}.png", (200, 10 + number, 30), "弁 🍶")
    maker.picture("他.png", (0, 0, 250), "ねじ", split="val")
    maker.record()
    fitted(maker)
    return maker


def test_class_of_two_kinds_falls_into_them(two):
    found = parts(two.workspace, "弁 🍶")
    assert [{path[0] for path in part} for part in found.parts] == [{"緑"}, {"赤"}]
    assert [len(part) for part in found.parts] == [6, 4]
    assert found.is_apart
    assert "falls apart. Parts of 6 and 4 images" in found.told()


def test_images_that_are_not_embedded_are_counted(two):
    two.picture("緑6.png", (20, 220, 30), "弁 🍶")
    two.record()
    found = parts(two.workspace, "弁 🍶")
    assert (found.unknown, sum(map(len, found.parts))) == (1, 10)
    assert "1 more are not embedded" in found.told()


def test_class_with_too_few_images_is_not_parted(two):
    with pytest.raises(UsageError, match=r"'ねじ' can't be put into 2 parts\. 1 of its images"):
        parts(two.workspace, "ねじ")


def test_one_cloud_is_of_one_piece_and_two_are_not():
    random = np.random.default_rng(7)
    one = random.normal(size=(60, 8)) * np.linspace(2, 0.2, 8)
    two = one + np.where(np.arange(60)[:, None] < 25, 14, 0) * np.eye(8)[0]
    told = [chance(rows, k_means(rows, 2, random)[0], random) for rows in (one, two)]
    assert told[0] > 0.05
    assert told[1] == 0.01  # none of 99
    sides = k_means(two, 2, random)[0]
    assert len(set(sides[:25])) == len(set(sides[25:])) == 1


def test_parts_are_as_tight_as_those_of_scikit_learn():
    cluster = pytest.importorskip("sklearn.cluster")
    random = np.random.default_rng(3)
    rows = random.normal(size=(90, 5)) + np.repeat(np.eye(5)[:3] * 4, 30, axis=0)
    theirs = cluster.KMeans(3, n_init=5, random_state=0).fit(rows)
    whole = ((rows - rows.mean(0)) ** 2).sum()
    ours = within(rows, k_means(rows, 3, random)[0])
    assert ours == pytest.approx(theirs.inertia_ / whole, rel=1e-6)
    parted = [rows[theirs.labels_ == side] for side in range(3)]
    naive = sum(sum(((row - part.mean(0)) ** 2).sum() for row in part) for part in parted)
    assert within(rows, theirs.labels_) == pytest.approx(naive / whole)
