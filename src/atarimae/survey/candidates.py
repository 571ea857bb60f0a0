"""Which pictures may be copies: the nearest by low frequencies, without an n × n matrix.

What is near by its brightness must then have about the tone of the other: that costs nothing, and
of photographs it leaves one pair in twenty to be laid over each other.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from atarimae.parallel import in_parallel
from atarimae.survey.cells import Cells
from atarimae.survey.windows import COLOUR, COLOURS, CONTRAST, LIGHT, Vectors, of_windows, whole
from atarimae.types import Array, Bools, Floats, Ints

CLOSE = 0.90  # cosine, of whole pictures
CLOSE_CUT = 0.83  # of a window with a whole picture
AS_NEAR = 0.01  # by which a window must be nearer than the whole picture
LIGHTER = 28.0  # grey levels in the mean, that copies differ by at most
STRONGER = 0.7  # logarithm of their contrasts' ratio
COLOURED = 12.0  # levels of Cb and Cr, the root of the mean square
MISPLACED = 0.3  # of the contrast of the colours, which a window beside its place adds to that
AT_ONCE = 1 << 16  # pairs whose tones are compared at once
BLOCK = 256  # pictures whose windows are searched at once


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
    grey: Array,
    colour: Array,
    *,
    cut: bool = True,
    told: Callable[[int], None] = lambda done: None,
) -> Candidates:
    """Pairs of previews that look alike at a glance, each once and way round.

    `grey` is (n, 64, 64), `colour` (n, 2, 32, 32). With `cut`, copies that show a part of another
    picture are looked for as well. `told` hears how many pictures were gone through.
    """
    blocks = [slice(start, start + BLOCK) for start in range(0, len(grey), BLOCK)]

    def wholes(some: slice) -> Vectors:
        return _moved(whole(grey[some], colour[some]), some.start)

    known = _joined(list(in_parallel(wholes, blocks)))
    if known is None or not len(known.images):
        return _NONE
    cells = Cells(known.vectors)

    def near(some: slice) -> Candidates:
        if not cut:
            return _once(_near(cells, known, _of_whole(known, some.start)))
        asked = _moved(of_windows(grey[some], colour[some]), some.start)
        return _once(_near(cells, known, asked))

    found = []
    for some, part in zip(blocks, in_parallel(near, blocks), strict=True):
        found.append(part)
        told(min(some.stop, len(grey)))
    all_of_them = Candidates(*(np.concatenate([getattr(one, n) for one in found]) for n in _NAMES))
    return _once(_sorted(all_of_them))


def _near(cells: Cells, known: Vectors, asked: Vectors) -> Candidates:
    least = np.where(asked.windows == 0, CLOSE, CLOSE_CUT).astype(np.float32)
    rows, there, cosines = cells.near(asked.vectors, least)
    likely = known.images[there] != asked.images[rows]
    likely &= _of_one_tone(asked, known, rows, there)
    rows, there, cosines = rows[likely], there[likely], cosines[likely]
    return Candidates(
        asked.images[rows], known.images[there], asked.windows[rows],
        asked.turns[rows], known.turns[there], cosines,
    )  # fmt: skip


def _of_one_tone(asked: Vectors, known: Vectors, rows: Ints, there: Ints) -> Bools:
    """Which pairs of rows are as light, as strong and of the same colours, more or less."""
    likely = np.ones(len(rows), bool)
    for place, bound in ((LIGHT, LIGHTER), (CONTRAST, STRONGER)):
        apart = asked.tones[:, place].take(rows) - known.tones[:, place].take(there)
        likely &= np.abs(apart) <= bound
    left = np.flatnonzero(likely)
    for start in range(0, len(left), AT_ONCE):
        some = left[start : start + AT_ONCE]
        ours, theirs = (
            tones.take(chosen[some], axis=0)[:, COLOUR:]
            for tones, chosen in ((asked.tones, rows), (known.tones, there))
        )
        bounds = COLOURED + MISPLACED * np.sqrt(np.square(theirs[:, _WAVES]).sum(1))
        likely[some] = np.square(ours - theirs).sum(1) <= bounds**2
    return likely


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


def _of_whole(known: Vectors, start: int) -> Vectors:
    """The whole pictures of a block, in one orientation each."""
    here = np.flatnonzero((known.images >= start) & (known.images < start + BLOCK))
    _, first = np.unique(known.images[here], return_index=True)
    return Vectors(*(getattr(known, name)[here[first]] for name in _VECTORS))


def _moved(vectors: Vectors, start: int) -> Vectors:
    return replace(vectors, images=vectors.images + start)


def _joined(parts: list[Vectors]) -> Vectors | None:
    if not parts:
        return None
    return Vectors(*(np.concatenate([getattr(part, n) for part in parts]) for n in _VECTORS))


_WAVES = [n for n in range(2 * COLOURS**2) if n % COLOURS**2]  # all but the means of Cb and Cr
_VECTORS = ("vectors", "images", "windows", "turns", "tones")
_NAMES = ("outer", "inner", "windows", "outer_turns", "inner_turns", "cosines")
_INTS, _FLOATS = np.zeros(0, np.int64), np.zeros(0, np.float32)
_NONE = Candidates(_INTS, _INTS, _INTS, _INTS, _INTS, _FLOATS)
