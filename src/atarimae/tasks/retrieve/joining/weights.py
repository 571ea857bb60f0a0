"""What each member's cosine should count, chosen on images that it will not be judged by."""

import hashlib
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from atarimae.predict.unit import unit
from atarimae.types import Bools, Data, Floats

MOST = 2000  # images of all sides that are looked at, whole classes of them
ROUNDS = 20

Side = tuple[Data, Sequence[Floats]]  # files, and each member's embeddings of them


def chosen(sides: Sequence[Side]) -> tuple[float, ...]:
    """Weights that add up to 1: how often each member was taken.

    Ensemble selection (Caruana et al., ICML 2004): begin with the best, add again and again the
    member that raises MRR most, each as often as it likes, and keep the best of all these. Every
    side is a gallery of its own.
    """
    galleries = [_Gallery(data, rows, MOST // len(sides)) for data, rows in sides]
    members = len(sides[0][1])
    counts = np.zeros(members)
    best, value = np.ones(members), _mrr(galleries, np.ones(members))
    for _ in range(ROUNDS):
        tried = [counts + row for row in np.eye(members)]
        found = [_mrr(galleries, one) for one in tried]
        counts = tried[int(np.argmax(found))]
        if max(found) > value + 1e-9:
            best, value = counts, max(found)
    return tuple(float(one) for one in best / best.sum())


def _mrr(galleries: Sequence["_Gallery"], counts: npt.NDArray[np.float64]) -> float:
    ranks = np.concatenate([one.reciprocal_ranks(counts) for one in galleries])
    return float(ranks.mean()) if len(ranks) else 0.0


class _Gallery:
    """A sample of one side: what each member thinks of every pair."""

    def __init__(self, data: Data, rows: Sequence[Floats], most: int) -> None:
        kept = _sample(data, most)
        files = [data.files[row] for row in kept]
        labels = np.array([data.label(file) for file in files], dtype=object)
        same, hidden = _equal(labels), _equal([file.image for file in files])
        hidden |= _equal([file.source or None for file in files])
        known = np.array([file.role != "query" for file in files], bool)
        asked = np.array([file.role != "gallery" for file in files], bool)
        self.seen = known[None, :] & ~hidden
        self.right = self.seen & same
        self.rows = np.flatnonzero(asked & self.right.any(axis=1))
        self.cosines = [unit(one[kept]) @ unit(one[kept]).T for one in rows]

    def reciprocal_ranks(self, counts: npt.NDArray[np.float64]) -> Floats:
        """Of each query with a match; as far down as that is."""
        weighted = zip(counts, self.cosines, strict=True)
        total = np.sum([np.float32(count) * one for count, one in weighted if count], axis=0)
        total, right, seen = total[self.rows], self.right[self.rows], self.seen[self.rows]
        best = np.where(right, total, -np.inf).max(axis=1, keepdims=True)
        return np.asarray(1 / (1 + ((total > best) & seen).sum(axis=1)), np.float32)


def _equal(names: Sequence[str | None] | npt.NDArray[np.object_]) -> Bools:
    """Which pairs have one name; None has none."""
    numbers = {name: number for number, name in enumerate(dict.fromkeys(names))}
    values = np.array([-1 if name is None else numbers[name] for name in names])
    return np.asarray((values[:, None] == values[None, :]) & (values >= 0)[:, None])


def _sample(data: Data, most: int) -> list[int]:
    """Rows of whole classes, in an order that is drawn by their names, until there are enough."""
    of_class: dict[str, list[int]] = {}
    for row, file in enumerate(data.files):
        of_class.setdefault(data.label(file) or "", []).append(row)
    of_class.pop("", None)
    kept: list[int] = []
    for name in sorted(of_class, key=lambda one: hashlib.sha256(one.encode()).hexdigest()):
        if kept and len(kept) + len(of_class[name]) > most:
            break
        kept += of_class[name][:most]
    return sorted(kept)
