"""What a backend misses: its recall against the exact search, under each filter, and its time."""

import statistics
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import cast

import numpy as np

from atarimae.predict.index.catalogue import Catalogue
from atarimae.predict.index.parts import ROWS
from atarimae.predict.search import Names
from atarimae.types import ALL, Floats, Index, Ints, Only, Progress, silent

K = 20
QUERIES = 200
ALONE = 50  # of them are asked one at a time, for the latency
NAMED = 3  # of the largest sources and labels, as filters
NONE = "none"
DIGITS = 1e-6  # of both lengths; closer similarities are equal: some of the exact are in float32


@dataclass(frozen=True, eq=False)
class Queries:
    """Rows (n, d) to ask with, their images and sources, and where they come from, in words."""

    rows: Floats
    ids: Names
    sources: Names
    said: str


@dataclass(frozen=True)
class Recall:
    """Of the exact K nearest, the share that was found: the mean over the queries.

    What is as near as the K-th counts as found, whichever of equals it is. The milliseconds are
    the median of queries asked one at a time.
    """

    filter: str
    queries: int
    recall: float
    milliseconds: float

    def as_dict(self) -> Mapping[str, str | int | float]:
        """JSON values."""
        return asdict(self)


def approximate(index: Index) -> Mapping[str, str | float]:
    """What a score's convention says of an index that is not searched exactly."""
    if not index.finder:
        return {}
    measured = cast(list[dict[str, float]], index.finder.get("recall") or [{}])
    said = {f"recall@{K} of the index": measured[0]["recall"]} if measured[0] else {}
    return {"index": str(index.finder["kind"]), **said}


def sampled(index: Index, said: str) -> tuple[Ints, Queries]:
    """Positions drawn by seed 0, at most a tenth of all, and the queries that they make."""
    count = min(QUERIES, len(index) // 10)
    picked = np.sort(np.random.default_rng(0).permutation(len(index))[:count])
    files = [index.files[position] for position in picked]
    rows = np.asarray(index.arrays[ROWS][picked], np.float32)
    ids, sources = [file.image for file in files], [file.source for file in files]
    return picked, Queries(rows, ids, sources, f"{count} {said}")


def measured(
    catalogue: Catalogue,
    queries: Queries,
    exact: Catalogue | None = None,
    *,
    every: bool = True,
    progress: Progress = silent,
) -> list[Recall]:
    """Against the exact search of the same images; under `every` filter, or none alone.

    A query's own image is hidden from it always. `exact` has the same images with their rows,
    where the catalogue lacks those.
    """
    exact = exact or catalogue
    filters = list(_filters(catalogue.index, queries)) if every else [(NONE, False, ALL)]
    found = []
    for number, (name, own_source, only) in enumerate(filters):
        progress(number, len(filters), "recall")
        sources = queries.sources if own_source else None
        found.append(_measured(catalogue, exact, queries, name, sources, only))
    return found


def latency(catalogue: Catalogue, queries: Queries, only: Only = ALL) -> float:
    """The median milliseconds of queries asked one at a time, as a server is asked."""
    taken = []
    for row in range(min(ALONE, len(queries.rows))):
        began = time.perf_counter()
        catalogue.search(queries.rows[row : row + 1], K, only=only)
        taken.append((time.perf_counter() - began) * 1000)
    return statistics.median(taken) if taken else 0.0


def _filters(index: Index, queries: Queries) -> Iterator[tuple[str, bool, Only]]:
    """By name; whether the own source is left out; what is searched among."""
    yield NONE, False, ALL
    if any(queries.sources):
        yield "own source left out", True, ALL
    sources: Sequence[str] = [file.source for file in index.files if file.source]
    for name, _ in Counter(sources).most_common(NAMED):
        yield f"source {name}", False, Only(sources=(name,))
    for name, _ in Counter(filter(None, index.labels)).most_common(NAMED):
        yield f"label {name}", False, Only(labels=(name,))


def _measured(
    catalogue: Catalogue,
    exact: Catalogue,
    queries: Queries,
    name: str,
    sources: Names | None,
    only: Only,
) -> Recall:
    asked = {"ids": queries.ids, "sources": sources}
    _, wanted = exact.search_exactly(queries.rows, K, only=only, **asked)
    _, found = catalogue.search(queries.rows, K, only=only, **asked)
    there = (wanted > -np.inf).sum(axis=1)
    last = np.take_along_axis(wanted, np.maximum(there - 1, 0)[:, None], 1)
    lengths = np.linalg.norm(queries.rows, axis=1, keepdims=True)  # of gallery rows, too
    same = DIGITS * lengths * lengths.max(initial=0)
    hits = ((found > -np.inf) & (found >= last - same)).sum(axis=1)
    some = there > 0
    share = float((hits[some] / there[some]).mean()) if some.any() else 1.0
    return Recall(
        name, int(some.sum()), round(share, 4), round(latency(catalogue, queries, only), 3)
    )
