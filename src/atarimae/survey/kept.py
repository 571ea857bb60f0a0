"""What was measured, on disk: by measure and image, never worked out twice.

A folder a measure (its name and version), in it blocks: each one file with a row an image, its
hash and its value. Blocks are only ever added, so processes that write at once never collide.
"""

import uuid
from collections.abc import Sequence
from contextlib import suppress
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np

from atarimae import files
from atarimae.survey.measure import Measure, Records
from atarimae.types import Array, Ints


class Kept:
    """The kept values of one measure."""

    def __init__(self, cache: Path, measure: Measure) -> None:
        self.folder = cache / "survey" / measure.key
        self.measure = measure
        self._blocks: list[np.ndarray[Any, Any]] = []
        self._places: dict[bytes, tuple[int, int]] = {}  # by image: which block, which row
        for path in sorted(self.folder.glob("*.npy")):
            with suppress(OSError, ValueError, EOFError):  # deleted, or cut off: measured again
                self._take(np.load(path, mmap_mode="r", allow_pickle=False))

    def __contains__(self, image: str) -> bool:
        return bytes.fromhex(image) in self._places

    def rows(self, images: Sequence[str]) -> Records:
        """A row an image, in their order; `KeyError` for one that was not measured."""
        places = [self._places[bytes.fromhex(image)] for image in images]
        blocks, rows = np.array(places, np.int64).reshape(-1, 2).T
        found = np.empty(len(images), self.measure.kind)
        for number in np.unique(blocks):
            here: Ints = np.flatnonzero(blocks == number)
            found[here] = self._blocks[number]["value"][rows[here]]
        return found

    def put(self, images: Sequence[str], values: Array) -> None:
        """Keep a row an image."""
        block = np.empty(len(images), self._kind)
        block["image"] = np.frombuffer(bytes.fromhex("".join(images)), np.uint8).reshape(-1, 32)
        block["value"] = values
        stream = BytesIO()  # NumPy's own writing of a file loses the system's error number
        np.save(stream, block)
        files.write(self.folder / f"{uuid.uuid4().hex}.npy", stream.getvalue())
        self._take(block)

    def _take(self, block: np.ndarray[Any, Any]) -> None:
        if block.dtype != self._kind or block.ndim != 1:
            return
        number, hashes = len(self._blocks), block["image"].tobytes()
        self._blocks.append(block)
        for row in range(len(block)):
            self._places[hashes[32 * row : 32 * row + 32]] = number, row

    @property
    def _kind(self) -> np.dtype[Any]:
        return np.dtype([("image", "u1", 32), ("value", self.measure.kind)])
