"""Local features travel beside the embedding in one array, which is taken apart again."""

import numpy as np
import pytest

from atarimae.predict.unit import embeddings
from atarimae.tasks.retrieve.cells import described, fit_described, packed, unpacked
from atarimae.tasks.retrieve.whitening import learned
from atarimae.types import Rows


def drawn(n=5, d=7, side=3, numbers=4, seed=0):
    rng = np.random.default_rng(seed)
    shapes = (n, d), (n, side**2, numbers)
    return [rng.normal(size=shape).astype(np.float32) for shape in shapes]


@pytest.mark.parametrize(("d", "side", "numbers"), [(7, 3, 4), (512, 2, 3), (2, 16, 5)])
def test_what_is_packed_is_unpacked(d: int, side: int, numbers: int) -> None:
    rows, cells = drawn(5, d, side, numbers)
    outputs = packed(rows, cells)
    assert outputs.shape == (5, 1 + -(-(2 + side**2 * numbers) // d), d)
    for kind in (list(outputs), Rows(outputs)):
        np.testing.assert_array_equal(np.stack(embeddings(kind)), rows)
        found = unpacked(kind, [3, 0])
        assert found.dtype == np.float16
        np.testing.assert_array_equal(found, cells[[3, 0]].astype(np.float16))
    np.testing.assert_array_equal(embeddings(outputs), rows)


def test_embeddings_without_local_features_are_as_they_were() -> None:
    rows, _ = drawn()
    assert embeddings(rows) is rows
    kept = list(rows)
    assert embeddings(kept) is kept
    assert unpacked(kept, [0, 1]) is None
    assert unpacked([], []) is None


def test_what_all_cells_share_comes_out_short() -> None:
    """Paper, and one stroke: the stroke is what a picture is compared by."""
    rng = np.random.default_rng(0)
    raw = np.full((40, 9, 6), 0.5) + 0.001 * rng.normal(size=(40, 9, 6))
    raw[np.arange(40), np.arange(40) % 9] += rng.normal(size=(40, 6))
    raw = raw.astype(np.float32)
    of = np.arange(40) // 4
    arrays = fit_described(raw, of, 4)
    cells = described(raw, arrays)
    assert cells.shape == (40, 9, 4)
    lengths = np.linalg.norm(cells, axis=2)
    np.testing.assert_allclose((lengths**2).sum(axis=1), 1, atol=1e-5)
    assert (lengths.argmax(axis=1) == np.arange(40) % 9).all()
    every = raw.reshape(-1, 6)
    places = np.array([9 * of[row] + place for row in range(40) for place in range(9)])
    moved = (raw - every.mean(0)) @ learned((every - every.mean(0)).astype(float), places, 4, 0.1)
    moved /= np.sqrt((moved**2).sum(axis=(1, 2), keepdims=True))
    np.testing.assert_allclose(cells, moved, atol=1e-4)


def test_picture_of_nothing_has_cells_of_no_length() -> None:
    raw = np.zeros((3, 4, 5), np.float32)
    arrays = fit_described(raw, np.arange(3), 2)
    np.testing.assert_array_equal(described(raw, arrays), np.zeros((3, 4, 2)))
