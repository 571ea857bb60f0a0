"""The nearest rows of a gallery in float32, of which each query may leave a whole source out.

Where all rows may be found FAISS goes through them as they lie. Else they are put together in
pieces, each source in one, and every query passes its own by; for a query or two FAISS is told
which rows to look at instead.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import Any

import numpy as np

from atarimae.types import Bools, Floats, Ints

LARGE = 128  # rows of one source, from which on it is left out beforehand
FEW = 4  # queries
MANY = 1 << 15  # queries for which a piece is put together
PIECE = 1 << 24  # numbers: 64 MB


class Order:
    """In which order the rows are gone through, without a copy of them.

    `sources` are numbers, -1 for none; `among` are the positions that can be found, None for all.
    """

    def __init__(self, rows: Floats, sources: Ints, among: Ints | None) -> None:
        self.rows, self.sources = rows, sources
        self._among = among
        counts = np.bincount(sources[sources >= 0])
        self._has_large = bool(counts.max(initial=0) > LARGE)
        self.as_they_lie = among is None and not self._has_large

    def __len__(self) -> int:
        return len(self.rows) if self._among is None else len(self._among)

    @cached_property
    def there(self) -> Bools:
        """By position, whether the row can be found."""
        if self._among is None:
            return np.ones(len(self.rows), bool)
        there = np.zeros(len(self.rows), bool)
        there[self._among] = True
        return there

    @cached_property
    def positions(self) -> Ints:
        """The rows that can be found, each large source's beside one another."""
        there = np.arange(len(self.rows)) if self._among is None else self._among
        if not self._has_large:
            return there
        return np.asarray(there[np.argsort(self.sources[there], kind="stable")])

    def runs(self, sources: Ints) -> tuple[Ints, Ints]:
        """Where in `positions` each of these sources begins and ends; nowhere for -1."""
        nowhere = sources < 0
        begins = np.searchsorted(self._sorted_sources, sources)
        ends = np.searchsorted(self._sorted_sources, sources, side="right")
        return np.where(nowhere, 0, begins), np.where(nowhere, 0, ends)

    @cached_property
    def _sorted_sources(self) -> Ints:
        return np.asarray(self.sources[self.positions])

    def pieces(self) -> Iterator[tuple[int, Ints, Floats]]:
        """Where each begins in `positions`, its positions, and its rows."""
        step = max(PIECE // max(self.rows.shape[1], 1), 1)
        for start in range(0, len(self), step):
            where = self.positions[start : start + step]
            first, last = int(where[0]), int(where[-1])
            in_a_row = last - first == len(where) - 1 and bool((np.diff(where) == 1).all())
            yield start, where, self.rows[first : last + 1] if in_a_row else self.rows[where]


def fetched(
    order: Order, queries: Floats, left_out: Ints, count: int
) -> tuple[Floats, Ints, Floats]:
    """For each query the similarities of its `count` nearest and their positions, and what no
    similarity exceeds that was not fetched.

    `left_out` is the large source that a query passes by, -1 for none. -inf where fewer are left.
    """
    if order.as_they_lie:
        found, positions, floor = _nearest(queries, order.rows, count)
        return found, positions, floor
    if len(queries) <= FEW:
        return _told_where(order, queries, left_out, count)
    best, all_of_them = _Best(len(queries), count), np.arange(len(queries))
    begins, ends = order.runs(left_out)
    for start, where, rows in order.pieces():
        for some, begin, end in _seen(begins, ends, all_of_them, start, start + len(where)):
            if begin < end:
                part = slice(begin - start, end - start)
                fresh, at, floor = _nearest(queries[some], rows[part], count)
                best.take(some, fresh, where[part][at], floor)
    return best.found, best.positions, best.floor


def _seen(
    begins: Ints, ends: Ints, queries: Ints, start: int, stop: int
) -> Iterator[tuple[Ints, int, int]]:
    """Which queries see which rows from `start` to `stop`: all but those from `begins` to `ends`.

    Queries that leave out different sources share all but the part where these lie: half of the
    rows, a quarter, and so on.
    """
    cut = (begins[queries] < stop) & (ends[queries] > start)
    if not cut.all():
        yield queries[~cut], start, stop
    some = queries[cut]
    if not len(some):
        return
    begin, end = int(begins[some[0]]), int(ends[some[0]])
    if (begins[some] == begin).all():
        yield some, start, max(begin, start)
        yield some, min(end, stop), stop
        return
    middle = (start + stop) // 2
    yield from _seen(begins, ends, some, start, middle)
    yield from _seen(begins, ends, some, middle, stop)


class _Best:
    """The nearest so far."""

    def __init__(self, n: int, count: int) -> None:
        self.found = np.full((n, count), -np.inf, np.float32)
        self.positions = np.zeros((n, count), np.int64)
        self.floor = np.full(n, -np.inf, np.float32)

    def take(self, some: Ints, fresh: Floats, positions: Ints, floor: Floats) -> None:
        """Rows that are new to some of the queries, and what none exceeds that was left."""
        count = self.found.shape[1]
        found = np.concatenate([self.found[some], fresh], axis=1)
        where = np.concatenate([self.positions[some], positions], axis=1)
        falling = np.argsort(-found, axis=1, kind="stable")[:, : count + 1]
        found = np.take_along_axis(found, falling, 1)
        self.found[some] = found[:, :count]
        self.positions[some] = np.take_along_axis(where, falling[:, :count], 1)
        dropped = np.maximum(floor, found[:, count])
        self.floor[some] = np.maximum(self.floor[some], dropped)


def _nearest(queries: Floats, rows: Floats, count: int) -> tuple[Floats, Ints, Floats]:
    import faiss  # 0.1 s: only where there is something to search

    here = min(count, len(rows))
    with _fit_for(len(queries)):
        found, at = faiss.knn(queries, rows, here, metric=faiss.METRIC_INNER_PRODUCT)
    return _ended(found, at, here < len(rows))


def _told_where(
    order: Order, queries: Floats, left_out: Ints, count: int
) -> tuple[Floats, Ints, Floats]:
    n = len(queries)
    found, at = np.empty((n, count), np.float32), np.empty((n, count), np.int64)
    floor = np.full(n, -np.inf, np.float32)
    for source in np.unique(left_out):
        some = np.flatnonzero(left_out == source)
        there = order.there & (order.sources != source) if source >= 0 else order.there
        more = bool(count < np.count_nonzero(there))
        found[some], at[some], floor[some] = _ended(
            *_among(queries[some], order.rows, there, count), more
        )
    return found, at, floor


def _among(queries: Floats, rows: Floats, there: Bools, count: int) -> tuple[Floats, Ints]:
    import faiss

    library: Any = faiss  # its types lack what is used here
    queries = np.ascontiguousarray(queries)
    found = np.empty((len(queries), count), np.float32)
    at = np.empty((len(queries), count), np.int64)
    pointers = map(library.swig_ptr, (queries, rows))
    bits = np.packbits(there, bitorder="little")
    with _fit_for(len(queries)):
        library.knn_inner_product(
            *pointers, rows.shape[1], len(queries), len(rows), count,
            library.swig_ptr(found), library.swig_ptr(at), library.IDSelectorBitmap(bits),
        )  # fmt: skip
    return found, at


def _ended(found: Floats, at: Ints, more: bool) -> tuple[Floats, Ints, Floats]:
    """-inf where nothing was found; and the last similarity, if there was more to find."""
    found[at < 0] = -np.inf
    floor = found[:, -1].copy() if more else np.full(len(found), -np.inf, np.float32)
    return found, np.maximum(at, 0), floor


@contextmanager
def _fit_for(queries: int) -> Iterator[None]:
    """One thread for a question or two: to wake others takes longer than the search.

    From some more on matrix products, which FAISS (1.15) begins with at 128,000 numbers: for 285
    queries of 256 it took eight times as long as with them.
    """
    import faiss

    few, threads = queries <= FEW, faiss.omp_get_max_threads()
    products = faiss.cvar.distance_compute_blas_threshold
    if few and threads > 1:
        faiss.omp_set_num_threads(1)
    if not few:
        faiss.cvar.distance_compute_blas_threshold = 1
    try:
        yield
    finally:
        faiss.cvar.distance_compute_blas_threshold = products
        if few and threads > 1:
            faiss.omp_set_num_threads(threads)
