"""How likely a row is in each class: a Gaussian for what varies within classes, one for between.

Two-covariance model (PLDA): Ioffe, ECCV 2006; Brümmer and de Villiers, Odyssey 2010. A class is
known by the mean of its rows, the better the more there are, so that classes of one row and of
thousands are compared fairly.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from atarimae.score.labels.inverse import cholesky, lower
from atarimae.score.labels.moments import Moments
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

    def placed(self, rows: Floats) -> Floats:
        """(n, d) rows along the axes: (n, k)."""
        centred = rows - self.mean.astype(np.float32)
        return np.asarray(centred @ self.axes.astype(np.float32))

    def likelihoods(self, placed: Floats) -> Floats:
        """The log-likelihood of (n, k) rows in each class, (n, classes), less a constant a row.

        Given n_c rows with mean m, a further one of the class is normal around
        n_c b / (n_c b + 1) · m with variance 1 + b / (n_c b + 1).
        """
        steep, known, size = self._classes
        spread = (placed**2) @ (0.5 / self._variances).T.astype(np.float32)
        found = placed @ steep.T
        found -= spread[:, size]
        found -= known
        return found

    @cached_property
    def _variances(self) -> Numbers:
        """(sizes, k): one row for all classes that were learned from as many rows."""
        return np.asarray(1 + self.between / (np.unique(self.counts)[:, None] * self.between + 1))

    @cached_property
    def _classes(self) -> tuple[Floats, Floats, Ints]:
        """By class: its middle by variance, (classes, k); what no row changes; its size's row."""
        size = np.unique(self.counts, return_inverse=True)[1]
        variance = self._variances[size]
        middle = (1 - 1 / (self.counts[:, None] * self.between + 1)) * self.means
        known = ((middle**2) / variance + np.log(variance)).sum(1) / 2
        return (middle / variance).astype(np.float32), known.astype(np.float32), size


def fitted(of: Moments) -> Discriminant:
    """The model of rows of unit length, by their moments."""
    there, number = of.counts > 0, int(of.counts.sum())
    share = of.counts[there] / number
    mean = share @ of.means[there]
    whiten = _whitening(of.scatter, max(1, number - len(share)))
    moved = (of.means[there] - mean) @ whiten
    heavy = moved * np.sqrt(share)[:, None]
    # Means of few rows vary by what varies within classes, too: that is taken off.
    spread = heavy.T @ heavy - np.eye(moved.shape[1]) * len(share) / number
    between, axes = np.linalg.eigh(spread)
    kept = between >= min(LEAST, between[-1])
    means = np.zeros((len(there), int(kept.sum())))
    means[there] = moved @ axes[:, kept]
    between = np.maximum(between[kept], LEAST)
    return Discriminant(mean, whiten @ axes[:, kept], between, of.counts, means)


def _whitening(scatter: Numbers, freedom: int) -> Numbers:
    """(d, d): what makes the variation within classes a sphere of variance 1.

    The covariance is shrunk as far as its own noise says: OAS, Chen et al., IEEE TSP 2010.
    """
    within = scatter / freedom
    width = len(within)
    mean = max(float(np.trace(within)) / width, 1e-12)
    total, square = float((within**2).sum()), (mean * width) ** 2
    above = (1 - 2 / width) * total + square
    below = (freedom + 1 - 2 / width) * (total - square / width)
    shrink = min(1.0, above / below) if below > 0 else 1.0
    root = cholesky((1 - shrink) * within + shrink * mean * np.eye(width))
    return lower(root).T
