"""95 % intervals by resampling clusters: images of one class or group are not independent."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from atarimae.score.distributions import t_cdf, t_quantile
from atarimae.types import Score

Numbers = npt.NDArray[np.float64]

BLOCK = 1 << 18  # clusters drawn at once
BOUNDS = (2.5, 97.5)  # percentiles
ZERO = 1e-9  # a mean of differences smaller than this is none: parts are float32


@dataclass(frozen=True)
class Difference:
    """Second minus first; `better` is the probability that the second's mean is higher."""

    value: float
    low: float
    high: float
    better: float  # 0 to 1; ties count half; NaN, as low and high, below two clusters
    variance: float = float("nan")  # of the value, by the queries alone


@dataclass(frozen=True)
class Spread:
    """How much of a score's variance comes from the seed, and how well that is known."""

    variance: float  # of one run's score over seeds
    overlap: float  # the part of it that resampling the queries sees as well
    freedom: float  # degrees of freedom; inf where nothing is drawn


def interval(score: Score, *, resamples: int = 2000, seed: int = 0) -> Score:
    """The score with `low` and `high`: percentiles of the mean under resampled clusters.

    As many clusters are drawn with replacement as there are; a draw's mean is the sum of its
    parts by their number, so large clusters weigh more, as they do in the value. Below two
    clusters nothing can be told and the bounds stay NaN. Efron & Tibshirani, An Introduction to
    the Bootstrap, 1993, chapters 8 and 13.
    """
    means = _means(np.asarray(score.parts, np.float64), score.clusters, resamples, seed)
    if not len(means):
        return replace(score, low=float("nan"), high=float("nan"))
    low, high = np.percentile(means, BOUNDS).clip(*score.within)
    return replace(score, low=float(low), high=float(high))


def paired(
    first: npt.ArrayLike,
    second: npt.ArrayLike,
    clusters: Sequence[str],
    *,
    resamples: int = 2000,
    seed: int = 0,
) -> Difference:
    """The mean of second minus first, where both have one part for each of the same queries."""
    deltas = np.asarray(second, np.float64) - np.asarray(first, np.float64)
    value = float(deltas.mean())
    means = _means(deltas, clusters, resamples, seed)
    if not len(means):
        return Difference(value, float("nan"), float("nan"), float("nan"))
    low, high = np.percentile(means, BOUNDS)
    better = np.mean((means > ZERO) + 0.5 * (np.abs(means) <= ZERO))
    number = len(set(clusters))
    variance = float(means.var()) * number / (number - 1)
    return Difference(value, float(low), float(high), float(better), variance)


def with_seeds(
    seen: Difference, clusters: int, noise: Sequence[tuple[float, Spread]]
) -> Difference:
    """The difference with the seeds' variance beside that of the queries.

    `noise` has for each source of seed noise the factor that its variance enters with: 1/n for a
    side that is the mean of n runs, 1/n + 1/m for one source of both sides. Each bound's distance
    is the bootstrap's own, combined in quadrature, so a skewed interval stays skewed; quantiles
    are Student's with Satterthwaite's degrees of freedom. Derived in docs/verdicts.md.
    """
    added = sum(factor * max(0.0, one.variance - one.overlap) for factor, one in noise)
    variance = seen.variance + added
    if not variance > 0:
        return seen
    freedom = satterthwaite(
        variance,
        [(seen.variance, clusters - 1)]
        + [(factor * one.variance, one.freedom) for factor, one in noise],
    )
    wide = t_quantile(0.975, freedom)
    grown = clusters / (clusters - 1)  # as many clusters are drawn as there are, not one less
    normal = t_quantile(0.975, math.inf)
    down, up = ((bound - seen.value) ** 2 * grown / normal**2 for bound in (seen.low, seen.high))
    return replace(
        seen,
        low=seen.value - wide * math.sqrt(down + added),
        high=seen.value + wide * math.sqrt(up + added),
        better=t_cdf(seen.value / math.sqrt(variance), freedom),
    )


def satterthwaite(variance: float, parts: Sequence[tuple[float, float]]) -> float:
    """Degrees of freedom of a sum of estimated variances, given each part and its own.

    Where `variance` is less than the parts' sum, for what they share, the result is the smaller
    for it: a small estimate by chance is trusted less. Satterthwaite, Biometrics 2, 1946.
    """
    doubt = sum(part**2 / freedom for part, freedom in parts)
    return max(1.0, variance**2 / doubt) if doubt > 0 else math.inf


def mean_variance(parts: npt.ArrayLike, clusters: Sequence[str]) -> float:
    """The variance of the mean of parts under resampled clusters, to first order."""
    values = np.asarray(parts, np.float64)
    number = {name: i for i, name in enumerate(sorted(set(clusters)))}
    if len(number) < 2:
        return 0.0
    member = np.fromiter((number[name] for name in clusters), np.int64, len(values))
    sums = np.bincount(member, values - values.mean())
    return float((sums**2).sum() / len(values) ** 2 * len(number) / (len(number) - 1))


def _means(parts: Numbers, clusters: Sequence[str], resamples: int, seed: int) -> Numbers:
    """The mean of each resample; none at all where there are fewer than two clusters."""
    # Sorted, so that the draws don't depend on the order of the queries.
    number = {name: i for i, name in enumerate(sorted(set(clusters)))}
    if len(number) < 2:
        return np.zeros(0)
    member = np.fromiter((number[name] for name in clusters), np.int64, len(parts))
    counts = np.bincount(member).astype(np.float64)
    sums = np.bincount(member, parts)
    drawn = _draws(len(number), resamples, np.random.default_rng(seed))
    return np.concatenate([sums[some].sum(axis=1) / counts[some].sum(axis=1) for some in drawn])


def _draws(
    clusters: int, resamples: int, rng: np.random.Generator
) -> Iterator[npt.NDArray[np.int32]]:
    """Cluster numbers, (some, clusters), until all resamples are drawn."""
    step = max(BLOCK // clusters, 1)
    for start in range(0, resamples, step):
        shape = (min(step, resamples - start), clusters)
        yield rng.integers(0, clusters, shape, dtype=np.int32)
