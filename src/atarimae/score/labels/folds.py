"""Folds to judge labels by: each image by what was learned from the images of other folds."""

from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from atarimae.types import Ints

FOLDS = 10


def dealt(targets: Ints, groups: Sequence[str | None], number: int, seed: int = 0) -> Ints:
    """A fold for each of n rows: groups stay whole, and each class is spread over all folds.

    A group goes to the fold that has fewest of its classes so far, of equal ones to the smallest;
    so a class of as many images as there are folds, or fewer, loses none but the judged one.
    """
    members: dict[str, list[int]] = defaultdict(list)
    for row, group in enumerate(groups):
        members[f"group {group}" if group else f"row {row}"].append(row)
    sets = list(members.values())
    order = np.random.default_rng(seed).permutation(len(sets))
    of_class: dict[int, Ints] = defaultdict(lambda: np.zeros(number, np.int64))
    sizes = np.zeros(number, np.int64)
    folds = np.empty(len(targets), np.int64)
    for rows in (sets[place] for place in order):
        classes = set(targets[rows].tolist())
        there = np.sum([of_class[name] for name in classes], axis=0)
        fold = int(np.lexsort((sizes, there))[0])
        folds[rows] = fold
        sizes[fold] += len(rows)
        for name in targets[rows].tolist():
            of_class[name][fold] += 1
    return folds
