"""Cohen's κ: how far two people agree beyond what chance would give them.

Cohen, Educational and Psychological Measurement 20, 1960; with weights: Psychological Bulletin 70,
1968.
"""

from typing import Literal

import numpy as np
import numpy.typing as npt

from atarimae.types import Ints

Weights = Literal["none", "linear", "quadratic"]
Numbers = npt.NDArray[np.float64]


def confusion(first: Ints, second: Ints, classes: int) -> Ints:
    """(classes, classes): how often the first said the row's class and the second the column's."""
    table = np.zeros((classes, classes), np.int64)
    np.add.at(table, (first, second), 1)
    return table


def kappa(table: Ints, weights: Weights = "none") -> float:
    """1 − observed disagreement by that of chance, from a table of `confusion`.

    With weights a disagreement counts by how far apart the two classes are in their order, or by
    the square of it. NaN where chance alone leaves none: both always said one class, and nothing
    can be told of whether they would part elsewhere.
    """
    apart = distances(len(table), weights)
    counts = table.astype(np.float64)
    chance = np.outer(counts.sum(1), counts.sum(0)) / max(counts.sum(), 1)
    expected = float((apart * chance).sum())
    return 1 - float((apart * counts).sum()) / expected if expected else float("nan")


def distances(classes: int, weights: Weights) -> Numbers:
    """(classes, classes): what a disagreement between two counts."""
    places = np.arange(classes)
    apart = np.abs(places[:, None] - places).astype(np.float64)
    powers = {"none": 0.0, "linear": 1.0, "quadratic": 2.0}
    return np.asarray(np.where(apart > 0, apart ** powers[weights], 0))
