"""What images are compared with: the others of their class."""

import numpy as np
import pytest

from atarimae.look.checks.peers import Peers


@pytest.fixture
def peers():
    """Classes of two, three and six of twelve images; one has no others of its class."""
    classes = tuple(map(np.array, ([3, 0], [1, 5, 7], [2, 4, 6, 8, 9, 10])))
    return Peers(classes, np.arange(12) != 11)


def others(peers, number):
    """Naively: of its class all but itself; everything where it has none."""
    for some in peers.classes:
        if number in some:
            return [one for one in some if one != number]
    return list(range(12))


@pytest.mark.parametrize("values", [np.random.default_rng(0).normal(size=12), np.arange(12.0) // 4])
def test_each_image_is_compared_with_the_others_of_its_class(peers, values):
    means = [values[others(peers, number)].mean() for number in range(12)]
    medians = [np.median(values[others(peers, number)]) for number in range(12)]

    assert peers.mean(values) == pytest.approx(means)
    assert peers.median(values).tolist() == medians
