"""Which images show one picture: whole or cut, resized, saved again, mirrored or turned.

Candidates come from the low frequencies of previews; each is then laid over the other to the
fraction of a pixel and compared cell by cell, so that a look-alike of which one part differs is
none. A picture that shows nothing (one colour, more or less) is like no other.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from atarimae.parallel import in_parallel
from atarimae.survey.candidates import Candidates, candidates
from atarimae.survey.fitting import (
    FINE,
    HOPEFUL,
    Sizes,
    cells,
    finely,
    resampled,
    roughly,
    sizes,
    whole,
)
from atarimae.survey.windows import WINDOWS, turned
from atarimae.types import Array, Bools, Floats, Ints, Progress, silent

VERSION = 3  # of what is found: raise it whenever that changes
AT_ONCE = 256  # pairs that are compared at once: more would fall out of the cache
CORRELATED = 0.95  # brightness of both, once they lie over each other
APART, APART_CUT = 0.30, 0.60  # of the contrast: the cell that differs most, of wholes and parts
CONTRAST = 1.33  # by which one may have more than the other
LIGHT = 16.0  # grey levels, by which one may be lighter in the mean
TINT = 12.0  # levels of Cb and Cr: the cell that differs most
UNLIKE = 10.0  # the root of their mean square over a rough place: others are not looked at finely
WHOLE = 0.98  # of the area, from which on a part is the whole

# How `inner` must be turned to lie on `outer`, by the bits of `windows.turned`.
SAME, ACROSS, DOWN, HALF, DIAGONAL, LEFT, RIGHT, OTHER = range(8)


@dataclass(frozen=True, slots=True)
class Alike:
    """Two images of one picture, by their place in the list that was asked about."""

    outer: int  # the one that shows all
    inner: int
    turn: int  # what turns `inner` upright beside `outer`: one of `SAME` to `OTHER`
    part: float  # of `outer`'s area, that `inner` shows
    likeness: float  # correlation of their brightness, 0 to 1


def alike(
    grey: Array, colour: Array, *, cut: bool = True, progress: Progress = silent
) -> list[Alike]:
    """All pairs of previews that show one picture, each once, in order of `outer` and `inner`.

    `grey` is (n, 64, 64), `colour` (n, 2, 32, 32); see `hashes.PREVIEW`. With `cut`, parts of
    pictures are looked for as well.
    """
    total = len(grey)
    found = candidates(
        grey, colour, cut=cut, told=lambda done: progress(done, total, "looking for copies")
    )
    pairs: dict[tuple[int, int], Alike] = {}
    for one in _all_judged(grey, colour, found, progress):
        key = (min(one.outer, one.inner), max(one.outer, one.inner))
        if key not in pairs or _better(one, pairs[key]):
            pairs[key] = one
    return sorted(pairs.values(), key=lambda one: (one.outer, one.inner))


def _all_judged(
    grey: Array, colour: Array, found: Candidates, progress: Progress
) -> Iterator[Alike]:
    """Those of the candidates that are alike, looked at in blocks on every core."""
    pictures = sizes(grey)

    def judged(start: int) -> list[Alike]:
        return _judged(pictures, colour, found.some(slice(start, start + AT_ONCE)))

    starts = range(0, len(found), AT_ONCE)
    for start, alike_ones in zip(starts, in_parallel(judged, starts), strict=True):
        yield from alike_ones
        progress(min(start + AT_ONCE, len(found)), len(found), "comparing")


def turned_back(turn: int) -> int:
    """The orientation that undoes another."""
    return {LEFT: RIGHT, RIGHT: LEFT}.get(turn, turn)


@dataclass(frozen=True)
class _Look:
    """How n pairs agree once they lie over each other."""

    places: Floats  # (n, 4), in the outer picture's frame
    likeness: Floats  # correlation of brightness
    apart: Floats  # of the contrast: the root of the mean square in the cell that differs most
    tint: Floats  # levels: the same of Cb and Cr

    @property
    def good(self) -> Bools:
        bound = np.where(self.parts >= WHOLE, APART, APART_CUT)
        return np.asarray(
            (self.likeness >= CORRELATED) & (self.apart <= bound) & (self.tint <= TINT)
        )

    @property
    def parts(self) -> Floats:
        """Shares of the outer picture's area."""
        x0, y0, x1, y1 = self.places.T
        return np.asarray((x1 - x0) * (y1 - y0))


def _judged(pictures: Sizes, colour: Array, found: Candidates) -> list[Alike]:
    turns = _RELATIONS[found.outer_turns, found.inner_turns]
    frames = _FRAMES[found.windows]
    look = _looked(pictures, colour, found.outer, found.inner, turns, frames)
    good = look.good
    # A symmetric picture is like itself in several orientations: the plain one is said first.
    plain = np.flatnonzero(good & (turns != SAME))
    if len(plain):
        again = _looked(
            pictures, colour, found.outer[plain], found.inner[plain],
            np.zeros(len(plain), np.int64), frames[plain],
        )  # fmt: skip
        turns[plain[again.good]] = SAME
    return [
        Alike(
            int(found.outer[n]), int(found.inner[n]), int(turns[n]),
            1.0 if look.parts[n] >= WHOLE else float(look.parts[n]), float(look.likeness[n]),
        )
        for n in np.flatnonzero(good)
    ]  # fmt: skip


def _looked(
    pictures: Sizes, colour: Array, outer: Ints, inner: Ints, turns: Ints, places: Floats
) -> _Look:
    """`inner`, turned, laid over `outer` from `places` on."""
    places, likeness = _laid(pictures, colour, outer, inner, turns, places)
    n = len(places)
    look = _Look(places, likeness, np.full(n, np.inf), np.full(n, np.inf))
    some = np.flatnonzero(likeness >= CORRELATED)
    if len(some):
        mine: Floats = turned(pictures.half[inner[some]], turns[some])
        look.apart[some] = _apart(pictures.full[outer[some]], mine, places[some])
        tints = _tints(colour, outer[some], inner[some], turns[some], places[some])
        look.tint[some] = np.maximum(*(cells(band).max((1, 2)) for band in tints.swapaxes(0, 1)))
    return look


def _laid(
    pictures: Sizes, colour: Array, outer: Ints, inner: Ints, turns: Ints, places: Floats
) -> tuple[Floats, Floats]:
    """Where they fit best, and their correlations; 0 for those of unlike colours."""
    places, likeness = roughly(pictures, outer, inner, turns, places)
    some = np.flatnonzero(likeness >= HOPEFUL)
    tints = _tints(colour, outer[some], inner[some], turns[some], places[some])
    likeness[some] = 0
    some = some[np.square(tints).mean((2, 3)).max(1) <= UNLIKE**2]
    places[some], likeness[some] = finely(
        pictures, outer[some], inner[some], turns[some], places[some]
    )
    return places, likeness


def _tints(colour: Array, outer: Ints, inner: Ints, turns: Ints, places: Floats) -> Floats:
    """(n, 2, 16, 16): by how much the Cb and Cr of `outer`, at the place, are more than those of
    `inner`, turned."""
    return np.stack(
        [
            resampled(colour[outer, band], places, 16)
            - whole(turned(colour[inner, band], turns), 16)
            for band in (0, 1)
        ],
        axis=1,
    )


def _apart(ours: Array, told: Floats, places: Floats) -> Floats:
    """The cell that differs most, in shares of the contrast; ∞ if one is lighter or stronger."""
    shown = resampled(ours, places, FINE)
    means = [pictures.mean((1, 2), keepdims=True) for pictures in (shown, told)]
    contrasts = [pictures.std((1, 2)) + 1e-6 for pictures in (shown, told)]
    gain = contrasts[1] / contrasts[0]
    even = (shown - means[0]) * gain[:, None, None] - (told - means[1])
    worst = cells(even).max((1, 2)) / contrasts[1]
    unlike = (np.abs(means[0] - means[1])[:, 0, 0] > LIGHT) | (
        np.abs(np.log(gain)) > np.log(CONTRAST)
    )
    return np.asarray(np.where(unlike, np.inf, worst), np.float32)


def _better(one: Alike, other: Alike) -> bool:
    """A whole picture before a part, then the more alike, then as it was given."""
    return (one.part, one.likeness, -one.outer) > (other.part, other.likeness, -other.outer)


def _relations() -> Ints:
    """By the orientations in which two pictures look alike, what turns the second to the first."""
    square = np.arange(4).reshape(1, 2, 2)
    each = [turned(square, np.array([turn])) for turn in range(8)]
    made = np.zeros((8, 8), np.int64)
    for ours in range(8):
        for theirs in range(8):
            for turn in range(8):
                if (turned(each[turn], np.array([ours])) == each[theirs]).all():
                    made[ours, theirs] = turn
    return made


_RELATIONS = _relations()
_FRAMES = np.array([(x[0], y[0], x[1], y[1]) for x, y in WINDOWS], np.float32)
