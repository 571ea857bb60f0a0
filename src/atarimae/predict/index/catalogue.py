"""The known images as something that changes: added to, removed from, searched, saved.

Whatever proposes the candidates, similarities are inner products computed in float64 and rounded
to float32, and ties go to the lower position, as in `predict.search`. A backend can only miss a
row; it never invents an order.
"""

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from atarimae import bundle
from atarimae.errors import AtarimaeError
from atarimae.predict.index import kinds
from atarimae.predict.index.finder import BLOCK, Allowed, Finder, Remote
from atarimae.predict.index.known import NEXT, SMALL, Known
from atarimae.predict.index.parts import NUMBERS, ROWS, check_new, joined, picked, without_rows
from atarimae.predict.search import SPARE, Gallery, Names
from atarimae.predict.ties import sorted_by
from atarimae.types import ALL, File, Floats, Index, Ints, Only

FEW = 20_000  # allowed rows up to which a filtered search goes through them all
AT_ONCE = 1 << 22  # numbers in float64: 32 MB
TRIES = 3  # with four times as many candidates each, where too many of them were no use


class Catalogue:
    """An index, and the backend that finds its rows; without one every search is exact."""

    def __init__(
        self, index: Index, finder: Finder | None = None, later: Ints | None = None
    ) -> None:
        self.index = index  # frozen; another one after each change
        self.finder = finder
        self._later = np.zeros(0, np.int64) if later is None else later
        self._take(index)

    @classmethod
    def opened(cls, index: Index) -> "Catalogue":
        """The catalogue of an index that was read from a bundle."""
        return cls(index, kinds.opened(index))

    @classmethod
    def made(cls, index: Index, kind: str, later: Ints | None = None) -> "Catalogue":
        """The catalogue of an index, with a new backend of that kind.

        The images at the positions `later` are not found before `take_in_later`.
        """
        arrays = {name: rows for name, rows in index.arrays.items() if name != NUMBERS}
        if kind == "exact":
            return cls(Index(index.files, index.labels, arrays), later=later)
        if ROWS not in arrays or not len(index):
            found = f"It has no rows '{ROWS}'." if len(index) else "It holds no images."
            raise AtarimaeError(
                f"This index can't be of kind {kind}.", found, "Use the kind exact."
            )
        arrays[NUMBERS] = np.arange(len(index), dtype=np.int64)
        whole = Index(index.files, index.labels, arrays, {NEXT: len(index)})
        now = np.setdiff1d(arrays[NUMBERS], [] if later is None else later)
        finder = kinds.made(kind, np.asarray(arrays[ROWS], np.float32))
        _hand_over(finder, whole, now)
        return cls(without_rows(whole) if isinstance(finder, Remote) else whole, finder, later)

    @property
    def kind(self) -> str:
        """The backend's name."""
        return "exact" if self.finder is None else self.finder.kind

    def __len__(self) -> int:
        return len(self.index)

    def take_in_later(self, index: Index) -> None:
        """What was left out when it was made; `index` is the one that it was made of."""
        if self.finder is not None:
            rows = {ROWS: index.arrays[ROWS], **self.index.arrays}
            _hand_over(self.finder, replace(self.index, arrays=rows), self._later)
        self._later = self._later[:0]
        self._take(self.index)

    def add(self, known: Index) -> None:
        """Take in images whose paths are not there yet; the order stays that of the paths."""
        check_new(self.index, known)
        about, arrays = dict(self.index.finder), dict(known.arrays)
        if self.finder is not None:
            first = int(str(about[NEXT]))
            arrays[NUMBERS] = np.arange(first, first + len(known), dtype=np.int64)
            about[NEXT] = first + len(known)
            _hand_over(self.finder, replace(known, arrays=arrays), np.arange(len(known)))
        both = joined(self.index, replace(known, arrays=arrays))
        both = without_rows(both) if isinstance(self.finder, Remote) else both
        self._take(replace(both, finder=about))

    def remove(self, names: Collection[str]) -> list[File]:
        """Take out the files of those paths, and those of those images; returns them."""
        names = frozenset(names)
        gone = np.array([f.path in names or f.image in names for f in self.index.files], bool)
        removed = [file for file, is_gone in zip(self.index.files, gone, strict=True) if is_gone]
        if removed:
            numbers = self._known.numbers[gone]
            is_well = self.finder is None or self.finder.remove(numbers)
            self._take(picked(self.index, np.flatnonzero(~gone)))
            if not is_well and len(self):
                self._make_anew()
        return removed

    def search(
        self,
        queries: Floats,
        k: int,
        *,
        ids: Names | None = None,
        sources: Names | None = None,
        only: Only = ALL,
    ) -> tuple[Ints, Floats]:
        """Positions in `index` (n, k) and similarities (n, k), best first; -1 and -inf where fewer.

        `ids` and `sources` are the queries' own: a query never finds its own image, nor one of
        its own source. `only` is a filter on what may be found.
        """
        if self.finder is None:
            return self.search_exactly(queries, k, ids=ids, sources=sources, only=only)
        asked = _Asked(np.ascontiguousarray(queries, np.float32), ids, sources)
        match = np.full((len(queries), k), -1, np.int64)
        similarity = np.full((len(queries), k), -np.inf, np.float32)
        for rows, allowed in self._alike(asked, only) if len(self) and k else ():
            part = asked.part(rows, sources=allowed.without is None)
            match[rows], similarity[rows] = self._near(part, k, allowed)
        return match, similarity

    def rows(self, positions: Ints) -> Floats:
        """The rows (n, d) at some positions, wherever they are kept; anything for -1."""
        if ROWS in self.index.arrays:
            return np.asarray(self.index.arrays[ROWS][positions], np.float32)
        assert isinstance(self.finder, Remote)
        distinct, where = np.unique(positions[positions >= 0], return_inverse=True)
        rows = self.finder.vectors(self._known.numbers[distinct])
        found = np.zeros((*positions.shape, rows.shape[1]), np.float32)
        found[positions >= 0] = rows[where]
        return found

    def search_exactly(
        self,
        queries: Floats,
        k: int,
        *,
        ids: Names | None = None,
        sources: Names | None = None,
        only: Only = ALL,
    ) -> tuple[Ints, Floats]:
        """As `search`, whatever the backend; the rows must be here."""
        asked = _Asked(np.ascontiguousarray(queries, np.float32), ids, sources)
        return self._exactly(asked, k, self._known.allowed(only, None))

    def save(self, folder: Path, about: Mapping[str, object] | None = None) -> Index:
        """Write it into a folder without an index, with `about` beside the backend's settings.

        Returns the index as it is read back from there.
        """
        if self.finder is not None:
            with kinds.written(folder):
                said = self.finder.save(folder)
            self.index = replace(self.index, finder={**self.index.finder, **said, **(about or {})})
        bundle.write_index(folder, self.index)
        return bundle.read_index(folder)

    @contextmanager
    def or_dropped(self) -> Iterator[None]:
        """What was made on a server goes where the block fails."""
        try:
            yield
        except BaseException:
            if isinstance(self.finder, Remote):
                self.finder.drop()
            raise

    def _take(self, index: Index) -> None:
        self.index = index
        self._ready: Known | None = None
        self._whole: Gallery | None = None
        self._part: tuple[Allowed, Gallery] | None = None

    @property
    def _known(self) -> Known:
        if self._ready is None:
            self._ready = Known(self.index, self._later)
        return self._ready

    def _make_anew(self) -> None:
        """From the rows that are left, as hard to search as before."""
        assert self.finder
        fresh = Catalogue.made(self.index, self.kind)
        assert fresh.finder
        fresh.finder.effort = self.finder.effort
        about = {**self.index.finder, NEXT: len(self)}
        self.finder = fresh.finder
        self._take(replace(fresh.index, finder=about))

    def _alike(self, asked: "_Asked", only: Only) -> Iterator[tuple[Ints, Allowed]]:
        """Queries that may find the same rows. A small source is fetched and dropped instead."""
        known, n = self._known, len(asked.queries)
        theirs = known.sources.of(asked.sources, n)
        large = known.sources.occurrences(theirs) > SMALL
        for source in np.unique(np.where(large, theirs, -1)):
            rows = np.flatnonzero(np.where(large, theirs, -1) == source)
            without = asked.sources[rows[0]] if asked.sources is not None and source >= 0 else None
            yield rows, known.allowed(only, without)

    def _near(self, asked: "_Asked", k: int, allowed: Allowed) -> tuple[Ints, Floats]:
        """Among a backend's candidates; exactly where that is cheap, or where they are too few."""
        local = not isinstance(self.finder, Remote)
        if local and not allowed.whole and len(allowed) <= FEW:
            return self._exactly(asked, k, allowed)
        match, similarity = self._among_candidates(asked, k, allowed)
        short = np.flatnonzero(match[:, -1] < 0)
        if local and len(short) and len(allowed) >= k:
            match[short], similarity[short] = self._exactly(asked.part(short), k, allowed)
        return match, similarity

    def _among_candidates(self, asked: "_Asked", k: int, allowed: Allowed) -> tuple[Ints, Floats]:
        assert self.finder
        hidden = self._known.own(len(asked.queries), asked.ids, asked.sources)
        count = (k + SPARE) * self.finder.widen + hidden
        for _ in range(TRIES):
            numbers = self.finder.nearest(asked.queries, count, allowed)
            positions = self._known.positions(numbers)
            positions[self._known.hidden(positions, asked.ids, asked.sources)] = -1
            lacking = (positions >= 0).sum(axis=1) < k
            if not (lacking & (numbers[:, -1] >= 0)).any():
                break
            count *= 4
        return self._ordered(asked.queries, positions, k)

    def _ordered(self, queries: Floats, positions: Ints, k: int) -> tuple[Ints, Floats]:
        """The best k of some positions (n, any), by their exact similarities."""
        match = np.full((len(queries), k), -1, np.int64)
        similarity = np.full((len(queries), k), -np.inf, np.float32)
        if not (positions >= 0).any():
            return match, similarity
        width = min(k, positions.shape[1])
        step = max(AT_ONCE // max(positions.shape[1] * queries.shape[1], 1), 1)
        for start in range(0, len(queries), step):
            some, here = slice(start, start + step), positions[start : start + step]
            near = self.rows(here).astype(np.float64)
            exact = (near @ queries[some].astype(np.float64)[:, :, None])[:, :, 0]
            found = np.where((here >= 0) & ~np.isnan(exact), exact, -np.inf).astype(np.float32)
            similarity[some, :width], best = sorted_by(found, here, width)
            match[some, :width] = np.where(similarity[some, :width] > -np.inf, best, -1)
        return match, similarity

    def _exactly(self, asked: "_Asked", k: int, allowed: Allowed) -> tuple[Ints, Floats]:
        gallery = self._gallery(allowed)
        return gallery.search(asked.queries, k, ids=asked.ids, sources=asked.sources)

    def _gallery(self, allowed: Allowed) -> Gallery:
        """Of all rows, or of those that are allowed; one of each is kept."""
        if self._whole is None:
            rows = np.asarray(self.index.arrays[ROWS], np.float32)
            self._whole = Gallery(rows, self._known.images, self._known.sources)
        if len(allowed) == len(self):
            return self._whole
        if self._part is None or self._part[0] is not allowed:
            self._part = allowed, self._whole.among(allowed.positions)
        return self._part[1]


@dataclass(frozen=True)
class _Asked:
    queries: Floats
    ids: Names | None
    sources: Names | None

    def part(self, rows: Ints, *, sources: bool = True) -> "_Asked":
        """Some of the queries; without their sources where those are left out already."""
        return _Asked(
            self.queries[rows],
            None if self.ids is None else [self.ids[row] for row in rows],
            [self.sources[row] for row in rows] if self.sources is not None and sources else None,
        )


def _hand_over(finder: Finder, index: Index, positions: Ints) -> None:
    """The rows at some positions, a block at a time: they may be memory-mapped, and many."""
    for start in range(0, len(positions), BLOCK):
        part = picked(index, positions[start : start + BLOCK])
        rows = np.ascontiguousarray(part.arrays[ROWS], np.float32)
        finder.add(np.asarray(part.arrays[NUMBERS], np.int64), rows, part)
