"""Images that are like no others."""

import numpy as np

from atarimae.look.checks.finding import Beside, Check, Finding
from atarimae.look.checks.neighbours import Neighbours, neighbours
from atarimae.look.checks.usual import Numbers, Rule, unusual, usual
from atarimae.types import Data

NEAREST = 5  # images that one is compared with
RULE = Rule(1, 0.5, np.inf, 0.1, True)  # of log₂ of the distance: 1.4 times the median at least


def _find(data: Data, beside: Beside) -> list[Finding]:
    """Only what a run embedded already is looked at: without one, nothing is said."""
    known = neighbours(beside, data)
    if known is None or beside.judged is None:
        return []
    far, run = distances(known), beside.judged.run.mark
    most, files = usual(far), beside.places(data)
    return [
        Finding(
            check.name,
            f"{file.path} is like no other image.",
            (file.image,),
            tuple(one.path for one in files[file.image]),
            f"To the {NEAREST} images nearest to it its mean cosine is {_cosine(far[place])} in "
            f"the embeddings of run {run}; of 90 % of the images it is {_cosine(most.high)} to "
            f"{_cosine(most.low)}.",
            "Leave it out if it does not belong here; if it does, add more images of its kind.",
        )
        for place in unusual(far, RULE)
        for file in [known.files[place]]
    ]


def distances(known: Neighbours) -> Numbers:
    """log₂ of 1 less the mean cosine to the nearest images; NaN where there are too few."""
    nearest = known.cosines[:, :NEAREST].astype(np.float64)
    mean = np.where(np.isfinite(nearest).all(1), nearest.mean(1), np.nan)
    return np.asarray(np.log2(np.maximum(1 - mean, 1e-6)))


def _cosine(distance: float) -> str:
    return f"{1 - 2 ** float(distance):.2f}"


check = Check(
    "images unlike the rest",
    "A wrong file, a broken one, or the first of a kind that the data lacks.",
    _find,
)
