"""Class scores of rows by ridge regression on a Gaussian kernel, from other folds alone.

The kernel is approximated by landmarks (Nyström; Williams and Seeger, NIPS 2000), so that memory
grows with rows × landmarks.
"""

import numpy as np
import numpy.typing as npt

from atarimae.score.labels.inverse import positive
from atarimae.score.labels.sums import sums
from atarimae.types import Floats, Ints

Numbers = npt.NDArray[np.float64]

LANDMARKS = 1000  # rows, drawn without a look at labels
RIDGE = 0.3
JITTER = 1e-6


class Kernel:
    """Features of n rows, (n, m), and the regression from those of all folds but one."""

    def __init__(self, rows: Floats, folds: Ints, seed: int = 0) -> None:
        random = np.random.default_rng(seed)
        number = min(LANDMARKS, len(rows))
        marks = rows[np.sort(random.choice(len(rows), number, replace=False))]
        spread = 1 - float((rows.mean(0, dtype=np.float64) ** 2).sum())  # of rows of unit length
        self._steep = 2 / max(spread, 1e-6)
        values, vectors = np.linalg.eigh(self._near(marks, marks).astype(np.float64))
        kept = values > JITTER * values[-1]
        root = (vectors[:, kept] / np.sqrt(values[kept])).astype(np.float32)
        self.features: Floats = self._near(rows, marks) @ root
        self._squares = {
            int(fold): _squared(self.features[folds == fold]) for fold in np.unique(folds)
        }
        self._whole = sum(self._squares.values())
        self._folds = folds

    def _near(self, rows: Floats, marks: Floats) -> Floats:
        near: Floats = rows @ marks.T
        near -= 1
        near *= self._steep
        np.exp(near, out=near)
        return near

    def sums(self, targets: Ints, classes: int) -> Floats:
        """(classes, m): those of the features of each class."""
        return sums(self.features, targets, classes, np.float32)

    def weights(self, fold: int, targets: Ints, whole: Floats) -> Floats:
        """(m, classes): what gives the scores of a row of that fold from its features.

        `whole` are all sums: less the fold's own they are those of the others.
        """
        own = np.flatnonzero(self._folds == fold)
        told = whole - sums(self.features[own], targets[own], len(whole), np.float32)
        left = self._whole - self._squares[fold]
        left[np.diag_indices(len(left))] += RIDGE
        return positive(left).astype(np.float32) @ told.T


def _squared(rows: Floats) -> Numbers:
    return (rows.T @ rows).astype(np.float64)
