"""Embeddings in clusters; and a small gallery of which queries are a part."""

from dataclasses import dataclass

import numpy as np
import pytest

from atarimae.tasks.retrieve.rank.view import Asked, Plain


@pytest.fixture(scope="session")
def clustered():
    """n rows of unit length, 5 to a class more or less, of classes that overlap."""

    def draw(n, d=12, seed=0, spread=0.9):
        rng = np.random.default_rng(seed)
        centres = np.random.default_rng(99).normal(size=(max(n // 5, 1), d))
        rows = centres[rng.integers(0, len(centres), n)] + spread * rng.normal(size=(n, d))
        return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)

    return draw


@dataclass(frozen=True)
class World:
    """Rows of eight classes; each query's own image is in the gallery, and its source, if any."""

    rows: np.ndarray
    labels: list[str]
    ids: list[str]
    sources: list[str | None]
    asked: Asked

    @property
    def plain(self) -> Plain:
        return Plain(self.rows, self.ids, self.sources)

    def may_see(self, query: int) -> list[int]:
        """Gallery positions that are not hidden from a query, one by one."""
        own, source = self.asked.ids[query], self.asked.sources[query]
        return [
            position
            for position in range(len(self.rows))
            if not (own and self.ids[position] == own)
            and not (source and self.sources[position] == source)
        ]


@pytest.fixture(params=["sources", "no sources", "nothing hidden"])
def world(request: pytest.FixtureRequest) -> World:
    random = np.random.default_rng(5)
    centres = random.normal(size=(8, 12))
    labels = [str(number % 8) for number in range(42)]
    rows = centres[np.arange(42) % 8] + random.normal(size=(42, 12)) * 0.9
    rows = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    labels[7] = labels[23] = ""
    ids = [f"image {number % 38}" for number in range(42)]  # four images lie in two files
    by_vendor = [f"vendor {number // 11}" if number % 10 else None for number in range(42)]
    sources = by_vendor if request.param == "sources" else [None] * 42
    chosen = list(range(0, 42, 3))
    hides = request.param != "nothing hidden"
    asked = Asked(
        rows[chosen],
        [ids[row] if hides else "" for row in chosen],
        [sources[row] if hides else None for row in chosen],
    )
    return World(rows, labels, ids, sources, asked)
