"""An index made ready to be searched: names as numbers, and which rows a search may find."""

from functools import lru_cache

import numpy as np

from atarimae.predict.index import filters
from atarimae.predict.index.finder import Allowed
from atarimae.predict.index.parts import NUMBERS
from atarimae.predict.search import Names, Numbered
from atarimae.types import Bools, Index, Ints, Only

NEXT = "next"  # in `Index.finder`: the number that the next row gets
FILTERS = 8  # that are kept: each takes up to nine bytes a row
SMALL = 128  # rows of one source up to which they are fetched and dropped


class Known:
    """What searches need of an index beside its rows."""

    def __init__(self, index: Index, later: Ints) -> None:
        self.index = index
        self.images = Numbered([file.image for file in index.files], len(index))
        self.sources = Numbered([file.source for file in index.files], len(index))
        self._now = np.ones(len(index), bool)  # what may be found, where some is to come later
        self._now[later] = False
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
        there = filters.mask(self.index, only) & self._now
        if without is not None:
            there &= self.sources.numbers != self.sources.of([without], 1)[0]
        whole = bool((there == self._now).all())
        by_number = np.zeros(self.ever, bool)
        by_number[self.numbers[there]] = True
        return Allowed(by_number, np.flatnonzero(there), whole, only, without)
