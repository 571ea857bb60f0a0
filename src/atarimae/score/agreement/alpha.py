"""Krippendorff's α: agreement of any number of people, who need not all have answered everything.

Krippendorff, Computing Krippendorff's Alpha-Reliability, 2011.
"""

from typing import Literal

import numpy as np
import numpy.typing as npt

from atarimae.types import Ints

Level = Literal["nominal", "ordinal", "interval"]
Numbers = npt.NDArray[np.float64]


def alpha(answers: Ints, classes: int, level: Level = "nominal") -> float:
    """1 − observed disagreement by that of chance. `answers` is (people, units), −1 for a gap.

    A unit that fewer than two answered says nothing and is left out. NaN where all answers that
    count are one class. At `ordinal` and `interval` the classes' numbers have an order; two
    differ by how many answers lie between them, or by the square of their distance.
    """
    return alpha_of(coincidences(answers, classes).sum(0), level)


def alpha_of(together: Numbers, level: Level) -> float:
    """From the sum of the units' `coincidences`."""
    counts = together.sum(1)
    apart = differences(counts, level)
    expected = float((np.outer(counts, counts) * apart).sum())
    observed = float((together * apart).sum())
    return 1 - float(counts.sum() - 1) * observed / expected if expected else float("nan")


def coincidences(answers: Ints, classes: int) -> Numbers:
    """(units, classes, classes): pairs of answers, each weighed by 1 / (the unit's answers − 1)."""
    counts = (answers[:, :, None] == np.arange(classes)).sum(0).astype(np.float64)
    pairs = counts[:, :, None] * counts[:, None, :] - np.eye(classes) * counts[:, :, None]
    many = counts.sum(1)[:, None, None]
    return np.asarray(np.where(many >= 2, pairs / np.maximum(many - 1, 1), 0))


def differences(counts: Numbers, level: Level) -> Numbers:
    """(classes, classes): the squared difference of two classes, given how often each was said."""
    places = np.arange(len(counts))
    if level == "nominal":
        return np.asarray(places[:, None] != places, np.float64)
    if level == "interval":
        return np.asarray((places[:, None] - places) ** 2.0)
    upto = np.cumsum(counts)
    middle = upto - counts / 2  # the mean rank of each class, but for a constant
    return np.asarray((middle[:, None] - middle) ** 2)
