"""Where a picture could be cut in two: along a gap, a seam, or the narrowest place.

A gap is a plain strip between two contents, as between things on white or photographs on a page. A
seam is a straight line across which nearly everything changes, as where two photographs meet.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from atarimae.survey.glance import Glance
from atarimae.survey.measure import Measure
from atarimae.survey.planes import Levels, Planes
from atarimae.types import Bools, Floats

FULL = 0.95  # of the box around the content, from which on it is one picture or several
EDGE = 0.15  # of the picture: a part is at least so wide
SAME = 12  # levels by which ground may differ
RIM = 0.6  # of the rim's pixels that are of one colour, where there is a ground at all
SEAM = 0.3  # of its pixels: less is no seam
RICH = 10  # levels between the quartiles along a seam, on either side
STEP = 10  # levels, at least, across a seam
BESIDE = 4  # px from a seam to what it is compared with
NARROW = 2  # px, at least, of a plain strip between two pictures
ABRUPT = 0.8  # of the lines that end at a strip do so suddenly
MOST = 3  # strips: more are a pattern, as the joints of a wall
NAMES = ("at", "gap", "seam", "valley", "balance")


@dataclass(frozen=True, slots=True)
class Cut:
    """The best cut across one axis; all are from 0 to 1."""

    at: float  # where, of the picture's width or height
    gap: float  # the width of the plain strip there, of the content's
    seam: float  # the share of the lines across it on which it is a sudden change
    valley: float  # by how much there is less at the cut than on either side
    balance: float  # 1 where both sides hold as much, 0 where one is empty


def parts(picture: Planes, grey: Levels) -> tuple[float, Cut, Cut]:
    """log₂ of the content's width by its height; the best cut from top to bottom, and across."""
    content = _content(picture)
    left, top, right, bottom = bounds(content)
    content = content[top:bottom, left:right]
    height, width = grey.shape
    grey = grey[top:bottom, left:right]
    across, down = _cut(content, grey), _cut(content.T, grey.T)
    return (
        float(np.log2((right - left) / (bottom - top))),
        replace(across, at=(left + across.at * (right - left)) / width),
        replace(down, at=(top + down.at * (bottom - top)) / height),
    )


def bounds(content: Bools) -> tuple[int, int, int, int]:
    """The smallest box that holds all of it: left, top, right, bottom; the picture without any."""
    down, across = np.flatnonzero(content.any(1)), np.flatnonzero(content.any(0))
    if not len(down):
        return 0, 0, content.shape[1], content.shape[0]
    return int(across[0]), int(down[0]), int(across[-1]) + 1, int(down[-1]) + 1


def _content(picture: Planes) -> Bools:
    """What is not ground; everything, where the rim is not of one colour."""
    sides = (picture[:, 0], picture[:, -1], picture[:, :, 0], picture[:, :, -1])
    rim = np.concatenate(sides, axis=1).astype(np.int16)
    half = rim.shape[1] // 2
    ground = np.partition(rim, (half - 1, half), axis=1)[:, half - 1 : half + 1].mean(1)
    if (np.abs(rim - ground[:, None]) <= SAME).all(0).mean() < RIM:
        return np.ones(picture.shape[1:], bool)
    low, high = ((ground + way).clip(0, 255).astype(np.uint8) for way in (-SAME, SAME))
    # One comparison: what is darker than `low` wraps around and is large.
    inside = [
        plane - least <= reach for plane, least, reach in zip(picture, low, high - low, strict=True)
    ]
    return np.asarray(~(inside[0] & inside[1] & inside[2]))


def _cut(content: Bools, grey: Levels) -> Cut:
    """Across the columns."""
    width = content.shape[1]
    columns = _mean(content)
    is_full = columns.mean() >= FULL
    if content.all():
        columns[_strips(grey)] = 0
    if width < 4 * BESIDE or not columns.any():
        return Cut(0.5, 0, 0, 0, 0)
    # On a ground, a drawing's own straight edges are no seams.
    seams = _seams(grey) if is_full else np.zeros(width, np.float32)
    upto = np.cumsum(columns)
    before = np.maximum.accumulate(columns)
    after = np.maximum.accumulate(columns[::-1])[::-1]
    valleys = (1 - columns / np.maximum(np.minimum(before, after), 1e-6)).clip(0, 1)
    balances = (2 * np.minimum(upto, upto[-1] - upto + columns) / upto[-1]).clip(0, 1)
    scores = np.maximum(valleys * np.sqrt(balances), seams)
    scores[: int(EDGE * width)] = scores[width - int(EDGE * width) :] = -1
    ties = np.flatnonzero(scores >= scores.max() - 1e-6)
    at = int(ties[np.argmax(balances[ties])])
    begin, end = _gap(columns, at)
    if end - begin > 2 * min(begin, width - end):  # the corners of a frame are no two things
        return Cut(0.5, 0, 0, 0, 0)
    return Cut(
        (begin + end) / 2 / width, (end - begin) / width,
        float(seams[at]), float(valleys[at]), float(balances[at]),
    )  # fmt: skip


def _gap(columns: Floats, at: int) -> tuple[int, int]:
    """Where the empty columns around one begin and end; its own middle where it is not empty."""
    there = np.flatnonzero(columns > 0)
    place = int(np.searchsorted(there, at))
    if columns[at] > 0 or not 0 < place < len(there):
        return at, at
    return int(there[place - 1]) + 1, int(there[place])


def _strips(grey: Levels) -> Bools:
    """The columns of one level that lie between pictures, where these reach the rim."""
    plain: Bools = grey.max(0) - grey.min(0) <= 2 * SAME
    if not plain.any():
        return plain
    ends = np.flatnonzero(np.diff(plain, prepend=False, append=False)).reshape(-1, 2)
    strips = [(begin, end) for begin, end in ends.tolist() if _parts_two(grey, begin, end)]
    found = np.zeros(len(plain), bool)
    for begin, end in strips if len(strips) <= MOST else ():
        found[begin:end] = True
    return found


def _parts_two(grey: Levels, begin: int, end: int) -> bool:
    """Whether the strip ends suddenly, and what is beside it is more than flat."""
    if begin == 0 or end == grey.shape[1] or end - begin < NARROW:
        return False
    sides = grey[:, [max(begin - BESIDE, 0), min(end - 1 + BESIDE, grey.shape[1] - 1)]]
    low, high = _quartiles(sides)
    steps = (np.abs(sides - float(np.median(grey[:, begin:end]))) >= STEP).mean(0)
    return bool((high - low).min() >= RICH and steps.min() >= ABRUPT)


def _seams(grey: Levels) -> Floats:
    """By column, the share of its pixels across which there is a step and beside which none.

    None where either side is of few levels: there a flag or a drawing has a line of its own.
    """
    step = np.zeros_like(grey)
    left, right = grey[:, :-2], grey[:, 2:]
    step[:, 1:-1] = np.maximum(left, right) - np.minimum(left, right)
    beside = np.zeros_like(step)
    beside[:, BESIDE:] = step[:, :-BESIDE]
    beside[:, :-BESIDE] = np.maximum(beside[:, :-BESIDE], step[:, BESIDE:])
    # More than twice as much, in whole numbers that eight bits hold.
    shares = _mean((step >= STEP) & ((step - np.uint8(1)) >> np.uint8(1) >= beside))
    places = np.flatnonzero(shares >= SEAM)
    if len(places):
        beyond = np.maximum(places - BESIDE, 0), np.minimum(places + BESIDE, len(shares) - 1)
        low, high = _quartiles(grey[:, np.concatenate(beyond)])
        shares[places] *= (high - low).reshape(2, -1).min(0) >= RICH
    return shares


def _quartiles(columns: Levels) -> tuple[Levels, Levels]:
    """Of each column, the levels that a quarter and three quarters of it do not exceed."""
    first, third = (len(columns) - 1) // 4, 3 * (len(columns) - 1) // 4
    rows = np.ascontiguousarray(columns.T)  # along a row it is ten times as fast
    rows.partition((first, third), axis=1)
    return rows[:, first], rows[:, third]


def _mean(flags: Bools) -> Floats:
    """By column, the share that is set."""
    found = np.ones(len(flags), np.float32) @ flags.astype(np.float32)
    return np.asarray(found / np.float32(len(flags)), np.float32)


def _parts(glance: Glance) -> tuple[float, ...]:
    wide, across, down = parts(glance.planes, glance.luma)
    return wide, *(getattr(cut, name) for cut in (across, down) for name in NAMES)


KIND: np.dtype[Any] = np.dtype(
    [("wide", np.float32), *((f"{axis}_{name}", np.float32) for axis in "xy" for name in NAMES)]
)
measure = Measure("parts", 3, KIND, _parts)
