"""Sparse rows, each as long as it is: what a neighbourhood weighs, without the zeros."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from atarimae.types import Floats, Ints

Small = npt.NDArray[np.int32]
Doubles = npt.NDArray[np.float64]
Whole = Small | Ints


@dataclass(frozen=True)
class Ragged:
    """r rows, one after another: the entries of row i are `starts[i]` up to `starts[i + 1]`."""

    starts: Ints  # r + 1
    columns: Small
    values: Floats

    def __len__(self) -> int:
        return len(self.starts) - 1

    @property
    def counts(self) -> Ints:
        """How many entries each row has."""
        return np.diff(self.starts)

    def row(self, number: int) -> tuple[Small, Floats]:
        """Columns and values of one row."""
        place = slice(self.starts[number], self.starts[number + 1])
        return self.columns[place], self.values[place]

    def head(self, count: int) -> "Ragged":
        """The first rows."""
        stop = self.starts[count]
        return Ragged(self.starts[: count + 1], self.columns[:stop], self.values[:stop])

    def entries(self, rows: Ints) -> tuple[Ints, Ints]:
        """Where the entries of `rows` lie, and for each which of `rows` (0, 1, …) it is of."""
        starts, counts = self.starts[rows], self.starts[rows + 1] - self.starts[rows]
        which = np.repeat(np.arange(len(rows)), counts)
        before = np.cumsum(counts) - counts
        return np.repeat(starts - before, counts) + np.arange(len(which)), which

    def turned(self, width: int, first: int = 0) -> "Ragged":
        """The rows from `first` on with rows and columns exchanged: `width` rows, of which the
        columns are numbered from `first`.
        """
        start = self.starts[first]
        columns, values = self.columns[start:], self.values[start:]
        order = np.argsort(columns, kind="stable")
        starts = np.append(0, np.cumsum(np.bincount(columns, minlength=width)))
        counts = self.counts[first:]
        rows = np.repeat(np.arange(len(counts), dtype=np.int32), counts)
        return Ragged(starts, rows[order], values[order])


def ragged(rows: Ints, columns: Whole, values: Floats | Doubles, count: int) -> Ragged:
    """`count` rows from entries in any order; entries of the same place are added up."""
    if not len(rows):
        return Ragged(np.zeros(count + 1, np.int64), np.zeros(0, np.int32), np.zeros(0, np.float32))
    width = int(columns.max()) + 1
    keys = rows * width + columns
    order = np.argsort(keys)
    keys = keys[order]
    first = np.flatnonzero(np.append(True, keys[1:] != keys[:-1]))
    sums = np.add.reduceat(values[order], first)
    of_row = np.bincount(keys[first] // width, minlength=count)
    starts = np.append(0, np.cumsum(of_row))
    return Ragged(starts, (keys[first] % width).astype(np.int32), sums.astype(np.float32))


def joined(parts: list[Ragged]) -> Ragged:
    """The rows of all parts, one part after another."""
    counts = [part.counts for part in parts] or [np.zeros(0, np.int64)]
    none: list[Floats] = [np.zeros(0, np.float32)]
    return Ragged(
        np.append(0, np.cumsum(np.concatenate(counts))),
        np.concatenate([part.columns for part in parts] or [np.zeros(0, np.int32)]),
        np.concatenate([part.values for part in parts] or none),
    )
