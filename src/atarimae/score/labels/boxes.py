"""How right people's boxes look beside a model's: the scores of ObjectLab, a box each.

Tkachenko, Thyagarajan and Mueller: ObjectLab: Automated Diagnosis of Mislabeled Images in Object
Detection Data (2023), as cleanlab computes them (`cleanlab.object_detection.rank`). 1 is right and
0 is wrong. Boxes are (n, 4): x0, y0, x1, y1 in pixels.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from atarimae.score.overlap import iou
from atarimae.types import Bools

Numbers = npt.NDArray[np.float64]

ALPHA = 0.9  # what the IoU counts for in a similarity; the distance of the centres has the rest
FADES = 0.1  # by how much that falls with each pixel, in an exponent
TWICE = 0.95  # an IoU from which on two boxes are of one thing


@dataclass(frozen=True)
class Beside:
    """People's n boxes of one image, and a model's m beside them."""

    people: Numbers  # (n, 4)
    names: Sequence[str]
    model: Numbers  # (m, 4)
    said: Sequence[str]
    scores: Numbers  # (m,)

    @property
    def other(self) -> Bools:
        """(n, m): whether the classes differ."""
        own, said = np.array(self.names, str), np.array(self.said, str)
        return np.asarray(own[:, None] != said[None, :])


def similarity(first: Numbers, second: Numbers) -> Numbers:
    """(n, m): mostly the IoU, and a little for boxes that lie near each other."""
    centres = [(boxes[:, :2] + boxes[:, 2:]) / 2 for boxes in (first, second)]
    apart = np.linalg.norm(centres[0][:, None] - centres[1][None, :], axis=2)
    return np.asarray(ALPHA * iou(first, second) + (1 - ALPHA) * np.exp(-FADES * apart))


def floor(images: Sequence[Beside]) -> float:
    """The least similarity that there is in the set: what a score falls to, and no deeper."""
    found = [similarity(one.people, one.model) for one in images]
    least = [values[values != 0].min() for values in found if np.any(values != 0)]
    return float(min([1.0, *least]))


def overlooked(one: Beside, sure: Bools, least: float) -> Numbers:
    """(m,): near 0 where a thing that the model is sure of has no box; NaN where it isn't asked.

    What overlaps any of people's boxes is not overlooked.
    """
    asked = sure & ~np.any(iou(one.people, one.model) > 0, axis=0)
    near = np.where(one.other, -np.inf, similarity(one.people, one.model))
    best = near.max(0, initial=-np.inf)
    alone = least * (1 - one.scores)  # the image has no box of that class
    return np.where(asked, np.where(np.isfinite(best), best, alone), np.nan)


def badly_placed(one: Beside, sure: Bools) -> Numbers:
    """(n,): how well each of people's boxes lies on one of its class that the model is sure of."""
    meets = ~one.other & sure & (iou(one.people, one.model) > 0)
    near = np.where(meets, similarity(one.people, one.model), -np.inf)
    best = near.max(1, initial=-np.inf)
    return np.where(np.isfinite(best), best, 1.0)


def swapped(one: Beside, sure: Bools, least: float) -> Numbers:
    """(n,): near 0 where the model is sure of another class in the same place."""
    others = np.where(one.other & sure, similarity(one.people, one.model), -np.inf)
    best = others.max(1, initial=-np.inf)
    scores = np.where(np.isfinite(best), np.maximum(least, 1 - best), 1.0)
    names = np.array(one.names, str)
    twice = (iou(one.people, one.people) >= TWICE) & (names[:, None] != names[None, :])
    return np.where(twice.any(1), least, scores)
