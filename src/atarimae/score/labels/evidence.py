"""What speaks for each class of an image, by models of other folds alone.

Of all classes only those are kept that may be it: n × c numbers, however many classes there are.
Nothing here depends on what is said of the image itself, so any label can be asked about.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from atarimae.score.labels.discriminant import fitted
from atarimae.score.labels.kernel import Kernel
from atarimae.score.labels.moments import moments
from atarimae.types import Bools, Floats, Ints

Numbers = npt.NDArray[np.float64]

LIKELY = 12  # classes that each kind of evidence may name
WIDEST = 512  # numbers of a row that the Gaussian model takes: its time grows with their cube
BLOCK = 1 << 22  # scores that are held at once


@dataclass(frozen=True)
class Evidence:
    """For n images and c classes each, the one asked about first."""

    classes: Ints  # (n, c)
    named: Bools  # (n, c): False where the row has that class before
    kinds: Numbers  # (2, n, c): log-likelihoods, and what the kernel regression gives

    def __len__(self) -> int:
        return len(self.classes)


def evidence(rows: Floats, targets: Ints, asked: Ints, folds: Ints, classes: int) -> Evidence:
    """Of (n, d) rows of unit length with a class each; the class `asked` is looked at, too."""
    kernel, narrow = Kernel(rows, folds), narrowed(rows)
    sums, whole = kernel.sums(targets, classes), moments(narrow, targets, classes)
    parts, order = [], []
    for fold in np.unique(folds):
        own = np.flatnonzero(folds == fold)
        model = fitted(whole.without(narrow[own], targets[own]))
        placed, weights = model.placed(narrow[own]), kernel.weights(int(fold), targets, sums)
        for some in _blocks(own, classes):
            told = (model.likelihoods(placed[some]), kernel.features[own[some]] @ weights)
            parts.append(_of(asked[own[some]], told))
            order.append(own[some])
    back = np.argsort(np.concatenate(order))
    named, found = (np.concatenate([part[n] for part in parts])[back] for n in range(2))
    kinds = np.concatenate([part[2] for part in parts], 1)[:, back]
    return Evidence(named, found, kinds)


def narrowed(rows: Floats) -> Floats:
    """(n, d) rows along their `WIDEST` principal axes, which no label has a say in."""
    if rows.shape[1] <= WIDEST:
        return rows
    centred = rows - rows.mean(0)
    _, axes = np.linalg.eigh((centred.T @ centred).astype(np.float64))
    return np.asarray(centred @ axes[:, -WIDEST:].astype(np.float32), np.float32)


def _of(asked: Ints, kinds: Sequence[Floats]) -> tuple[Ints, Bools, Numbers]:
    """Classes, whether they are named for the first time, and what each kind says of them."""
    width = min(LIKELY, kinds[0].shape[1])
    likely = [np.argpartition(kind, -width, axis=1)[:, -width:] for kind in kinds]
    classes = np.hstack([asked[:, None], *likely])
    told = [np.take_along_axis(kind, classes, 1) for kind in kinds]
    return classes, _first(classes), np.stack(told).astype(np.float64)


def _blocks(rows: Ints, classes: int) -> Iterator[slice]:
    step = max(1, BLOCK // max(1, classes))
    for start in range(0, len(rows), step):
        yield slice(start, start + step)


def _first(classes: Ints) -> Bools:
    """(n, c): whether a row names a class for the first time."""
    order = np.argsort(classes, axis=1, kind="stable")
    rising = np.take_along_axis(classes, order, 1)
    fresh = np.ones(classes.shape, bool)
    fresh[:, 1:] = rising[:, 1:] != rising[:, :-1]
    first = np.empty_like(fresh)
    np.put_along_axis(first, order, fresh, 1)
    return first
