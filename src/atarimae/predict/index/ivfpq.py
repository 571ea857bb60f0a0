"""Lists of rows by nearest centroid, each row in a few bytes (IVF-PQ).

Jégou, Douze and Schmid, 2011. The order among candidates comes from the rows themselves, which the
catalogue computes; so many candidates are given for each that is wanted.
"""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from atarimae.errors import AtarimaeError
from atarimae.predict.index.finder import Allowed, library, packed, searched
from atarimae.types import Floats, Index, Ints

FILE = "index.ivfpq"
LEAST = 1_000  # rows: 256 centroids a byte have to be learned from them
EACH = 40  # rows to learn a list's centroid from
MOST = 131_072  # rows to learn from: a quarter of a gigabyte at 512 numbers
NUMBERS = 4  # of a row that go into one byte


class IvfPq:
    """FAISS's inverted lists behind `Finder`."""

    kind = "ivfpq"
    efforts: tuple[int, ...] = (8, 16, 32, 64, 128, 256)  # lists looked through
    widen = 10

    def __init__(self, index: Any, effort: int) -> None:
        self.effort = effort
        self._index = index
        self._selected: tuple[Allowed, Any, object] | None = None

    @classmethod
    def made(cls, rows: Floats) -> "IvfPq":
        """An empty one that has learned from a sample of rows like these, drawn by seed 0."""
        faiss = library()
        if len(rows) < LEAST:
            raise AtarimaeError(
                "An index of kind ivfpq can't be made.",
                f"It learns from the images, and there are {len(rows):,}.",
                f"Use exact or hnsw below {LEAST:,} images.",
            )
        lists = min(int(2 * math.sqrt(len(rows))), len(rows) // EACH)
        size = min(MOST, EACH * lists)
        picked = np.sort(np.random.default_rng(0).permutation(len(rows))[:size])
        sample = np.ascontiguousarray(rows[picked], np.float32)
        width = rows.shape[1]
        quantizer = faiss.IndexFlatIP(width)
        index = faiss.IndexIVFPQ(
            quantizer, width, lists, _bytes(width), 8, faiss.METRIC_INNER_PRODUCT
        )
        index.own_fields = True
        quantizer.this.disown()
        index.train(sample)
        return cls(index, cls.efforts[0])

    @classmethod
    def opened(cls, index: Index) -> "IvfPq":
        """As `save` wrote it."""
        faiss = library()
        assert index.folder
        return cls(faiss.read_index(str(index.folder / FILE)), int(str(index.finder["effort"])))

    def add(self, numbers: Ints, rows: Floats, known: Index) -> None:
        """Take in rows (m, d)."""
        self._index.add_with_ids(rows, numbers)

    def remove(self, numbers: Ints) -> bool:
        """Take them out of their lists."""
        self._index.remove_ids(np.ascontiguousarray(numbers, np.int64))
        return True

    def nearest(self, queries: Floats, count: int, allowed: Allowed) -> Ints:
        """Numbers (n, count)."""
        faiss = library()
        settings = faiss.SearchParametersIVF(nprobe=min(self.effort, self._index.nlist))
        if not allowed.whole:
            settings.sel = self._selector(allowed)
        return searched(self._index, queries, count, settings)

    def save(self, folder: Path) -> Mapping[str, object]:
        """Write the lists."""
        faiss = library()
        faiss.write_index(self._index, str(folder / FILE))
        said = {"lists": self._index.nlist, "bytes": self._index.pq.M}
        return {"kind": self.kind, "effort": self.effort, **said}

    def _selector(self, allowed: Allowed) -> Any:
        faiss = library()
        kept = self._selected
        if kept is None or kept[0] is not allowed:
            bits = packed(allowed.mask)
            kept = self._selected = (allowed, faiss.IDSelectorBitmap(bits), bits)
        return kept[1]


def _bytes(width: int) -> int:
    """Bytes a row: a divisor of its width, as near to a quarter of it as there is."""
    most = max(width // NUMBERS, 1)
    return next(parts for parts in range(most, 0, -1) if width % parts == 0)
