"""How far a score moves when nothing but the seed changes.

`runs/ID/noise.json` holds what `atarimae noise` found of a recipe; docs/verdicts.md derives it.
"""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import cast

import numpy as np

from atarimae import files
from atarimae.runlog import Run
from atarimae.score.distributions import chi2_quantile
from atarimae.score.intervals import Numbers, Spread, mean_variance

FEWEST = 3  # seeds that a standard deviation is taken from
FILE = "noise.json"


@dataclass(frozen=True)
class Noise:
    """The standard deviation of a recipe's score over seeds, at one stage and data version."""

    metric: str
    stage: str
    sigma: float
    low: float  # 95 % interval of sigma, from chi-square
    high: float
    seeds: tuple[int, ...]
    runs: tuple[str, ...]
    values: tuple[float, ...]  # the score of each
    overlap: float  # the part of sigma² that resampling the queries sees as well
    deterministic: bool = False  # nothing is drawn: two seeds gave the same, and more would

    @property
    def spread(self) -> Spread:
        """The noise as a source of variance."""
        freedom = math.inf if self.deterministic else len(self.values) - 1
        return Spread(self.sigma**2, self.overlap, freedom)

    def as_dict(self) -> dict[str, object]:
        """The shape of noise.json and of `noise --json`."""
        return asdict(self)


def estimate(
    metric: str,
    stage: str,
    runs: Sequence[Run],
    parts: Numbers,
    clusters: Sequence[str],
    *,
    deterministic: bool = False,
) -> Noise:
    """The noise of runs that differ by their seed alone; `parts` is (runs, queries)."""
    values = parts.mean(axis=1)
    variance = 0.0 if deterministic else float(values.var(ddof=1))
    freedom = len(values) - 1
    low, high = (
        math.sqrt(variance * freedom / chi2_quantile(chance, freedom)) for chance in (0.975, 0.025)
    )
    return Noise(
        metric=metric,
        stage=stage,
        sigma=math.sqrt(variance),
        low=low,
        high=high,
        seeds=tuple(cast(int, run.seed) for run in runs),
        runs=tuple(run.id for run in runs),
        values=tuple(map(float, values)),
        overlap=0.0 if deterministic else shared_variance(parts, clusters),
        deterministic=deterministic,
    )


def write(run: Run, noise: Noise) -> None:
    """Keep the noise in the run's folder."""
    files.write_json(run.folder / FILE, noise.as_dict())


def read(run: Run) -> Noise | None:
    """The noise that was measured of this run, None where it was not."""
    path = run.folder / FILE
    if not path.is_file():
        return None
    found = files.read_json(path)
    lists = {name: tuple(cast(list[object], found[name])) for name in ("seeds", "runs", "values")}
    return Noise(**{**found, **lists})  # type: ignore[arg-type]


def shared_variance(parts: Numbers, clusters: Sequence[str]) -> float:
    """Variance of one run's mean by what the seed does to each cluster on its own.

    Query by query, what is left of the seeds' parts after the mean over seeds. Resampling the
    clusters of a difference counts it, and so does the variance over seeds.
    """
    left = parts - parts.mean(axis=0)
    several = [mean_variance(row, clusters) for row in left]
    return float(np.sum(several) / (len(parts) - 1))


def pooled(several: Sequence[Spread]) -> Spread:
    """One spread of one or several recipes, weighted by their degrees of freedom."""
    if len(several) == 1:
        return several[0]
    weights = [one.freedom for one in several]
    variance = np.average([one.variance for one in several], weights=weights)
    overlap = np.average([one.overlap for one in several], weights=weights)
    return Spread(float(variance), float(overlap), float(sum(weights)))
