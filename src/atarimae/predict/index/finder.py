"""Where candidates come from: what can be searched fast, though not exactly."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import numpy as np

from atarimae.types import ALL, Bools, Floats, Index, Ints, Only

BLOCK = 16_384  # rows handed to a backend at once


@dataclass(frozen=True, eq=False)
class Allowed:
    """The rows that a search may find: by number, and in words for a backend far away."""

    mask: Bools  # by number, over all numbers that were ever given
    positions: Ints  # in the index, rising
    whole: bool  # every row that the backend has
    only: Only = ALL
    without: str | None = None  # a source that is left out

    def __len__(self) -> int:
        return len(self.positions)


class Finder(Protocol):
    """One backend. Rows have numbers that are given once, rising, and never again."""

    kind: str
    efforts: tuple[int, ...]  # how hard it can search, rising: dearer and better
    effort: int  # one of them
    widen: int  # how many candidates it gives for each that is wanted

    def add(self, numbers: Ints, rows: Floats, known: Index) -> None:
        """Take in at most `BLOCK` rows (m, d); `known` are the same m images."""

    def remove(self, numbers: Ints) -> bool:
        """Forget rows; False where so many are gone that it should be made anew."""

    def nearest(self, queries: Floats, count: int, allowed: Allowed) -> Ints:
        """The numbers of `count` rows likely to be nearest, (n, count); -1 where fewer are left."""

    def save(self, folder: Path) -> Mapping[str, object]:
        """Write what it needs into a folder; returns the settings that open it again."""


@runtime_checkable
class Remote(Finder, Protocol):
    """A backend that has the rows as well, so that the index needn't."""

    def vectors(self, numbers: Ints) -> Floats:
        """The rows (m, d) of some numbers, in their order."""

    def drop(self) -> None:
        """Take all of it away, where what it was made for came to nothing."""


def library() -> Any:
    """FAISS, loaded where it is needed, without its types: those lack half of what is used here."""
    import faiss

    return faiss


def searched(index: Any, queries: Floats, count: int, settings: Any) -> Ints:
    """Numbers (n, count) from an index of FAISS.

    Where somebody imported `faiss.contrib.torch_utils`, as pytorch-metric-learning does, another
    search stands in its place that takes no settings; FAISS's own goes on under another name.
    """
    search = getattr(index, "search_numpy", index.search)
    _, numbers = search(queries, count, params=settings)
    return np.asarray(numbers, np.int64)


def packed(mask: Bools) -> "np.typing.NDArray[np.uint8]":
    """A mask as FAISS reads it: eight to a byte, the lowest bit first."""
    return np.packbits(mask, bitorder="little")
