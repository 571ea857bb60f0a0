"""An index made ready to be searched: names as numbers, and which rows a search may find."""

from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from atarimae.predict.index import filters
from atarimae.predict.index.finder import Allowed
from atarimae.predict.search import Names
from atarimae.types import Bools, Index, Ints, Only

NUMBERS = "number"  # the array that names rows to a backend
NEXT = "next"  # in `Index.finder`: the number that the next row gets
FILTERS = 8  # that are kept: each takes up to nine bytes a row
SMALL = 128  # rows of one source up to which they are fetched and dropped


class Known:
    """What searches need of an index beside its rows."""

    def __init__(self, index: Index) -> None:
        self.index = index
        self.images = _Numbered([file.image for file in index.files])
        self.sources = _Numbered([file.source for file in index.files])
        self.numbers = np.asarray(index.arrays.get(NUMBERS, np.arange(len(index))), np.int64)
        self.ever = int(str(index.finder.get(NEXT, len(index))))
        self._positions = np.full(self.ever + 1, -1, np.int64)
        self._positions[self.numbers] = np.arange(len(index))
        self.allowed = lru_cache(maxsize=FILTERS)(self._allowed)

    def positions(self, numbers: Ints) -> Ints:
        """Where the rows of some numbers are; -1 for -1 and for what is not in this index."""
        there = np.where(numbers < self.ever, numbers, -1)
        return np.asarray(self._positions[there])

    def hidden(self, positions: Ints, ids: Names | None, sources: Names | None) -> Bools:
        """Which of the positions (n, any) are of a query's own image or source."""
        n = len(positions)
        own, source = self.images.of(ids, n)[:, None], self.sources.of(sources, n)[:, None]
        same = (own >= 0) & (self.images.numbers[positions] == own)
        return np.asarray(same | ((source >= 0) & (self.sources.numbers[positions] == source)))

    def own(self, n: int, ids: Names | None, sources: Names | None) -> int:
        """How many rows are hidden from a query at most."""
        images, theirs = self.images.of(ids, n), self.sources.of(sources, n)
        counted = self.images.occurrences(images) + self.sources.occurrences(theirs)
        return int(counted.max(initial=0))

    def _allowed(self, only: Only, without: str | None) -> Allowed:
        there = filters.mask(self.index, only)
        if without is not None:
            there &= self.sources.numbers != self.sources.of([without], 1)[0]
        by_number = np.zeros(self.ever, bool)
        by_number[self.numbers[there]] = True
        return Allowed(by_number, np.flatnonzero(there), bool(there.all()), only, without)


class _Numbered:
    """Names as numbers, -1 for none, and how often each occurs."""

    def __init__(self, names: Sequence[str | None]) -> None:
        self._number = {name: i for i, name in enumerate(dict.fromkeys(names)) if name}
        self.numbers = self.of(names, len(names))
        self._counts = np.append(np.bincount(self.numbers[self.numbers >= 0]), 0)

    def of(self, names: Names | None, n: int) -> Ints:
        """Equal names as equal numbers; -1 for none, and for those that are not known."""
        if names is None:
            return np.full(n, -1, np.int64)
        return np.fromiter((self._number.get(name or "", -1) for name in names), np.int64, n)

    def occurrences(self, numbers: Ints) -> Ints:
        """How many rows have each number, 0 for -1."""
        return np.asarray(self._counts[numbers], np.int64)
