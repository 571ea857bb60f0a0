"""Inverses of matrices of a kind, beside the usual one."""

import numpy as np
import pytest

from atarimae.score.labels.inverse import lower, positive


@pytest.mark.parametrize("size", [1, 64, 65, 300])
def test_inverse_is_the_usual_one(size):
    rows = np.random.default_rng(0).normal(size=(2 * size, size))
    square = rows.T @ rows + np.eye(size)
    root = np.linalg.cholesky(square)

    assert positive(square) == pytest.approx(np.linalg.inv(square), abs=1e-10)
    assert lower(root) == pytest.approx(np.linalg.inv(root), abs=1e-10)
    assert np.array_equal(lower(root), np.tril(lower(root)))
