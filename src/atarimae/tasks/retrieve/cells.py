"""Cells: what a network says of each place of a grid over the picture, beside its embedding.

They travel in one output (1 + r, d): the first row is the embedding; below it stand the grid's
side, how many numbers a cell has, and the cells one after the other, in rows of the embedding's
width, with zeros behind the last.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from atarimae.tasks.retrieve.whitening import whitening
from atarimae.types import Array, Floats, Ints

MEAN, MATRIX = "cells_mean", "cells_matrix"  # names of a model's arrays
SHRINK = 0.1  # of their whitening
UNIT = 1024  # counts are told as shares of it: exact, and no larger than the numbers beside them


def packed(embeddings: Floats, cells: Floats) -> Floats:
    """(n, d) embeddings and (n, side², numbers) cells in one array (n, 1 + r, d)."""
    (n, d), (_, places, numbers) = embeddings.shape, cells.shape
    rows = -(-(2 + places * numbers) // d)
    made = np.zeros((n, 1 + rows, d), np.float32)
    made[:, 0] = embeddings
    below = np.zeros((n, rows * d), np.float32)
    below[:, :2] = np.sqrt(places) / UNIT, numbers / UNIT
    below[:, 2 : 2 + places * numbers] = cells.reshape(n, -1)
    made[:, 1:] = below.reshape(n, rows, d)
    return made


def unpacked(outputs: Sequence[Array], rows: Sequence[int]) -> Array | None:
    """The cells (n, side², numbers) of some of the outputs, in float16; None where they have none.

    A cell is as long as it matters, all of a picture's together are of unit length.
    """
    if not len(rows) or outputs[rows[0]].ndim == 1:
        return None
    side, numbers = (round(float(part) * UNIT) for part in outputs[rows[0]][1:].reshape(-1)[:2])
    count = side * side * numbers
    made = np.empty((len(rows), side * side, numbers), np.float16)
    for place, row in enumerate(rows):
        made[place] = outputs[row][1:].reshape(-1)[2 : 2 + count].reshape(made.shape[1:])
    return made


def described(raw: Floats, arrays: Mapping[str, Array]) -> Floats:
    """Cells (n, side², numbers) of what the network gives of them, (n, side², any).

    What all pictures have in common says little, and comes out short.
    """
    mean, matrix = (np.asarray(arrays[name], np.float32) for name in (MEAN, MATRIX))
    moved = (raw - mean) @ matrix
    length = np.sqrt(np.square(moved).sum(axis=(1, 2), keepdims=True))
    return np.asarray(moved / np.maximum(length, 1e-12), np.float32)


def fit_described(raw: Floats, targets: Ints, numbers: int) -> dict[str, Array]:
    """The arrays of `described`, from cells (n, side², any) of training images and their classes.

    A whitening that shrinks what varies at one place within a class.
    """
    places = raw.shape[1]
    of = (targets[:, None] * places + np.arange(places)).reshape(-1)
    found = whitening(raw.reshape(len(of), -1), of.tolist(), numbers, SHRINK)
    return {MEAN: found["mean"], MATRIX: found["matrix"]}
