"""What a Gaussian model of classes is fitted to: their means, and how rows vary around them.

It is taken once of all rows, and for each fold less that fold's: what a tenth of the rows adds is
a tenth of the work. All is in float64, so that where rows are equal nothing varies.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from atarimae.score.labels.sums import sums
from atarimae.types import Floats, Ints

Numbers = npt.NDArray[np.float64]

ROWS = 4096  # that are taken at once


@dataclass(frozen=True, eq=False)
class Moments:
    """Of (n, d) rows with a class each."""

    counts: Ints  # (classes,): rows
    means: Numbers  # (classes, d); 0 for a class without any
    scatter: Numbers  # (d, d): the sum over rows of the square of what differs from the mean

    def without(self, rows: Floats, targets: Ints) -> "Moments":
        """The same without some of the rows, of which each is still there."""
        there, own = np.unique(targets, return_inverse=True)
        left = rows - self.means[targets]
        gone = sums(left, own, len(there), np.float64)
        counts = self.counts - np.bincount(targets, minlength=len(self.counts))
        rest = counts[there][:, None]
        means = self.means.copy()
        means[there] = np.where(rest > 0, means[there] - gone / np.maximum(rest, 1), 0)
        moved = gone / np.sqrt(np.maximum(rest, 1))
        return Moments(counts, means, self.scatter - left.T @ left - moved.T @ moved)


def moments(rows: Floats, targets: Ints, classes: int) -> Moments:
    """Of (n, d) rows with a class each; some classes may have none."""
    counts = np.bincount(targets, minlength=classes)
    means = sums(rows, targets, classes, np.float64) / np.maximum(counts, 1)[:, None]
    scatter = np.zeros((rows.shape[1], rows.shape[1]))
    for start in range(0, len(rows), ROWS):
        left = rows[start : start + ROWS] - means[targets[start : start + ROWS]]
        scatter += left.T @ left
    return Moments(counts, means, scatter)
