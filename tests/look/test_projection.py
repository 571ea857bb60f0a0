"""Places on a map: PCA as scikit-learn's, and neighbours that stay beside each other."""

import numpy as np
import pytest

from atarimae.look.projection import neighbours, pca
from atarimae.predict.unit import unit


@pytest.fixture(scope="module")
def swirl():
    """300 unit rows in 16 numbers: twelve groups, each a curved line in directions of its own."""
    random = np.random.default_rng(0)
    rows = []
    for _ in range(12):
        centre, along, aside = random.normal(size=(3, 16))
        at = np.linspace(-1, 1, 25)[:, None]
        rows.append(centre + at * along + at**2 * aside + 0.05 * random.normal(size=(25, 16)))
    return unit(np.concatenate(rows).astype(np.float32))


@pytest.fixture(scope="module")
def arranged(swirl):
    pytest.importorskip("openTSNE")
    return neighbours(swirl)


@pytest.mark.parametrize("shape", [(500, 40), (30, 200), (7, 2)], ids=str)
def test_pca_is_that_of_scikit_learn_but_for_the_signs(shape):
    from sklearn.decomposition import PCA

    rows = (np.random.default_rng(1).normal(size=shape) * np.geomspace(9, 1, shape[1])).astype("f4")

    ours, theirs = pca(rows), PCA(2, svd_solver="full").fit_transform(rows.astype(np.float64))

    signs = np.sign((ours * theirs).sum(0))
    assert np.allclose(ours * signs, theirs, atol=1e-4)


def test_pca_has_the_same_signs_whatever_the_order_of_the_rows(swirl):
    order = np.random.default_rng(2).permutation(len(swirl))
    assert np.allclose(pca(swirl)[order], pca(swirl[order]), atol=1e-5)


def test_pca_of_one_number_lies_on_a_line():
    assert pca(np.array([[1.0], [3.0]], np.float32)).tolist() == [[-1, 0], [1, 0]]


def test_equal_rows_lie_in_one_place():
    assert not pca(np.ones((5, 3), np.float32)).any()


def trustworthiness(rows, places, k):
    """Venna and Kaski, 2001, as its formula says it: 1 where no place has a false neighbour."""
    n, lost = len(rows), 0
    for i in range(n):
        far = np.square(rows - rows[i]).sum(1)
        near = np.square(places - places[i]).sum(1)
        others = [j for j in range(n) if j != i]
        rank = {j: place for place, j in enumerate(sorted(others, key=lambda j: far[j]), 1)}
        shown = sorted(others, key=lambda j: near[j])[:k]
        lost += sum(rank[j] - k for j in shown if rank[j] > k)
    return 1 - 2 / (n * k * (2 * n - 3 * k - 1)) * lost


def test_neighbours_stay_beside_each_other_better_than_by_pca_or_chance(swirl, arranged):
    from sklearn.manifold import trustworthiness as reference

    chance = np.random.default_rng(3).normal(size=(len(swirl), 2))
    found = {
        name: trustworthiness(swirl.astype(float), places.astype(float), 10)
        for name, places in [("ours", arranged), ("pca", pca(swirl)), ("chance", chance)]
    }

    assert found["ours"] == pytest.approx(reference(swirl, arranged, n_neighbors=10), abs=1e-3)
    assert found["ours"] > 0.97
    assert found["ours"] > found["pca"] + 0.05 > found["chance"] + 0.1


def test_the_same_rows_give_the_same_map(swirl, arranged):
    assert np.array_equal(neighbours(swirl), arranged)


def test_it_tells_how_far_it_is(swirl):
    pytest.importorskip("openTSNE")
    said = []

    neighbours(swirl[:60], said.append)

    assert said[0] == "looking for the nearest of each"
    assert said[-1] == "arranging, step 750 of 750"
    steps = [int(one.split()[2]) for one in said[1:]]
    assert steps == sorted(steps)
