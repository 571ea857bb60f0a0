"""Scoring 5,000 queries against 5,000 gallery images of 512 numbers, beside a bare FAISS search."""

import statistics
import time
from collections.abc import Callable

import faiss
import numpy as np

from atarimae.predict.search import search
from atarimae.score.intervals import interval
from atarimae.tasks.retrieve.metrics import K, scores
from atarimae.tasks.retrieve.ranking import ranking
from atarimae.types import Floats, Score
from bench.ratio import Ratio

IMAGES, WIDTH, CLASSES, ROUNDS = 5_000, 512, 1_000, 5
TARGET = "≤ 1.3×"


def measure() -> list[Ratio]:
    """Search and all metrics against `IndexFlatIP.search`, alternating, medians of 5."""
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(IMAGES, WIDTH)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    classes = [f"class {i}" for i in rng.integers(0, CLASSES, IMAGES)]
    vendors = [f"vendor {i}" for i in rng.integers(0, 4, IMAGES)]
    index = faiss.IndexFlatIP(WIDTH)
    index.add(vectors)
    ours, sourced, bare = _alternate(
        lambda: _scored(vectors, classes, [""] * IMAGES),
        lambda: _scored(vectors, classes, vendors),
        lambda: index.search(vectors, K),
    )
    began = time.perf_counter()
    for score in _scored(vectors, classes, vendors):
        interval(score)
    intervals = time.perf_counter() - began - sourced
    size = f"{IMAGES:,} × {IMAGES:,} × {WIDTH}, k = {K}, {faiss.omp_get_max_threads()} threads"
    apart = f"{size}; intervals of all metrics apart: {max(intervals, 0):.2f} s"
    return [
        Ratio("scoring / FAISS flat search", ours, bare, "s", TARGET, 1.3 * bare, apart),
        Ratio("scoring, own source left out / FAISS", sourced, bare, "s", TARGET, 1.3 * bare, size),
    ]


def _scored(vectors: Floats, classes: list[str], sources: list[str]) -> list[Score]:
    paths = [f"photos/{i}.png" for i in range(len(vectors))]
    match, similarity = search(
        vectors,
        vectors,
        K,
        query_ids=paths,
        gallery_ids=paths,
        query_sources=sources,
        gallery_sources=sources,
    )
    found = ranking(
        match,
        similarity,
        query_labels=classes,
        query_sources=sources,
        keys=paths,
        query_ids=paths,
        gallery_labels=classes,
        gallery_sources=sources,
        gallery_ids=paths,
    )
    return scores(found, threshold=0.1)


def _alternate(*ways: Callable[[], object]) -> list[float]:
    """The median seconds of each way, taken in turns so that all meet the same machine."""
    taken: list[list[float]] = [[] for _ in ways]
    for _ in range(ROUNDS + 1):  # the first round warms up
        for way, seconds in zip(ways, taken, strict=True):
            began = time.perf_counter()
            way()
            seconds.append(time.perf_counter() - began)
    return [statistics.median(seconds[1:]) for seconds in taken]
