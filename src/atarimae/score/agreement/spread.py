"""How sure a figure of agreement is: its 95 % interval, by drawing the images again."""

from collections.abc import Callable

import numpy as np

from atarimae.score.intervals import BOUNDS
from atarimae.types import Ints

RESAMPLES = 2000


def spread(
    of: Callable[[Ints], float], images: int, *, resamples: int = RESAMPLES, seed: int = 0
) -> tuple[float, float]:
    """The bounds of `of`, which is told which images count, some twice; NaN where nothing is.

    Percentiles of as many images, drawn with replacement: κ, α and F1 are no means, so they are
    worked out anew for each draw. Draws of which there is none, such as those of one class alone,
    are left out.
    """
    if images < 2:
        return float("nan"), float("nan")
    random = np.random.default_rng(seed)
    drawn = (of(random.integers(0, images, images)) for _ in range(resamples))
    values = np.array([value for value in drawn if value == value])
    if not len(values):
        return float("nan"), float("nan")
    low, high = np.percentile(values, BOUNDS)
    return float(low), float(high)
