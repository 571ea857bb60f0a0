"""How many seeds it would take to see a difference."""

import math
from collections.abc import Sequence

from atarimae.score.distributions import chi2_quantile, t_quantile
from atarimae.score.intervals import Spread, satterthwaite

POWER = 0.8  # the chance to see a difference that is there
CAUTION = 0.7  # the chance that a variance is at most what is planned with
MOST = 200  # seeds of each recipe; whoever needs more needs another idea


def seeds_needed(
    difference: float, queries: float, clusters: int, sides: Sequence[Spread]
) -> int | None:
    """Seeds of each of the two recipes, so that such a difference is seen with 80 % chance.

    `queries` is the variance that no seed takes away: an idea helps one query more than another.
    None where no number of seeds does: only more queries would help then. A variance known from
    few seeds is planned with at its one-sided 70 % limit: at its estimate, half of all plans are
    too small (Browne, Statistics in Medicine 14, 1995).
    """
    if not difference:
        return None
    planned = [(_cautious(side), side.freedom) for side in sides]
    for seeds in range(1, MOST + 1):
        parts = [(variance / seeds, max(seeds - 1, known)) for variance, known in planned]
        variance = queries + sum(part for part, _ in parts)
        freedom = satterthwaite(variance, [(queries, clusters - 1), *parts])
        # Rough first: with known variances it would take 2.8 standard errors, never fewer.
        if abs(difference) < 2.8 * math.sqrt(variance):
            continue
        reach = t_quantile(0.975, freedom) + t_quantile(POWER, freedom)
        if abs(difference) >= reach * math.sqrt(variance):
            return seeds
    return None


def _cautious(side: Spread) -> float:
    if math.isinf(side.freedom) or not side.variance:
        return side.variance
    return side.variance * side.freedom / chi2_quantile(1 - CAUTION, side.freedom)
