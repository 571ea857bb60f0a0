"""The sum of the rows of each class."""

import numpy as np

from atarimae.types import Floats, Ints


def sums(rows: Floats, targets: Ints, classes: int) -> Floats:
    """(classes, d) of (n, d) rows with a class each; 0 for a class that has none."""
    made = np.zeros((classes, rows.shape[1]), np.float32)
    if len(rows):
        order = np.argsort(targets, kind="stable")
        there, starts = np.unique(targets[order], return_index=True)
        made[there] = np.add.reduceat(rows[order], starts, axis=0)
    return made
