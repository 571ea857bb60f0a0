"""From a picture to its embedding, torch-free; and what whitening is."""

import hashlib
from collections.abc import Callable, Mapping
from typing import cast

import numpy as np

from atarimae.predict.graph import Graph
from atarimae.predict.resize import Fit, resize
from atarimae.task import Model
from atarimae.types import Array, Batch, Floats, Pixels, Source

SHRINK = 1e-4  # of the largest eigenvalue, added to each: small ones are mostly noise


class RetrievePredictor:
    """The steps that the model's settings name: graphs, and whitening between or after them."""

    cached = 1  # the backbone's graph; what follows takes microseconds

    def __init__(self, model: Model) -> None:
        self.size = cast(int, model.settings["image_size"])
        self.fit = cast(Fit, model.settings["fit"])
        names = cast(list[str], model.settings["steps"])
        made = {name: _step(name, model) for name in names}
        self.steps: Mapping[str, Callable[[Batch], Batch]] = made
        weights = hashlib.sha256(model.graphs[names[0]].read_bytes())
        weights.update(f"{self.size} {self.fit}".encode())
        self.key = weights.hexdigest()

    @property
    def reads(self) -> int:
        """The shorter side that is read, in px."""
        return self.size

    def windows(self, source: Source) -> Pixels:
        """(size, size, 3), RGB."""
        return resize(source, self.size, self.fit)


def fit_whitening(rows: Floats, dimension: int) -> dict[str, Array]:
    """PCA-whitening of (n, d) rows: subtract `mean` (d,), multiply by `matrix` (d, k).

    Jégou and Chum, ECCV 2012. k is `dimension`, or less where rows or columns are fewer.
    """
    mean = rows.mean(0)
    centred = rows - mean
    values, vectors = np.linalg.eigh((centred.T @ centred).astype(np.float64) / max(1, len(rows)))
    kept = min(dimension, rows.shape[1], max(1, len(rows) - 1))
    values, vectors = values[::-1][:kept].clip(min=0), vectors[:, ::-1][:, :kept]
    matrix = vectors / np.sqrt(values + SHRINK * max(values[0], 1e-12))
    return {"mean": mean.astype(np.float32), "matrix": matrix.astype(np.float32)}


def whitened(rows: Floats, arrays: Mapping[str, Array]) -> Floats:
    """(n, d) rows whitened and scaled to unit length: (n, k)."""
    moved = (rows - arrays["mean"]) @ arrays["matrix"]
    length = np.linalg.norm(moved, axis=1, keepdims=True)
    return cast(Floats, (moved / np.maximum(length, 1e-12)).astype(np.float32))


def _step(name: str, model: Model) -> Callable[[Batch], Batch]:
    if name != "whiten":
        return Graph(model.graphs[name])

    def whiten(batch: Batch) -> Batch:
        return list(whitened(np.stack([np.asarray(r, np.float32) for r in batch]), model.arrays))

    return whiten
