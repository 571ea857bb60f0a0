"""Which labels are likely wrong, and what the images would rather be.

As in confident learning (Northcutt et al., JAIR 2021) a label is judged by probabilities that come
from models that never learned from the image. Here they come of embeddings, by a Gaussian model of
the classes and a kernel regression, both from other folds.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from atarimae.score.labels.evidence import evidence
from atarimae.score.labels.folds import FOLDS, dealt
from atarimae.score.labels.judge import judged
from atarimae.types import Floats, Ints

Numbers = npt.NDArray[np.float64]

VERSION = 1  # of what is found: raise it whenever that changes


@dataclass(frozen=True)
class Suspicions:
    """Of n labels, each judged without a look at the label itself."""

    classes: tuple[str, ...]  # sorted
    wrong: Numbers  # (n,): the probability that the label is wrong
    rather: Ints  # (n,): the likeliest other class, as a number in `classes`
    own: Numbers  # (n,): the probability of the label's class, by the image alone
    other: Numbers  # (n,): that of the likeliest other one

    def __len__(self) -> int:
        return len(self.wrong)


def suspicions(
    rows: Floats,
    labels: Sequence[str],
    groups: Sequence[str | None] | None = None,
    *,
    asked: Sequence[str] | None = None,
    folds: Ints | None = None,
    seed: int = 0,
) -> Suspicions:
    """Judge the labels of n images by their embeddings, (n, d) rows of unit length.

    Images of one group (near-duplicates) never speak for each other. `asked` are labels to be
    judged in place of those that are learned from; `folds` those to use, else groups are dealt out
    to ten. With a single class nothing can be wrong.
    """
    names, targets = np.unique([*labels, *(asked or ())], return_inverse=True)
    classes, number = tuple(map(str, names)), len(labels)
    said = np.asarray(targets[number:] if asked is not None else targets, np.int64)
    known = np.asarray(targets[:number], np.int64)
    if folds is None:
        folds = dealt(known, groups or [None] * number, min(FOLDS, number), seed)
    if len(set(known.tolist())) < 2 or len(set(folds.tolist())) < 2:
        return _nothing(classes, said)
    found = evidence(np.asarray(rows, np.float32), known, said, folds, len(classes))
    told = judged(found, folds, len(classes))
    chance = np.exp(told.logs)
    own = chance[:, 0].copy()
    chance[found.classes == said[:, None]] = -1
    best = chance.argmax(1)
    places = np.arange(number)
    rather, other = found.classes[places, best], np.maximum(chance[places, best], 0)
    return Suspicions(classes, told.wrong, rather, own, other)


def _nothing(classes: tuple[str, ...], said: Ints) -> Suspicions:
    none = np.zeros(len(said))
    return Suspicions(classes, none, said, none + 1, none)
