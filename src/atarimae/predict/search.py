"""Exact search by inner product: no N×N matrix, no torch, ties ordered by gallery position.

FAISS computes in float32, where the order of two close similarities depends on where their rows
happen to lie. So a few more than k are fetched, close ones are computed again in float64, and
where even that leaves the k-th place open (a gallery of many equal images) the whole row is.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from atarimae.types import Bools, Floats, Ints

Names = Sequence[str | None]

SPARE = 2  # fetched beyond k, so that what follows the k-th place is known
TIERS = (1, 4, 16, 64, 256)  # up to so many hidden rows are fetched and dropped
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
    hidden = _Hidden(
        *_numbers(query_ids, gallery_ids, len(queries), len(gallery)),
        *_numbers(query_sources, gallery_sources, len(queries), len(gallery)),
    )
    sides = _Sides(np.ascontiguousarray(queries, np.float32), _by_source(gallery, hidden), hidden)
    match = np.full((len(queries), k), -1, np.int64)
    similarity = np.full((len(queries), k), -np.inf, np.float32)
    if len(gallery) and k:
        for rows, pieces, extra in _plan(hidden):
            for block in _blocks(rows, ROWS):
                _search(sides, block, pieces, extra, match, similarity)
    return match, similarity


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
class _Gallery:
    rows: Floats
    order: Ints  # the gallery position of each row
    row_of: Ints  # and the row of each gallery position
    longest: float  # the greatest length of a row


@dataclass(frozen=True)
class _Sides:
    queries: Floats
    gallery: _Gallery
    hidden: _Hidden


def _numbers(queries: Names | None, gallery: Names | None, n: int, m: int) -> tuple[Ints, Ints]:
    """Equal names as equal numbers on both sides; -1 for none."""
    if queries is None or gallery is None:
        return np.full(n, -1, np.int64), np.full(m, -1, np.int64)
    number = {name: i for i, name in enumerate(dict.fromkeys(gallery)) if name}
    return (
        np.fromiter((number.get(name or "", -1) for name in queries), np.int64, n),
        np.fromiter((number.get(name or "", -1) for name in gallery), np.int64, m),
    )


def _by_source(gallery: Floats, hidden: _Hidden) -> _Gallery:
    """The gallery with each large source in one piece, which a search can leave out whole."""
    rows = np.ascontiguousarray(gallery, np.float32)
    squares = np.einsum("md,md->m", rows, rows)
    longest = float(np.sqrt(np.fmax.reduce(squares, initial=0)))  # fmax passes NaN by
    order = np.arange(len(rows))
    if _counts(hidden.gallery_sources).max(initial=0) <= TIERS[-1]:
        return _Gallery(rows, order, order, longest)
    order = np.argsort(hidden.gallery_sources, kind="stable")
    return _Gallery(rows[order], order, np.argsort(order), longest)


def _plan(hidden: _Hidden) -> Iterator[tuple[Ints, list[tuple[int, int]], int]]:
    """Queries that are searched alike: which, in which pieces, how many hidden rows to expect.

    A small source is fetched and dropped; a large one is left out by searching the pieces of
    the gallery before and after it.
    """
    of_source = _looked_up(_counts(hidden.gallery_sources), hidden.query_sources)
    of_id = _looked_up(_counts(hidden.gallery_ids), hidden.query_ids)
    whole, large = [(0, len(hidden.gallery_ids))], of_source > TIERS[-1]
    expected = of_id + np.where(large, 0, of_source)
    tiers = np.searchsorted((0, *TIERS), expected)
    for tier in np.unique(tiers[~large]):
        rows = np.flatnonzero((tiers == tier) & ~large)
        yield rows, whole, int(expected[rows].max())
    ordered = np.sort(hidden.gallery_sources)
    for source in np.unique(hidden.query_sources[large]):
        rows = np.flatnonzero(hidden.query_sources == source)
        start, stop = np.searchsorted(ordered, [source, source + 1])
        yield rows, [(0, int(start)), (int(stop), len(ordered))], int(expected[rows].max())


def _counts(numbers: Ints) -> Ints:
    return np.bincount(numbers[numbers >= 0])


def _looked_up(counts: Ints, numbers: Ints) -> Ints:
    """How often each number occurs, 0 for none."""
    return np.append(counts, 0)[numbers]


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
        found, where = faiss.knn(queries, piece, here, metric=faiss.METRIC_INNER_PRODUCT)
        found[where < 0] = -np.inf
        if here < stop - start:
            floor = np.maximum(floor, found[:, -1])
        similarities.append(found)
        positions.append(sides.gallery.order[where + start])
    return np.concatenate(similarities, axis=1), np.concatenate(positions, axis=1), floor


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
