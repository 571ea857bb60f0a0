"""Outputs on disk, by predictor and image: computed once, by whichever run comes first.

A folder a predictor (its key), in it blocks of two files: the images' hashes, and a row of
float32 for each. Blocks are only ever added, so processes that write at once never collide.
"""

import uuid
from collections.abc import Sequence
from contextlib import suppress
from io import BytesIO
from pathlib import Path

import numpy as np

from atarimae import files
from atarimae.types import Floats


def known(folder: Path, key: str) -> bool:
    """Whether anything of that predictor is kept."""
    return _place(folder, key).is_dir()


class Cache:
    """The cached outputs of one predictor."""

    def __init__(self, folder: Path, key: str) -> None:
        self.folder = _place(folder, key)
        self._rows: dict[str, Floats] = {}
        self._read: set[str] = set()

    def get(self, images: Sequence[str]) -> dict[str, Floats]:
        """The rows that are there, by image hash."""
        self._refresh()
        return {image: self._rows[image] for image in images if image in self._rows}

    def put(self, rows: dict[str, Floats]) -> dict[str, Floats]:
        """Keep rows of float32, all of one shape, by image hash; returns them as they are kept."""
        if not rows:
            return {}
        name = uuid.uuid4().hex
        path = self.folder / f"{name}.npy"
        self.folder.mkdir(parents=True, exist_ok=True)
        stream = BytesIO()  # NumPy's own writing of a file loses the system's error number
        np.save(stream, np.stack(list(rows.values())))
        files.write(path, stream.getvalue())
        # The list of hashes comes last: a block without it is not there.
        files.write(path.with_suffix(".txt"), "\n".join(rows))
        self._read.add(name)
        return self._take(path)

    def _refresh(self) -> None:
        for names in sorted(self.folder.glob("*.txt")):
            if names.stem in self._read:
                continue
            self._read.add(names.stem)
            with suppress(OSError, ValueError, EOFError):  # deleted, or cut off: computed again
                self._take(names.with_suffix(".npy"))

    def _take(self, path: Path) -> dict[str, Floats]:
        """A block's rows, memory-mapped; each a plain array, as one of np.memmap is large."""
        block = np.asarray(np.load(path, mmap_mode="r", allow_pickle=False))
        names = path.with_suffix(".txt").read_text().split("\n")
        found = dict(zip(names, block, strict=True))
        self._rows.update(found)
        return found


def _place(folder: Path, key: str) -> Path:
    return folder / "outputs" / key[:24]
