"""How sure a first answer is: the probability that it is right, from what one query's list shows.

A cosine alone does not tell. Where the gallery is crowded anything has a near neighbour; where
it is sparse the right answer may be far. So the cosine is weighed against what stands around it,
as speaker verification weighs a score against cohorts of the query and of what it is compared
with (adaptive s-norm; Matějka et al., Interspeech 2017): a logistic model of five weights.
"""

import hashlib
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from atarimae.tasks.retrieve import logistic
from atarimae.types import Bools, Floats, Ints

Numbers = npt.NDArray[np.float64]

# What `evidence` tells of a query, column by column.
NAMES = (
    "cosine",  # of the first answer
    "margin",  # and by how much it exceeds the first one of another class
    "density",  # mean of answers 11 to 20: how near anything comes to this query
    "agreement",  # share of answers 2 to 5 that are of the first one's class
    "crowd",  # how near images of other classes come to the first answer: `Crowd`
)
PREFIX = "confidence_"  # of the constants
THRESHOLD = PREFIX + "threshold"
FOLDS = 5


def evidence(match: Ints, similarity: Floats, classes: Ints, crowd: Floats) -> Numbers:
    """The n × 5 numbers of `NAMES`, from lists (n, 20) as `Task.finish` has them.

    `classes` (m) numbers the gallery's, -1 for none; `crowd` (n) is of the first answers. What
    is missing from a short list is taken to be as near as its last answer; a query that found
    nothing has zeros.
    """
    there = np.isfinite(similarity)
    found = np.where(there, similarity, np.inf).astype(np.float64)
    last = np.where(there.any(axis=1), found.min(axis=1), 0.0)[:, None]
    near = np.where(there, found, last)
    of = np.append(classes, -1)[match]
    same = (of == of[:, :1]) & (of >= 0)
    same[:, 0] = True
    rival = np.where(same, -np.inf, near).max(axis=1)
    rival = np.where(same.all(axis=1), near[:, -1], rival)
    columns = (near[:, 0], near[:, 0] - rival, near[:, 10:].mean(axis=1),
               same[:, 1:5].mean(axis=1), crowd)  # fmt: skip
    return np.where(there[:, :1], np.stack(columns, axis=1, dtype=np.float64), 0.0)


def fitted(rows: Numbers, right: Bools) -> dict[str, float]:
    """The constants of `confidences`; none where right or wrong answers are too few to fit."""
    return logistic.fitted(rows, right, PREFIX, NAMES)


def is_fitted(constants: Mapping[str, float]) -> bool:
    """Whether these constants tell confidences."""
    return logistic.is_fitted(constants, PREFIX)


def confidences(rows: Numbers, constants: Mapping[str, float]) -> Floats:
    """The probability that the first answer is right, (n); 0 where nothing was found."""
    told = logistic.probabilities(rows, constants, PREFIX, NAMES)
    return np.where(rows.any(axis=1), told, 0.0).astype(np.float32)


def crossfitted(rows: Numbers, right: Bools, clusters: Sequence[str]) -> tuple[Floats, Ints] | None:
    """Each query's confidence by constants that were fitted without its class, and its fold (n).

    None where a fold leaves too little to fit.
    """
    fold = np.array([_fold(name) for name in clusters], np.int64)
    told = np.zeros(len(rows), np.float32)
    for number in np.unique(fold):
        constants = fitted(rows[fold != number], right[fold != number])
        if not constants:
            return None
        told[fold == number] = confidences(rows[fold == number], constants)
    return told, fold


def _fold(name: str) -> int:
    """Drawn by the name alone, the same on every machine."""
    return int(hashlib.sha256(name.encode()).hexdigest()[:12], 16) % FOLDS
