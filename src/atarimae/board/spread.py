"""How far runs' means stray by chance, together: they are judged by the same queries."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from atarimae.score.intervals import Numbers

SURE = 1.959964  # of a normal number, 95 % lie within so many standard deviations


@dataclass(frozen=True)
class Parts:
    """One part a query. `cluster` names what is drawn together: a class or a group."""

    values: Numbers
    clusters: tuple[str, ...]


@dataclass(frozen=True)
class Spread:
    """Means of r sets of parts and their covariance (r, r), if all were drawn anew."""

    means: Numbers
    covariance: Numbers
    counts: Numbers  # parts of each

    def of(self, queries: Numbers | float) -> Numbers:
        """The covariance of means over that many queries like these, for each of the r."""
        ratio = np.sqrt(self.counts / np.broadcast_to(queries, self.counts.shape))
        return np.asarray(self.covariance * np.outer(ratio, ratio))


def spread(several: Sequence[Parts]) -> Spread:
    """From clusters, linearised: what one cluster adds to each mean varies together.

    Särndal, Swensson & Wretman, Model Assisted Survey Sampling, 1992, section 5.6. With fewer than
    two clusters every part stands alone.
    """
    names = sorted({name for parts in several for name in parts.clusters})
    number = {name: i for i, name in enumerate(names)}
    means = np.array([parts.values.mean() for parts in several])
    counts = np.array([len(parts.values) for parts in several], np.float64)
    if len(names) < 2:
        own = [parts.values.var(ddof=1) / len(parts.values) for parts in several]
        return Spread(means, np.diag(np.nan_to_num(own)), counts)
    strayed = np.zeros((len(names), len(several)))
    for column, parts in enumerate(several):
        member = [number[name] for name in parts.clusters]
        np.add.at(strayed[:, column], member, (parts.values - means[column]) / counts[column])
    return Spread(means, strayed.T @ strayed * len(names) / (len(names) - 1), counts)
