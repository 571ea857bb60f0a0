"""How far runs' means stray by chance, together: they are judged by the same queries."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.float64]

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


def normal_cdf(z: float) -> float:
    """The chance of a standard normal number below z."""
    return (1 + math.erf(z / math.sqrt(2))) / 2


def student_quantile(df: int) -> float:
    """The 97.5 % quantile of Student's t; from 11 degrees on to about 0.1 %.

    Abramowitz & Stegun, Handbook of Mathematical Functions, 26.7.5.
    """
    few = (12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228)
    if df <= len(few):
        return few[df - 1]
    z = SURE
    return z + (z**3 + z) / (4 * df) + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * df**2)


def chi_square_tail(value: float, df: int) -> float:
    """The chance that chi-square of `df` (≥ 1) degrees exceeds `value`; closed form by parity."""
    half = max(value, 0.0) / 2
    odd = df % 2
    total = math.erfc(math.sqrt(half)) if odd else math.exp(-half)
    term = 2 * math.sqrt(half / math.pi) * math.exp(-half) if odd else math.exp(-half) * half
    for step in range((df - 1) // 2):
        total += term
        term *= half / (step + (1.5 if odd else 2))
    return total
