"""Exact search by inner product: no N×N matrix, no torch, ties ordered by gallery position.

FAISS computes in float32, where the order of two close similarities depends on where their rows
happen to lie. So a few more than k are fetched, close ones are computed again in float64, and
where even that leaves the k-th place open (a gallery of many equal images) the whole row is.
The gallery's rows are never copied, so they may be memory-mapped.
"""

from collections.abc import Iterator, Sequence
from copy import copy
from dataclasses import dataclass

import numpy as np

from atarimae.predict.pieces import LARGE, MANY, Order, fetched
from atarimae.predict.ties import again, are_close, blocks, reach, search_whole, sorted_by
from atarimae.types import Bools, Floats, Ints

Names = Sequence[str | None]

SPARE = 4  # fetched beyond k, so that what follows the k-th place is known
TIERS = (1, 4, 16, 64, LARGE)  # up to so many hidden rows are fetched and dropped
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


class Numbered:
    """Names of m rows as numbers, -1 for none, and how often each occurs."""

    def __init__(self, names: Names | None, m: int) -> None:
        self._number = {name: i for i, name in enumerate(dict.fromkeys(names or ())) if name}
        self.numbers = self.of(names, m)
        self.counts = np.bincount(self.numbers[self.numbers >= 0])

    def of(self, names: Names | None, n: int) -> Ints:
        """Equal names as equal numbers; -1 for none, and for those that no row has."""
        if names is None:
            return np.full(n, -1, np.int64)
        return np.fromiter((self._number.get(name or "", -1) for name in names), np.int64, n)

    def occurrences(self, numbers: Ints) -> Ints:
        """How many rows have each number, 0 for -1."""
        return np.append(self.counts, 0)[numbers]


class Gallery:
    """Rows to be searched, prepared once: it is known which of them each source has."""

    def __init__(
        self,
        rows: Floats,
        ids: Names | Numbered | None = None,
        sources: Names | Numbered | None = None,
    ) -> None:
        self.rows = np.ascontiguousarray(rows, np.float32)
        squares = np.einsum("md,md->m", self.rows, self.rows)
        self.longest = float(np.sqrt(np.fmax.reduce(squares, initial=0)))  # fmax passes NaN by
        self.ids, self.sources = _numbered(ids, len(rows)), _numbered(sources, len(rows))
        self._order = Order(self.rows, self.sources.numbers, None)

    def __len__(self) -> int:
        return len(self._order)

    def among(self, positions: Ints) -> "Gallery":
        """The same gallery, where only the rows at some positions, rising, can be found."""
        part = copy(self)
        part._order = Order(self.rows, self.sources.numbers, positions)
        return part

    def search(
        self, queries: Floats, k: int, *, ids: Names | None = None, sources: Names | None = None
    ) -> tuple[Ints, Floats]:
        """As `search`; `ids` and `sources` are the queries' own."""
        hidden = _Hidden(
            self.ids.of(ids, len(queries)), self.ids.numbers,
            self.sources.of(sources, len(queries)), self.sources.numbers,
        )  # fmt: skip
        sides = _Sides(np.ascontiguousarray(queries, np.float32), self, self._order, hidden)
        match = np.full((len(queries), k), -1, np.int64)
        similarity = np.full((len(queries), k), -np.inf, np.float32)
        at_once = ROWS if self._order.as_they_lie else MANY
        if len(self) and k:
            for rows, left_out, extra in _plan(sides):
                for some in blocks(np.arange(len(rows)), at_once):
                    _search(sides, rows[some], left_out[some], extra, match, similarity)
        return match, similarity


def _numbered(names: Names | Numbered | None, m: int) -> Numbered:
    return names if isinstance(names, Numbered) else Numbered(names, m)


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
    order: Order
    hidden: _Hidden


def _plan(sides: _Sides) -> Iterator[tuple[Ints, Ints, int]]:
    """Queries that are searched alike: which, the source that each leaves out, and how many
    hidden rows to expect beside it.

    A small source is fetched and dropped; a large one (else -1) is left out beforehand.
    """
    gallery, hidden = sides.gallery, sides.hidden
    of_source = gallery.sources.occurrences(hidden.query_sources)
    large = of_source > LARGE
    left_out = np.where(large, hidden.query_sources, -1)
    expected = gallery.ids.occurrences(hidden.query_ids) + np.where(large, 0, of_source)
    tiers = np.searchsorted((0, *TIERS), expected)
    for tier in np.unique(tiers):
        rows = np.flatnonzero(tiers == tier)
        yield rows, left_out[rows], int(expected[rows].max())


def _search(
    sides: _Sides, rows: Ints, left_out: Ints, extra: int, match: Ints, similarity: Floats
) -> None:
    """Fill `rows` of `match` and `similarity`."""
    k, queries, gallery = match.shape[1], sides.queries[rows], sides.gallery
    found, positions, floor = fetched(sides.order, queries, left_out, k + SPARE + extra)
    found[sides.hidden.mask(rows, positions)] = -np.inf
    falling = np.argsort(-found, axis=1, kind="stable")
    found = np.take_along_axis(found, falling, 1)
    positions = np.take_along_axis(positions, falling, 1)
    if found.shape[1] > k + SPARE:
        floor = np.maximum(floor, found[:, k + SPARE])
        found, positions = found[:, : k + SPARE], positions[:, : k + SPARE]
    far = reach(queries, gallery.longest)
    close = np.flatnonzero(are_close(found[:, : k + 1], far))
    for block in blocks(close, BLOCK // queries.shape[1] // (k + SPARE)):
        exact = again(gallery.rows, queries[block], positions[block], found[block])
        found[block], positions[block] = sorted_by(exact, positions[block])
    width = min(k, found.shape[1])
    match[rows, :width] = np.where(found > -np.inf, positions, -1)[:, :width]
    similarity[rows, :width] = found[:, :width]
    is_open = (floor > -np.inf) & (found[:, width - 1] <= floor + 2 * far)
    for block in blocks(rows[is_open], BLOCK // len(gallery.rows)):
        hides = sides.hidden.mask(block, np.arange(len(gallery.rows))[None])
        hides |= ~sides.order.there
        match[block], similarity[block] = search_whole(gallery.rows, sides.queries[block], k, hides)
