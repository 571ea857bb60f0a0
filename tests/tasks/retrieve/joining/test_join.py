"""What joining fits."""

import numpy as np
import pytest

from atarimae.tasks.retrieve.joining.join import reduction


@pytest.mark.parametrize(("n", "d"), [(40, 9), (9, 40), (2, 5)])
def test_reduction_is_pca_of_fewer_or_more_rows_than_columns(n: int, d: int) -> None:
    rows = np.random.default_rng(n).normal(3, 1, (n, d)).astype(np.float32)
    arrays = reduction(rows, 4)
    kept = min(4, n - 1, d)
    assert arrays["matrix"].shape == (d, kept)
    centred = rows - rows.mean(0)
    _, lengths, axes = np.linalg.svd(centred, full_matrices=False)
    assert arrays["matrix"].T @ arrays["matrix"] == pytest.approx(np.eye(kept), abs=1e-5)
    assert np.abs(axes[:kept] @ arrays["matrix"]) == pytest.approx(np.eye(kept), abs=1e-3)
    moved = (rows - arrays["mean"]) @ arrays["matrix"]
    assert np.linalg.norm(moved, axis=0) == pytest.approx(lengths[:kept], rel=1e-4)
