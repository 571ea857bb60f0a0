"""Searching 100,000 clustered embeddings: exact beside a bare FAISS search, and by an index."""

import statistics
import time
from collections.abc import Callable

import faiss
import numpy as np

from atarimae.predict.index import ROWS, Catalogue, Wish, chosen
from atarimae.predict.index.recall import K
from atarimae.types import File, Floats, Index
from bench.ratio import Ratio

IMAGES, WIDTH, CENTRES, QUERIES, ROUNDS = 100_000, 512, 2_000, 1_000, 5
SPREAD = 0.8  # of a row around its centre, as a share of the centre's length
ALONE = 200  # queries asked one at a time
TARGET = "≤ 1.1×"


def measure() -> list[Ratio]:
    """All queries at once, exactly; then one at a time, with each kind of index."""
    rows, queries = _rows(IMAGES, 0), _rows(QUERIES, 1)
    files = tuple(File(f"photos/{n:06d}.jpg", f"{n:064x}") for n in range(IMAGES))
    known = Index(files, tuple(f"class {n % CENTRES}" for n in range(IMAGES)), {ROWS: rows})
    flat = faiss.IndexFlatIP(WIDTH)
    flat.add(rows)
    exact = Catalogue.made(known, "exact")
    ours, bare = _alternate(
        lambda: exact.search(queries, K), lambda: flat.search(queries, K), rounds=ROUNDS
    )
    size = f"{QUERIES:,} × {IMAGES:,} × {WIDTH}, k = {K}, {faiss.omp_get_max_threads()} threads"
    row = "index, exact / FAISS flat search"
    ratios = [Ratio(row, ours, bare, "s", TARGET, 1.1 * bare, size)]
    return [*ratios, *(_approximate(kind, known, flat, queries) for kind in ("hnsw", "ivfpq"))]


def _approximate(kind: str, known: Index, flat: "faiss.IndexFlatIP", queries: Floats) -> Ratio:
    began = time.perf_counter()
    found = chosen(known, Wish(kind))
    built = time.perf_counter() - began
    places = iter(range(10 * ALONE))
    ours, bare = _alternate(
        lambda: found.catalogue.search(_one(queries, next(places)), K),
        lambda: flat.search(_one(queries, next(places)), K),
        rounds=ALONE,
    )
    note = (
        f"recall@{K} {found.recall[0].recall:.4f} at effort {found.tried[-1].effort}, "
        f"with {found.queries}; built, tried and measured in {built:.0f} s; "
        f"1 × {IMAGES:,} × {WIDTH}"
    )
    row = f"index, {kind} / FAISS flat search"
    return Ratio(row, ours * 1000, bare * 1000, "ms", "< peer", bare * 1000, note)


def _rows(n: int, seed: int) -> Floats:
    """Unit vectors around the same centres; galleries and queries differ by the seed."""
    centres = np.random.default_rng(0).normal(size=(CENTRES, WIDTH)).astype(np.float32)
    rng = np.random.default_rng((0, seed))
    rows: Floats = SPREAD * rng.normal(size=(n, WIDTH)).astype(np.float32)
    rows += centres[rng.integers(0, CENTRES, n)]
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)


def _one(queries: Floats, place: int) -> Floats:
    one: Floats = queries[place % len(queries)][None]
    return one


def _alternate(*ways: Callable[[], object], rounds: int) -> list[float]:
    """The median seconds of each way, taken in turns so that all meet the same machine."""
    taken: list[list[float]] = [[] for _ in ways]
    for _ in range(rounds + 1):  # the first round warms up
        for way, seconds in zip(ways, taken, strict=True):
            began = time.perf_counter()
            way()
            seconds.append(time.perf_counter() - began)
    return [statistics.median(seconds[1:]) for seconds in taken]
