"""What a re-ranking will take, told before it starts."""

import time
from collections.abc import Callable
from functools import lru_cache

import numpy as np

from atarimae.types import Floats

FIXED = 64 << 20  # bytes of the blocks that a search and a comparison work in, whatever the size


@lru_cache(maxsize=16)
def pairs_a_second(d: int) -> float:
    """How many inner products of d numbers a search computes here, timed once: some 20 ms."""
    import faiss

    rows = sample(2048, d)
    faiss.knn(rows[:256], rows, 20, metric=faiss.METRIC_INNER_PRODUCT)  # wakes the threads
    taken = seconds(lambda: faiss.knn(rows, rows, 20, metric=faiss.METRIC_INNER_PRODUCT))
    return len(rows) ** 2 / taken


def sample(count: int, d: int) -> Floats:
    """Rows of unit length about as alike as embeddings are, 10 to a class."""
    rng = np.random.default_rng(0)
    centres = rng.normal(size=(count // 10 + 1, d))
    rows = centres[np.arange(count) % len(centres)] + rng.normal(size=(count, d))
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)


def seconds(work: Callable[[], object]) -> float:
    """How long the work takes, once."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began
