"""Which pictures may be copies: the nearest by low frequencies, without an n × n matrix."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from atarimae.survey.windows import Vectors, of_windows, whole
from atarimae.types import Array, Bools, Floats, Ints

NEAREST = 16  # that are asked for
CLOSE = 0.90  # cosine, of whole pictures
CLOSE_CUT = 0.83  # of a window with a whole picture
AS_NEAR = 0.01  # by which a window must be nearer than the whole picture
BLOCK = 256  # pictures whose windows are searched at once
FEW = 4096  # vectors that are gone through one by one
TRAIN = 64  # vectors a cell that its centre is learned from
PROBES = 8  # cells that are looked into


@dataclass(frozen=True)
class Candidates:
    """n pairs: picture `inner` may be what window `windows` of picture `outer` shows."""

    outer: Ints
    inner: Ints
    windows: Ints  # number in `WINDOWS`
    outer_turns: Ints  # orientations in which the two look alike, see `windows.turned`
    inner_turns: Ints
    cosines: Floats

    def __len__(self) -> int:
        return len(self.outer)

    def some(self, chosen: Ints | Bools | slice) -> "Candidates":
        """A part of them."""
        return Candidates(*(getattr(self, name)[chosen] for name in _NAMES))


def candidates(
    grey: Array, *, cut: bool = True, told: Callable[[int], None] = lambda done: None
) -> Candidates:
    """Pairs of previews (n, 64, 64) that look alike at a glance, each once and way round.

    With `cut`, copies that show a part of another picture are looked for as well. `told` hears
    how many pictures were gone through.
    """
    blocks = range(0, len(grey), BLOCK)
    known = _joined([_moved(whole(grey[start : start + BLOCK]), start) for start in blocks])
    if known is None or not len(known.images):
        return _NONE
    index = _index(known.vectors)
    found = []
    for start in blocks:
        block = grey[start : start + BLOCK]
        asked = _moved(of_windows(block), start) if cut else _of_whole(known, start)
        found.append(_once(_near(index, known, asked)))
        told(min(start + BLOCK, len(grey)))
    all_of_them = Candidates(*(np.concatenate([getattr(one, n) for one in found]) for n in _NAMES))
    return _once(_sorted(all_of_them))


def _near(index: Any, known: Vectors, asked: Vectors) -> Candidates:
    if not len(asked.images):
        return _NONE
    cosines, places = index.search(asked.vectors, min(NEAREST, len(known.images)))
    least = np.where(asked.windows == 0, CLOSE, CLOSE_CUT)
    rows, columns = np.nonzero((cosines >= least[:, None]) & (places >= 0))
    there = places[rows, columns]
    other = known.images[there] != asked.images[rows]
    rows, columns, there = rows[other], columns[other], there[other]
    return Candidates(
        asked.images[rows], known.images[there], asked.windows[rows],
        asked.turns[rows], known.turns[there], cosines[rows, columns],
    )  # fmt: skip


def _sorted(found: Candidates) -> Candidates:
    """Pairs of whole pictures with the first of the two outside: each was found from both."""
    swap = (found.windows == 0) & (found.outer > found.inner)
    sides = [(found.outer, found.inner), (found.outer_turns, found.inner_turns)]
    (outer, inner), (ours, theirs) = (
        (np.where(swap, b, a), np.where(swap, a, b)) for a, b in sides
    )
    return Candidates(outer, inner, found.windows, ours, theirs, found.cosines)


def _once(found: Candidates) -> Candidates:
    """Of each pair its nearest window, the whole picture where that is as near."""
    rank = found.cosines + AS_NEAR * (found.windows == 0)
    order = np.lexsort((-rank, found.inner, found.outer))
    pairs = np.stack([found.outer[order], found.inner[order]])
    first = np.ones(len(order), bool)
    first[1:] = (pairs[:, 1:] != pairs[:, :-1]).any(0)
    return found.some(order[first])


def _index(vectors: Floats) -> Any:
    """FAISS's: exact for few vectors, else in cells of which each question looks into some."""
    import faiss

    width = vectors.shape[1]
    if len(vectors) <= FEW:
        index: Any = faiss.IndexFlatIP(width)
    else:
        cells = int(4 * np.sqrt(len(vectors)))
        index = faiss.IndexIVFFlat(
            faiss.IndexFlatIP(width), width, cells, faiss.METRIC_INNER_PRODUCT
        )
        index.cp.seed, index.cp.max_points_per_centroid = 0, TRAIN
        index.cp.min_points_per_centroid = 1  # else it warns on stderr
        index.nprobe = PROBES
        index.train(vectors)
    index.add(vectors)
    return index


def _of_whole(known: Vectors, start: int) -> Vectors:
    """The whole pictures of a block, in one orientation each."""
    here = np.flatnonzero((known.images >= start) & (known.images < start + BLOCK))
    _, first = np.unique(known.images[here], return_index=True)
    return Vectors(*(getattr(known, name)[here[first]] for name in _VECTORS))


def _moved(vectors: Vectors, start: int) -> Vectors:
    return Vectors(vectors.vectors, vectors.images + start, vectors.windows, vectors.turns)


def _joined(parts: list[Vectors]) -> Vectors | None:
    if not parts:
        return None
    return Vectors(*(np.concatenate([getattr(part, n) for part in parts]) for n in _VECTORS))


_VECTORS = ("vectors", "images", "windows", "turns")
_NAMES = ("outer", "inner", "windows", "outer_turns", "inner_turns", "cosines")
_INTS, _FLOATS = np.zeros(0, np.int64), np.zeros(0, np.float32)
_NONE = Candidates(_INTS, _INTS, _INTS, _INTS, _INTS, _FLOATS)
