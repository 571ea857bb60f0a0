"""Embedded tiles on disk, by model, level and image: streamed in blocks, never held at once.

A folder a model and level, in it blocks of two files: one with a row a tile, its number and its
embedding at half precision; one with a line an image, its hash and how many tiles it has. Blocks
are only ever added, so processes that write at once never collide.
"""

import time
import uuid
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np

from atarimae import files
from atarimae.types import Array, Floats, Ints

TILES = 8192  # that are written at once
SECONDS = 20.0  # after which they are written even if they are fewer
ROWS = 4096  # that are taken to full precision at once

Put = Callable[[str, Sequence[int], Floats], None]


@dataclass(frozen=True)
class Block:
    """Tiles of some images; `parts` says of each image from which row to before which."""

    parts: tuple[tuple[str, int, int], ...]
    table: Array  # memory-mapped, a row a tile

    @property
    def numbers(self) -> Ints:
        """The tiles' numbers in their images."""
        return np.asarray(self.table["number"], np.int64)  # type: ignore[call-overload]

    def rows(self) -> Iterator[Floats]:
        """The embeddings, some at a time, in order."""
        vectors: Any = self.table["vector"]  # type: ignore[call-overload]
        for start in range(0, len(vectors), ROWS):
            yield np.asarray(vectors[start : start + ROWS], np.float32)


def place(cache: Path, key: str) -> Path:
    """Where the tiles of one model lie."""
    return cache / "mined" / key[:24]


class TileCache:
    """The embedded tiles of one model at one level."""

    def __init__(self, cache: Path, key: str, level: int) -> None:
        self.folder = place(cache, key) / str(level)

    def missing(self, images: Sequence[str]) -> list[str]:
        """Those that are not there, each once."""
        there = {image for block in self._blocks() for image, _, _ in block.parts}
        return [image for image in dict.fromkeys(images) if image not in there]

    def blocks(self, images: Collection[str]) -> Iterator[Block]:
        """The tiles of these images, as they lie; an image that was kept twice comes once."""
        left = set(images)
        for block in self._blocks():
            here = tuple(part for part in block.parts if part[0] in left)
            if here:
                left -= {image for image, _, _ in here}
                yield Block(here, block.table)

    @contextmanager
    def writing(self) -> Iterator[Put]:
        """Takes image by image; what was taken is written also where the work breaks off."""
        pending = _Pending(self.folder)
        try:
            yield pending.put
        finally:
            pending.write()

    def _blocks(self) -> Iterator[Block]:
        for path in sorted(self.folder.glob("*.txt")):
            try:
                parts = _parts(path.read_text())
                table = np.load(path.with_suffix(".npy"), mmap_mode="r", allow_pickle=False)
            except (OSError, ValueError, EOFError):  # deleted, or cut off: embedded again
                continue
            if parts and len(table) == parts[-1][2]:
                yield Block(parts, table)


class _Pending:
    """Images whose tiles are not written yet: enough for a block, or for some seconds."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._taken: list[tuple[str, Sequence[int], Floats]] = []
        self._written = time.monotonic()

    def put(self, image: str, numbers: Sequence[int], vectors: Floats) -> None:
        self._taken.append((image, numbers, vectors))
        many = sum(len(numbers) for _, numbers, _ in self._taken)
        if many >= TILES or time.monotonic() - self._written > SECONDS:
            self.write()

    def write(self) -> None:
        taken, self._taken, self._written = self._taken, [], time.monotonic()
        if not taken:
            return
        vectors = np.concatenate([vectors for _, _, vectors in taken])
        kind = [("number", "<i4"), ("vector", "<f2", vectors.shape[1:])]
        table = np.empty(len(vectors), np.dtype(kind))
        table["number"] = np.concatenate([np.asarray(numbers) for _, numbers, _ in taken])
        table["vector"] = vectors
        stream = BytesIO()  # NumPy's own writing of a file loses the system's error number
        np.save(stream, table)
        path = self.folder / f"{uuid.uuid4().hex}.npy"
        files.write(path, stream.getvalue())
        # The list of images comes last: a block without it is not there.
        lines = (f"{image} {len(numbers)}" for image, numbers, _ in taken)
        files.write(path.with_suffix(".txt"), "\n".join(lines))


def _parts(text: str) -> tuple[tuple[str, int, int], ...]:
    parts, start = [], 0
    for line in text.splitlines():
        image, many = line.split()
        parts.append((image, start, start + int(many)))
        start += int(many)
    return tuple(parts)
