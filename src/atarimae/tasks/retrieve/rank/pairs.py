"""The model of pairs, learned from the lists that training images get of one another."""

import hashlib

import numpy as np

from atarimae.predict.unit import unit
from atarimae.tasks.retrieve import logistic
from atarimae.tasks.retrieve.logistic import Numbers
from atarimae.tasks.retrieve.rank.cells import NAMES, PREFIX, Pairs
from atarimae.tasks.retrieve.rank.propagation import numbered
from atarimae.tasks.retrieve.rank.view import Asked, Plain
from atarimae.types import Array, Bools, Data, Floats, Ints

MOST = 2000  # training images, whole classes of them
DEPTH = 20  # answers of each: what is right among them, and what looked as if it was


def sample(data: Data) -> Data:
    """Labelled files of whole classes, drawn by their names, until there are enough."""
    of_class: dict[str, list[int]] = {}
    for row, file in enumerate(data.files):
        of_class.setdefault(data.label(file) or "", []).append(row)
    of_class.pop("", None)
    kept: set[str] = set()
    for name in sorted(of_class, key=lambda one: hashlib.sha256(one.encode()).hexdigest()):
        if kept and len(kept) + len(of_class[name]) > MOST:
            break
        kept.update(data.files[row].path for row in of_class[name][:MOST])
    return data.where(lambda file: file.path in kept)


def learned(embeddings: Floats, cells: Array, data: Data) -> dict[str, float]:
    """The constants of `Pairs` from embeddings (n, d) and cells (n, …) of the files of `data`.

    Each image asks among the others, without its own image and source. What tells its right
    answers from the wrong ones beside them is learned: their order, as only that is asked for. The
    cosine is not among what is looked at, as training has made it far better here than it will be.
    None where there are too few right answers beside wrong ones.
    """
    ids, sources = [file.image for file in data.files], [file.source for file in data.files]
    rows = unit(embeddings)
    match, _ = Plain(rows, ids, sources).search(Asked(rows, ids, sources), DEPTH)
    query, place = np.nonzero(match >= 0)
    found = match[query, place]
    of = numbered([data.label(file) or "" for file in data.files])
    right = of[query] == of[found]
    told = Pairs(cells, cells, {}).told(query, found)
    more = _differences(told, right, query)
    sides = np.repeat([True, False], len(more))
    constants = logistic.fitted(np.concatenate([more, -more]), sides, PREFIX, NAMES)
    return _centred(constants, told, right) if constants else {}


def _differences(told: Numbers, right: Bools, query: Ints) -> Numbers:
    """What right answers have on top of each wrong one in the same list, (any, 4)."""
    lists = np.split(np.arange(len(query)), np.flatnonzero(np.diff(query)) + 1)
    return np.concatenate([
        (told[one[right[one]]][:, None] - told[one[~right[one]]][None]).reshape(-1, len(NAMES))
        for one in lists
    ])  # fmt: skip


def _centred(constants: dict[str, float], told: Numbers, right: Bools) -> dict[str, float]:
    """0 is midway between what right and wrong answers have."""
    odds = logistic.log_odds(told, constants, PREFIX, NAMES)
    middle = (odds[right].mean() + odds[~right].mean()) / 2
    return {**constants, f"{PREFIX}bias": constants[f"{PREFIX}bias"] - float(middle)}
