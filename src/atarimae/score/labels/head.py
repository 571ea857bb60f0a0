"""A cheap classifier on embeddings: how likely an image without a label is of each class.

It is what labels are judged by (evidence.py), with its weights at their start: a Gaussian model of
the classes and a kernel regression, added as log-odds.
"""

import numpy as np
import numpy.typing as npt

from atarimae.score.labels.discriminant import fitted
from atarimae.score.labels.evidence import narrowed
from atarimae.score.labels.judge import START
from atarimae.score.labels.kernel import Kernel
from atarimae.score.labels.moments import moments
from atarimae.types import Floats, Ints

Numbers = npt.NDArray[np.float64]


def log_chances(known: Floats, targets: Ints, asked: Floats, classes: int) -> Numbers:
    """(m, classes) log-probabilities for (m, d) rows, from (n, d) rows that have a class each.

    All rows are of unit length. A class that no known row has is as good as impossible.
    """
    rows, number = np.concatenate([known, asked]).astype(np.float32), len(known)
    folds = np.repeat([0, 1], [number, len(asked)])
    told = np.concatenate([targets, np.zeros(len(asked), np.int64)])
    kernel, narrow = Kernel(rows, folds), narrowed(rows)
    model = fitted(moments(narrow[:number], targets, classes))
    odds = START[0] * model.likelihoods(model.placed(narrow[number:]))
    weights = kernel.weights(1, told, kernel.sums(told, classes))
    odds += START[1] * (kernel.features[number:] @ weights)
    odds[:, np.bincount(targets, minlength=classes) == 0] = -np.inf
    odds -= odds.max(1, keepdims=True)
    return np.asarray(odds - np.log(np.exp(odds).sum(1, keepdims=True)))
