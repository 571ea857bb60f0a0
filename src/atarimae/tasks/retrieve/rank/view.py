"""A gallery as queries see it: each without its own image and without its own source."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol, TypeVar, cast

import numpy as np

from atarimae.predict.search import Gallery, Names
from atarimae.predict.unit import unit
from atarimae.types import Array, Bools, Floats, Ints

KEPT = 4  # things that were made of one gallery

T = TypeVar("T")


@dataclass(frozen=True)
class Asked:
    """Queries (n, d) at unit length, in float32, and by name what each may not find."""

    rows: Floats
    ids: Names | None = None  # its own image; None or "" hides nothing
    sources: Names | None = None
    cells: Array | None = None  # (n, side², numbers), where the model has local features

    def __len__(self) -> int:
        return len(self.rows)

    def some(self, numbers: Ints) -> "Asked":
        """A few of them."""
        cells = None if self.cells is None else self.cells[numbers]
        return Asked(
            self.rows[numbers], _some(self.ids, numbers), _some(self.sources, numbers), cells
        )


def _some(names: Names | None, numbers: Ints) -> Names | None:
    return None if names is None else [names[number] for number in numbers]


@dataclass(frozen=True)
class Hidden:
    """Which gallery rows are hidden from which query: those with its number, -1 for none."""

    own: Ints  # (n,)
    sources: Ints  # (n,)
    gallery_own: Ints  # (m,)
    gallery_sources: Ints  # (m,)

    def mask(self, queries: Ints, positions: Ints) -> Bools:
        """Whether gallery positions (q, …), -1 for none, are hidden from queries (q,)."""
        shape = (-1, *[1] * (positions.ndim - 1))
        own, source = self.own[queries].reshape(shape), self.sources[queries].reshape(shape)
        same = (own >= 0) & (self.gallery_own[positions] == own)
        return np.asarray(same | ((source >= 0) & (self.gallery_sources[positions] == source)))

    def of(self, query: int) -> Ints:
        """All gallery positions that are hidden from one query."""
        own = _with(*self._by_own, self.own[query])
        return np.union1d(own, _with(*self._by_source, self.sources[query]))

    @cached_property
    def _by_own(self) -> tuple[Ints, Ints]:
        order = np.argsort(self.gallery_own, kind="stable")
        return order, self.gallery_own[order]

    @cached_property
    def _by_source(self) -> tuple[Ints, Ints]:
        order = np.argsort(self.gallery_sources, kind="stable")
        return order, self.gallery_sources[order]

    @property
    def anything(self) -> bool:
        """Whether any gallery row may be hidden from any query."""
        return bool((self.own >= 0).any() or (self.sources >= 0).any())


def hidden(gallery: Gallery, asked: Asked) -> Hidden:
    """What each query may not find in a gallery, as numbers."""
    ids, sources = gallery.ids, gallery.sources
    n = len(asked)
    return Hidden(ids.of(asked.ids, n), sources.of(asked.sources, n), ids.numbers, sources.numbers)


def _with(order: Ints, numbers: Ints, wanted: np.int64) -> Ints:
    """The positions of one number, none for -1."""
    start, stop = np.searchsorted(numbers, [wanted, wanted + 1])
    return order[start:stop] if wanted >= 0 else order[:0]


class View(Protocol):
    """What steps need of a gallery."""

    def __len__(self) -> int: ...

    def search(self, asked: Asked, k: int) -> tuple[Ints, Floats]:
        """Gallery positions (n, k) and cosines, best first; -1 and -inf where fewer are left."""

    def seen(self, asked: Asked, queries: Ints, positions: Ints) -> Floats:
        """Gallery rows (q, d) at `positions` (q,), each as the query beside it sees it."""

    @property
    def plain(self) -> "Plain":
        """The gallery before anything was moved."""


class Plain:
    """The gallery's own rows at unit length, and the nearest others of each of them."""

    def __init__(
        self, rows: Floats, ids: Names | None = None, sources: Names | None = None
    ) -> None:
        self.rows = unit(rows)
        self.ids, self.sources = ids, sources
        self.gallery = Gallery(self.rows, ids, sources)
        self._made: dict[str, object] = {}
        self._nearest: tuple[Ints, Floats] = (
            np.zeros((len(rows), 0), np.int64), np.zeros((len(rows), 0), np.float32)
        )  # fmt: skip

    def __len__(self) -> int:
        return len(self.rows)

    def search(self, asked: Asked, k: int) -> tuple[Ints, Floats]:
        """Exact, ties by position: `atarimae.predict.search`."""
        return self.gallery.search(asked.rows, k, ids=asked.ids, sources=asked.sources)

    def seen(self, asked: Asked, queries: Ints, positions: Ints) -> Floats:
        """The rows themselves: nothing is mixed into them."""
        return self.rows[positions]

    @property
    def plain(self) -> "Plain":
        """Itself."""
        return self

    def once(self, name: str, make: Callable[[], T]) -> T:
        """What is made of this gallery alone: kept, so that it is there for the next question."""
        if name not in self._made:
            while len(self._made) >= KEPT:
                del self._made[next(iter(self._made))]
            self._made[name] = make()
        return cast(T, self._made[name])

    def hidden(self, asked: Asked) -> Hidden:
        """What may not be found, as numbers."""
        return hidden(self.gallery, asked)

    def nearest(self, depth: int) -> tuple[Ints, Floats]:
        """The `depth` nearest other rows of each row, as `search` gives them; computed once."""
        if self._nearest[0].shape[1] < depth:
            names = [str(position) for position in range(len(self))]
            self._nearest = Gallery(self.rows, names).search(self.rows, depth, ids=names)
        return self._nearest[0][:, :depth], self._nearest[1][:, :depth]


def reach(k: int) -> int:
    """How many neighbours of a row are looked at for the k nearest that a query may see."""
    return 2 * k + 16


def first(kept: Bools, k: int) -> Bools:
    """The first k of what is kept along the last axis."""
    return np.asarray(kept & (np.cumsum(kept, axis=-1) <= k))
