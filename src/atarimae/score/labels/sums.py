"""The sum of the rows of each class."""

from typing import TypeVar

import numpy as np
import numpy.typing as npt

from atarimae.types import Floats, Ints

Number = TypeVar("Number", np.float32, np.float64)


def sums(
    rows: Floats | npt.NDArray[np.float64], targets: Ints, classes: int, kind: type[Number]
) -> npt.NDArray[Number]:
    """(classes, d) of (n, d) rows with a class each, added as `kind`; 0 for a class without any."""
    made = np.zeros((classes, rows.shape[1]), kind)
    if len(rows):
        order = np.argsort(targets, kind="stable")
        there, starts = np.unique(targets[order], return_index=True)
        made[there] = np.add.reduceat(rows[order], starts, axis=0, dtype=kind)
    return made
