"""Embeddings in clusters, and what a query must not see."""

import numpy as np
import pytest


@pytest.fixture(scope="session")
def clustered():
    """n rows of unit length, 5 to a class more or less, of classes that overlap."""

    def draw(n, d=12, seed=0, spread=0.9):
        rng = np.random.default_rng(seed)
        centres = np.random.default_rng(99).normal(size=(max(n // 5, 1), d))
        rows = centres[rng.integers(0, len(centres), n)] + spread * rng.normal(size=(n, d))
        return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)

    return draw
