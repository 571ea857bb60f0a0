"""Files in order of how like their images are to one image."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from threading import Lock

import numpy as np

from atarimae.look.likeness import Likeness, Likenesses, by_pixels, chosen
from atarimae.types import Data, File, Floats
from atarimae.workspace import Workspace

BLOCK = 4096  # rows that are compared at once


@dataclass(frozen=True)
class Order:
    """Files, those of the most alike images first; what can't be compared comes last."""

    files: tuple[File, ...]
    near: str = ""  # the image that they are like
    told: str = ""  # what they are compared by; empty where nothing is known of the image
    left: int = 0  # how many files at the end can't be compared

    def as_dict(self) -> dict[str, object] | None:
        """JSON values without the files; None where nothing was asked for."""
        return {"image": self.near, "by": self.told, "left": self.left} if self.near else None


class Nearest:
    """Sorts what a filter found; the last order is kept, as a grid asks for it block by block."""

    def __init__(self, workspace: Workspace, likenesses: Likenesses) -> None:
        self.workspace = workspace
        self.likenesses = likenesses
        self._lock = Lock()
        self._last: tuple[tuple[object, ...], Order] | None = None

    def order(self, data: Data, files: tuple[File, ...], near: str) -> Order:
        """By the newest run's embeddings, or by pixels where it has none of this image."""
        if not near:
            return Order(files)
        known = self.likenesses.by(data, chosen(self.workspace))
        if known is not None and known.run is not None and near not in known.images:
            known = by_pixels(data, self.workspace)
        key = (known, files, near)
        with self._lock:
            if self._last is None or self._last[0] != key:
                self._last = (key, ordered(files, near, known))
            return self._last[1]


def ordered(files: Sequence[File], near: str, known: Likeness | None) -> Order:
    """Equal cosines are in order of the image's hash, files of one image as they came."""
    cosines = alike(known, near) if known else {}
    if known is None or not cosines:
        return Order(tuple(files), near, left=len(files))
    there = [file for file in files if file.image in cosines]
    rest = [file for file in files if file.image not in cosines]
    there.sort(key=lambda file: (-cosines[file.image], file.image))
    return Order((*there, *rest), near, known.told, len(rest))


def alike(known: Likeness, near: str) -> Mapping[str, float]:
    """The cosine of each image to one of them; empty where nothing is known of that one."""
    if near not in known.images:
        return {}
    asked = known.rows[known.images.index(near)].astype(np.float64)
    return dict(zip(known.images, _cosines(known.rows, asked).tolist(), strict=True))


def _cosines(rows: Floats, asked: "np.ndarray[tuple[int], np.dtype[np.float64]]") -> Floats:
    """In float64, as float32: two rows that are equal are equally near."""
    made = np.empty(len(rows), np.float32)
    for start in range(0, len(rows), BLOCK):
        made[start : start + BLOCK] = rows[start : start + BLOCK].astype(np.float64) @ asked
    return made
