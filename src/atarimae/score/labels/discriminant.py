"""How likely a row is in each class: a Gaussian for what varies within classes, one for between.

Two-covariance model (PLDA): Ioffe, ECCV 2006; Brümmer and de Villiers, Odyssey 2010. A class is
known by the mean of its rows, the better the more there are, so that classes of one row and of
thousands are compared fairly.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from atarimae.types import Floats, Ints

Numbers = npt.NDArray[np.float64]
LEAST = 1e-3  # between-class variance of an axis that is kept, where the one within classes is 1


@dataclass(frozen=True)
class Discriminant:
    """`axes` whiten what varies within classes; along them `between` (k,) varies between them."""

    mean: Numbers  # (d,)
    axes: Numbers  # (d, k)
    between: Numbers  # (k,)
    counts: Ints  # (classes,): how many rows a class was learned from
    means: Numbers  # (classes, k), 0 where there was none

    def placed(self, rows: Floats) -> Numbers:
        """(n, d) rows along the axes: (n, k)."""
        return np.asarray((rows - self.mean) @ self.axes)

    def likelihoods(self, placed: Numbers) -> Numbers:
        """The log-likelihood of (n, k) rows in each class, (n, classes), less a constant a row.

        Given n_c rows with mean m, a further one of the class is normal around
        n_c b / (n_c b + 1) · m with variance 1 + b / (n_c b + 1).
        """
        sure = self.counts[:, None] * self.between + 1
        variance = 1 + self.between / sure
        middle = (1 - 1 / sure) * self.means
        known = ((middle**2) / variance + np.log(variance)).sum(1)
        crossed = placed @ (middle / variance).T
        return np.asarray(crossed - ((placed**2) @ (1 / variance).T + known) / 2)


def fitted(rows: Floats, targets: Ints, classes: int) -> Discriminant:
    """The model of (n, d) rows of unit length, each with a class; some classes may have none."""
    mean = rows.mean(0, dtype=np.float64)
    centred = rows - mean
    counts = np.bincount(targets, minlength=classes)
    sums = np.zeros((classes, rows.shape[1]))
    np.add.at(sums, targets, centred)
    means = sums / np.maximum(counts, 1)[:, None]
    there = counts > 0
    whiten = _whitening(centred - means[targets], max(1, len(rows) - int(there.sum())))
    moved, share = means[there] @ whiten, counts[there] / len(rows)
    # Means of few rows vary by what varies within classes, too: that is taken off.
    spread = (moved * share[:, None]).T @ moved - np.eye(moved.shape[1]) * len(share) / len(rows)
    between, axes = np.linalg.eigh(spread)
    kept = between >= min(LEAST, between[-1])
    axes = whiten @ axes[:, kept]
    return Discriminant(mean, axes, np.maximum(between[kept], LEAST), counts, means @ axes)


def _whitening(left: Numbers, freedom: int) -> Numbers:
    """(d, d): what makes the variation within classes a sphere of variance 1.

    The covariance is shrunk as far as its own noise says: OAS, Chen et al., IEEE TSP 2010.
    """
    within = left.T @ left / freedom
    width = len(within)
    mean = max(float(np.trace(within)) / width, 1e-12)
    total, square = float((within**2).sum()), (mean * width) ** 2
    above = (1 - 2 / width) * total + square
    below = (freedom + 1 - 2 / width) * (total - square / width)
    shrink = min(1.0, above / below) if below > 0 else 1.0
    values, vectors = np.linalg.eigh((1 - shrink) * within + shrink * mean * np.eye(width))
    return np.asarray(vectors / np.sqrt(values))
