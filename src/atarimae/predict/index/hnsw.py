"""A graph of near neighbours (HNSW), with its vectors in half precision.

Malkov and Yashunin, 2018. Rows can be added; a removed one stays in the graph as a way to others
and is never found, until more are gone than there.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from atarimae.predict.index.finder import Allowed, library, packed, searched
from atarimae.types import Floats, Index, Ints

FILE = "index.hnsw"
LINKS = 32  # neighbours a node; twice as many on the ground floor
CARE = 80  # candidates looked at for each node that is added


class Hnsw:
    """FAISS's graph behind `Finder`."""

    kind = "hnsw"
    efforts: tuple[int, ...] = (
        32,
        64,
        128,
        256,
        512,
    )  # candidates kept while a query walks the graph
    widen = 1

    def __init__(self, index: Any, effort: int) -> None:
        faiss = library()
        self.effort = effort
        self._index = index  # an IndexIDMap: numbers by slot
        self._graph = faiss.downcast_index(index.index)
        self._numbers = np.asarray(faiss.vector_to_array(index.id_map), np.int64)  # by slot
        self._removed = 0
        self._selected: tuple[Allowed, Any, object] | None = None

    @classmethod
    def made(cls, rows: Floats) -> "Hnsw":
        """An empty one for rows like these."""
        faiss = library()
        graph = faiss.IndexHNSWSQ(
            rows.shape[1], faiss.ScalarQuantizer.QT_fp16, LINKS, faiss.METRIC_INNER_PRODUCT
        )
        graph.hnsw.efConstruction = CARE
        graph.train(rows[:1])  # half precision has nothing to learn
        index = faiss.IndexIDMap(graph)
        index.own_fields = True
        graph.this.disown()
        return cls(index, cls.efforts[0])

    @classmethod
    def opened(cls, index: Index) -> "Hnsw":
        """As `save` wrote it."""
        faiss = library()
        assert index.folder
        made = cls(faiss.read_index(str(index.folder / FILE)), int(str(index.finder["effort"])))
        made._removed = made._index.ntotal - len(index)
        return made

    def add(self, numbers: Ints, rows: Floats, known: Index) -> None:
        """Take in rows (m, d)."""
        self._index.add_with_ids(rows, numbers)
        self._numbers = np.append(self._numbers, numbers)
        self._selected = None

    def remove(self, numbers: Ints) -> bool:
        """Count them; False when more are gone than there."""
        self._removed += len(numbers)
        return 2 * self._removed <= int(self._index.ntotal)

    def nearest(self, queries: Floats, count: int, allowed: Allowed) -> Ints:
        """Numbers (n, count)."""
        faiss = library()
        settings = faiss.SearchParametersHNSW(efSearch=max(self.effort, count))
        if not allowed.whole or self._removed:
            settings.sel = self._selector(allowed)
        slots = searched(self._graph, queries, count, settings)
        return np.asarray(np.append(self._numbers, -1)[slots])

    def save(self, folder: Path) -> Mapping[str, object]:
        """Write the graph."""
        faiss = library()
        faiss.write_index(self._index, str(folder / FILE))
        return {"kind": self.kind, "effort": self.effort, "links": LINKS}

    def _selector(self, allowed: Allowed) -> Any:
        """Which slots may be found; kept, as the next question is often alike."""
        faiss = library()
        kept = self._selected
        if kept is None or kept[0] is not allowed:
            bits = packed(allowed.mask[self._numbers])
            kept = self._selected = (allowed, faiss.IDSelectorBitmap(bits), bits)
        return kept[1]
