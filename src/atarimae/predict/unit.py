"""Rows at unit length, whose inner products are cosines."""

from collections.abc import Sequence
from typing import overload

import numpy as np

from atarimae.types import Array, Floats, Rows

ROWS = 4096  # rows that are scaled at once
NEARLY = 1e-6  # what float32 may change in a length


def unit(rows: Sequence[Array] | Floats) -> Floats:
    """Rows (n, d) at unit length, made block by block; a row of zeros stays as it is.

    So does one that is of unit length already: two that are equal stay equal.
    """
    width = np.shape(rows[0])[-1] if len(rows) else np.shape(rows)[-1]
    made = np.empty((len(rows), width), np.float32)
    for start in range(0, len(rows), ROWS):
        block = np.asarray(rows[start : start + ROWS], np.float32)
        length = np.linalg.norm(block, axis=1, keepdims=True)
        length[np.abs(length - 1) < NEARLY] = 1
        made[start : start + ROWS] = block / np.maximum(length, 1e-12)
    return made


@overload
def embeddings(outputs: Floats) -> Floats: ...


@overload
def embeddings(outputs: Sequence[Array]) -> Sequence[Array]: ...


def embeddings(outputs: Sequence[Array] | Floats) -> Sequence[Array] | Floats:
    """What cosines are of: outputs (d,) as they are, the first row of each that has several.

    The rows below it say something of the picture's parts.
    """
    if not len(outputs) or outputs[0].ndim == 1:
        return outputs
    if isinstance(outputs, np.ndarray):
        return outputs[:, 0]
    if isinstance(outputs, Rows):
        return Rows(outputs.array[:, 0])
    return [row[0] for row in outputs]
