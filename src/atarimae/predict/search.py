"""Exact search by inner product: no N×N matrix, no torch, ties ordered by gallery position.

FAISS computes in float32, where the order of two close similarities depends on where their rows
happen to lie. So a few more than k are fetched, close ones are computed again in float64, and
where even that leaves the k-th place open (a gallery of many equal images) the whole row is.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np

from atarimae.types import Bools, Floats, Ints

Names = Sequence[str | None]

SPARE = 4  # fetched beyond k, so that what follows the k-th place is known
TIERS = (1, 4, 16, 64, 128)  # up to so many hidden rows are fetched and dropped
FEW = 4  # queries
ROWS = 4096  # queries at once, as FAISS itself does
BLOCK = 1 << 22  # numbers held at once where similarities are computed again: 32 MB


def search(
    queries: Floats,
    gallery: Floats,
    k: int,
    *,
    query_ids: Names | None = None,
    gallery_ids: Names | None = None,
    query_sources: Names | None = None,
    gallery_sources: Names | None = None,
) -> tuple[Ints, Floats]:
    """The k nearest rows of `gallery` (m, d) for each row of `queries` (n, d), nearest first.

    Returns gallery positions (n, k) and similarities (n, k); -1 and -inf where fewer are left.
    A query never finds a row with its own id (a file's path), nor one of its own source; None
    and "" are no id and no source. Two rows tie when their inner products, computed in float64,
    are the same float32; the tie goes to the lower gallery position. FAISS and BLAS run with as
    many threads as they are set to.
    """
    known = Gallery(gallery, gallery_ids, gallery_sources)
    both = query_ids is not None and gallery_ids is not None
    return known.search(queries, k, ids=query_ids if both else None, sources=query_sources)


class Gallery:
    """Rows to be searched, prepared once: with each large source in one piece, which a search
    can leave out whole.
    """

    def __init__(
        self, rows: Floats, ids: Names | None = None, sources: Names | None = None
    ) -> None:
        rows = np.ascontiguousarray(rows, np.float32)
        squares = np.einsum("md,md->m", rows, rows)
        self.longest = float(np.sqrt(np.fmax.reduce(squares, initial=0)))  # fmax passes NaN by
        self.ids, self.sources = _Names(ids, len(rows)), _Names(sources, len(rows))
        self.order = np.arange(len(rows))  # the gallery position of each row
        self.row_of = self.order  # and the row of each gallery position
        if self.sources.counts.max(initial=0) > TIERS[-1]:
            self.order = np.argsort(self.sources.numbers, kind="stable")
            self.row_of = np.argsort(self.order)
            rows = rows[self.order]
        self.rows = rows
        self.sorted_sources = np.sort(self.sources.numbers)

    def __len__(self) -> int:
        return len(self.rows)

    def search(
        self, queries: Floats, k: int, *, ids: Names | None = None, sources: Names | None = None
    ) -> tuple[Ints, Floats]:
        """As `search`; `ids` and `sources` are the queries' own."""
        hidden = _Hidden(
            self.ids.of(ids, len(queries)), self.ids.numbers,
            self.sources.of(sources, len(queries)), self.sources.numbers,
        )  # fmt: skip
        sides = _Sides(np.ascontiguousarray(queries, np.float32), self, hidden)
        match = np.full((len(queries), k), -1, np.int64)
        similarity = np.full((len(queries), k), -np.inf, np.float32)
        if len(self) and k:
            for rows, pieces, extra in _plan(sides):
                for block in _blocks(rows, ROWS):
                    _search(sides, block, pieces, extra, match, similarity)
        return match, similarity


class _Names:
    """The gallery's ids or sources as numbers, -1 for none, and how often each occurs."""

    def __init__(self, names: Names | None, m: int) -> None:
        self._number = {name: i for i, name in enumerate(dict.fromkeys(names or ())) if name}
        self.numbers = self.of(names, m)
        self.counts = np.bincount(self.numbers[self.numbers >= 0])

    def of(self, names: Names | None, n: int) -> Ints:
        """Equal names as equal numbers; -1 for none, and for those that the gallery lacks."""
        if names is None:
            return np.full(n, -1, np.int64)
        return np.fromiter((self._number.get(name or "", -1) for name in names), np.int64, n)

    def occurrences(self, numbers: Ints) -> Ints:
        """How many gallery rows have each number, 0 for -1."""
        return np.append(self.counts, 0)[numbers]


@dataclass(frozen=True)
class _Hidden:
    """Ids and sources as numbers, -1 for none: equal numbers hide a gallery row from a query."""

    query_ids: Ints
    gallery_ids: Ints
    query_sources: Ints
    gallery_sources: Ints

    def mask(self, rows: Ints, positions: Ints) -> Bools:
        """Whether each gallery position, (rows, any) or (1, any), is hidden from the query."""
        own, source = self.query_ids[rows, None], self.query_sources[rows, None]
        same = (own >= 0) & (self.gallery_ids[positions] == own)
        same |= (source >= 0) & (self.gallery_sources[positions] == source)
        return np.asarray(same)


@dataclass(frozen=True)
class _Sides:
    queries: Floats
    gallery: Gallery
    hidden: _Hidden


def _plan(sides: _Sides) -> Iterator[tuple[Ints, list[tuple[int, int]], int]]:
    """Queries that are searched alike: which, in which pieces, how many hidden rows to expect.

    A small source is fetched and dropped; a large one is left out by searching the pieces of
    the gallery before and after it.
    """
    gallery, hidden = sides.gallery, sides.hidden
    of_source = gallery.sources.occurrences(hidden.query_sources)
    whole, large = [(0, len(gallery))], of_source > TIERS[-1]
    expected = gallery.ids.occurrences(hidden.query_ids) + np.where(large, 0, of_source)
    tiers = np.searchsorted((0, *TIERS), expected)
    for tier in np.unique(tiers[~large]):
        rows = np.flatnonzero((tiers == tier) & ~large)
        yield rows, whole, int(expected[rows].max())
    ordered = gallery.sorted_sources
    for source in np.unique(hidden.query_sources[large]):
        rows = np.flatnonzero(hidden.query_sources == source)
        start, stop = np.searchsorted(ordered, [source, source + 1])
        yield rows, [(0, int(start)), (int(stop), len(ordered))], int(expected[rows].max())


def _search(
    sides: _Sides,
    rows: Ints,
    pieces: list[tuple[int, int]],
    extra: int,
    match: Ints,
    similarity: Floats,
) -> None:
    """Fill `rows` of `match` and `similarity` from the pieces of the gallery."""
    k = match.shape[1]
    found, positions, floor = _fetch(sides, rows, pieces, k + SPARE + extra)
    found[sides.hidden.mask(rows, positions)] = -np.inf
    falling = np.argsort(-found, axis=1, kind="stable")
    found = np.take_along_axis(found, falling, 1)
    positions = np.take_along_axis(positions, falling, 1)
    if found.shape[1] > k + SPARE:
        floor = np.maximum(floor, found[:, k + SPARE])
        found, positions = found[:, : k + SPARE], positions[:, : k + SPARE]
    reach = _reach(sides, rows)
    close = _are_close(found[:, : k + 1], reach)
    for block in _blocks(np.flatnonzero(close), BLOCK // sides.queries.shape[1] // (k + SPARE)):
        again = _again(sides, rows[block], positions[block], found[block])
        found[block], positions[block] = _ordered(again, positions[block])
    width = min(k, found.shape[1])
    match[rows, :width] = np.where(found > -np.inf, positions, -1)[:, :width]
    similarity[rows, :width] = found[:, :width]
    is_open = (floor > -np.inf) & (found[:, width - 1] <= floor + 2 * reach)
    for block in _blocks(rows[is_open], BLOCK // len(sides.gallery.rows)):
        _search_whole(sides, block, match, similarity)


def _fetch(
    sides: _Sides, rows: Ints, pieces: list[tuple[int, int]], count: int
) -> tuple[Floats, Ints, Floats]:
    """The `count` nearest of each piece, and the similarity that nothing left out exceeds."""
    import faiss  # 0.1 s: only where there is something to search

    queries = sides.queries[rows]
    similarities, positions = (
        [np.zeros((len(rows), 0), np.float32)],
        [np.zeros((len(rows), 0), int)],
    )
    floor = np.full(len(rows), -np.inf, np.float32)
    for start, stop in pieces:
        if stop == start:
            continue
        piece, here = sides.gallery.rows[start:stop], min(count, stop - start)
        with _threads_for(len(queries)):
            found, where = faiss.knn(queries, piece, here, metric=faiss.METRIC_INNER_PRODUCT)
        found[where < 0] = -np.inf
        if here < stop - start:
            floor = np.maximum(floor, found[:, -1])
        similarities.append(found)
        positions.append(sides.gallery.order[where + start])
    return np.concatenate(similarities, axis=1), np.concatenate(positions, axis=1), floor


@contextmanager
def _threads_for(queries: int) -> Iterator[None]:
    """One thread for a question or two: to wake others takes longer than the search."""
    import faiss

    threads = faiss.omp_get_max_threads()
    if queries > FEW or threads == 1:
        yield
        return
    faiss.omp_set_num_threads(1)
    try:
        yield
    finally:
        faiss.omp_set_num_threads(threads)


def _ordered(similarities: Floats, positions: Ints) -> tuple[Floats, Ints]:
    """Each row by falling similarity, equal ones by position."""
    order = np.lexsort((positions, -similarities), axis=1)
    return np.take_along_axis(similarities, order, 1), np.take_along_axis(positions, order, 1)


def _reach(sides: _Sides, rows: Ints) -> Floats:
    """How far apart float32 similarities may be and still be in the wrong order, per query.

    The rounding error of an inner product of d terms grows with sqrt(d) and both lengths.
    """
    lengths = np.linalg.norm(sides.queries[rows], axis=1)
    longest = sides.gallery.longest
    return np.asarray(2**-22 * np.sqrt(sides.queries.shape[1]) * lengths * longest, np.float32)


def _are_close(similarities: Floats, reach: Floats) -> Bools:
    """Rows where two neighbours are within reach, so that float32 doesn't settle their order."""
    with np.errstate(invalid="ignore"):  # -inf minus -inf
        gaps = similarities[:, :-1] - similarities[:, 1:]
    return np.asarray((gaps <= reach[:, None]).any(axis=1))


def _again(sides: _Sides, rows: Ints, positions: Ints, found: Floats) -> Floats:
    """The similarities computed in float64, rounded to float32."""
    near = sides.gallery.rows[sides.gallery.row_of[positions]].astype(np.float64)
    exact = (near @ sides.queries[rows].astype(np.float64)[:, :, None])[:, :, 0]
    return np.where(found > -np.inf, exact.astype(np.float32), -np.inf).astype(np.float32)


def _search_whole(sides: _Sides, rows: Ints, match: Ints, similarity: Floats) -> None:
    """Fill `rows` from all similarities in float64: dear, and right however many are tied."""
    m, k = len(sides.gallery.rows), match.shape[1]
    queries = sides.queries[rows].astype(np.float64)
    found = np.empty((len(rows), m), np.float32)
    for some in _blocks(np.arange(m), BLOCK // queries.shape[1]):
        found[:, sides.gallery.order[some]] = queries @ sides.gallery.rows[some].astype(float).T
    found[sides.hidden.mask(rows, np.arange(m)[None])] = -np.inf
    for row, line in zip(rows, np.nan_to_num(found, nan=-np.inf, neginf=-np.inf), strict=True):
        least = np.partition(line, max(m - k, 0))[max(m - k, 0)]
        best = np.flatnonzero(line >= least)
        best = best[np.argsort(-line[best], kind="stable")][:k]
        similarity[row, : len(best)] = line[best]
        match[row, : len(best)] = np.where(line[best] > -np.inf, best, -1)


def _blocks(numbers: Ints, size: int) -> Iterator[Ints]:
    for start in range(0, len(numbers), max(size, 1)):
        yield numbers[start : start + max(size, 1)]
