"""Whitening of embeddings: fitted on training rows only, then a shift and a matrix."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from atarimae.types import Array, Floats

if TYPE_CHECKING:
    from atarimae.tasks.retrieve.recipe import RetrieveRecipe

Doubles = npt.NDArray[np.float64]


def fit_whitening(
    recipe: "RetrieveRecipe", rows: Floats, targets: Sequence[int]
) -> dict[str, Array]:
    """The recipe's whitening of (n, d) rows, whose class numbers `targets` gives.

    Subtract `mean` (d,), multiply by `matrix` (d, k). k is `whiten_dimension`, or less where rows
    or columns are fewer.
    """
    return whitening(
        rows, targets if recipe.whiten == "learned" else None, recipe.whiten_dimension,
        recipe.whiten_shrink,
    )  # fmt: skip


def whitening(
    rows: Floats, targets: Sequence[int] | None, dimension: int, shrink: float
) -> dict[str, Array]:
    """As `fit_whitening`: learned with class numbers, PCA without. The first columns of `matrix`
    are those that a smaller `dimension` gives.
    """
    mean = rows.mean(0)
    centred = (rows - mean).astype(np.float64)
    kept = min(dimension, rows.shape[1], max(1, len(rows) - 1))
    if targets is None:
        matrix = pca(centred, kept, shrink)
    else:
        matrix = learned(centred, np.asarray(targets), kept, shrink)
    return {"mean": mean.astype(np.float32), "matrix": matrix.astype(np.float32)}


def pca(centred: Doubles, kept: int, shrink: float) -> Doubles:
    """PCA-whitening of (n, d) centred rows: (d, kept). Jégou and Chum, ECCV 2012."""
    covariance = centred.T @ centred / len(centred)
    values, vectors = np.linalg.eigh(_shrunk(covariance, shrink))
    return np.asarray(vectors[:, ::-1][:, :kept] / np.sqrt(values[::-1][:kept]))


def learned(centred: Doubles, targets: npt.NDArray[np.int64], kept: int, shrink: float) -> Doubles:
    """Whitening of the variation within classes, then the largest directions of all: (d, kept).

    Mikolajczyk and Matas, ICCV 2007; Radenović et al., TPAMI 2019, with the covariance within
    classes in place of matching pairs. Classes of one image say nothing of it.
    """
    within = _within(centred, targets)
    values, vectors = np.linalg.eigh(_shrunk(within.T @ within / max(1, len(within)), shrink))
    whiten = vectors / np.sqrt(values)
    moved = centred @ whiten
    _, directions = np.linalg.eigh(moved.T @ moved)
    return np.asarray(whiten @ directions[:, ::-1][:, :kept])


def whitened(rows: Floats, arrays: Mapping[str, Array]) -> Floats:
    """(n, d) rows whitened and scaled to unit length: (n, k)."""
    mean, matrix = (np.asarray(arrays[name], np.float32) for name in ("mean", "matrix"))
    moved = (rows - mean) @ matrix
    length = np.linalg.norm(moved, axis=1, keepdims=True)
    return np.asarray(moved / np.maximum(length, 1e-12), np.float32)


def _within(centred: Doubles, targets: npt.NDArray[np.int64]) -> Doubles:
    """Each row less its class's mean, scaled so that small classes are not underrated."""
    _, number, counts = np.unique(targets, return_inverse=True, return_counts=True)
    sums = np.zeros((len(counts), centred.shape[1]))
    np.add.at(sums, number, centred)
    scale = np.sqrt(counts / np.maximum(counts - 1, 1))
    rows = (centred - (sums / counts[:, None])[number]) * scale[number][:, None]
    return np.asarray(rows[counts[number] > 1])


def _shrunk(covariance: Doubles, shrink: float) -> Doubles:
    """Ledoit and Wolf's form: drawn towards a sphere of the same total variance."""
    width = len(covariance)
    sphere = max(np.trace(covariance) / width, 1e-12) * np.eye(width)
    return np.asarray((1 - shrink) * covariance + shrink * sphere)
