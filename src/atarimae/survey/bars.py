"""Bars and frames: plain strips along a picture's sides that end in a straight line.

A letterboxed film, a scan's black border, a screenshot's caption. The plain margin around a thing
on white is none: it ends where the thing does, and that is seldom straight.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from atarimae.survey.planes import Planes
from atarimae.types import Bools, Floats

Colour = npt.NDArray[np.uint8]  # (3,)

SAME = 6  # levels that a bar's pixels may differ by in each channel: compression does that
PLAIN = 0.97  # of a line's pixels that are of its colour
STRAIGHT = 0.8  # of the pixels of a bar's inner edge that are of another colour
WRITTEN = 0.45  # of a line's pixels that are of the colour that a text stands on
TALL = 0.35  # of the picture: a higher strip is no caption
LETTERS = 6  # changes between ink and ground along a line of text, at least
SIDES = ("top", "bottom", "left", "right")


def bars(planes: Planes) -> dict[str, float]:
    """Plain numbers by name: shares of the picture's height or width.

    `margin` is the narrowest of the four plain margins however they end; `top`, `bottom`, `left`
    and `right` are those that end in a straight line. `ground` is the mean of their colours'
    channels, 0 to 1; of the rim's, where there are none. `caption` is the height of a strip at the
    top or bottom with writing in it.
    """
    known: dict[bytes, tuple[Floats, Floats]] = {}
    margins = {side: _margin(side, planes, known) for side in SIDES}
    lines = {side: margin.lines for side, margin in margins.items()}
    _, height, width = planes.shape
    inner = planes[
        :, lines["top"] : height - lines["bottom"], lines["left"] : width - lines["right"]
    ]
    whole = {"top": height, "bottom": height, "left": width, "right": width}
    shares = {side: lines[side] / whole[side] if inner.size else 0.0 for side in SIDES}
    ends = {side: _ends_straight(_seen_from(side, inner), margins[side]) for side in SIDES}
    captions = (
        _caption(planes, margins["top"]), _caption(planes[:, ::-1], margins["bottom"]),
    )  # fmt: skip
    shown = [margins[side].colour for side in SIDES if shares[side] * ends[side]]
    ground = np.mean(shown or [margin.colour for margin in margins.values()])
    return {side: shares[side] * ends[side] for side in SIDES} | {
        "margin": min(shares.values()), "ground": float(ground) / 255, "caption": max(captions),
    }  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Margin:
    lines: int
    colour: Colour
    shares: Floats  # by line the share of this colour, to the middle; none where the first has few


def _seen_from(side: str, planes: Planes) -> Planes:
    """The same picture with that side at the top."""
    if side in ("left", "right"):
        planes = planes.swapaxes(1, 2)
    return planes[:, ::-1] if side in ("bottom", "right") else planes


def _margin(side: str, planes: Planes, known: dict[bytes, tuple[Floats, Floats]]) -> _Margin:
    """The plain lines at that side, half of the picture at most.

    `known` are the shares of rows and columns by colour: often all sides are of one.
    """
    seen = _seen_from(side, planes)
    colour = _rim(seen)
    key = colour.tobytes()
    if key not in known:
        if _shares(seen[:, :1], colour)[0] < WRITTEN:
            return _Margin(0, colour, np.zeros(0, np.float32))
        known[key] = _both(planes, colour)
    rows, columns = known[key]
    lines = rows if side in ("top", "bottom") else columns
    lines = lines[::-1] if side in ("bottom", "right") else lines
    shares = lines[: -(-len(lines) // 2) if lines[0] >= WRITTEN else 0]
    return _Margin(_run(shares >= PLAIN), colour, shares)


def _ends_straight(inner: Planes, margin: _Margin) -> bool:
    """Whether what is inside begins all along the line. The first one may be mixed of both."""
    if not margin.lines or not inner.size:
        return False
    return bool(_shares(inner[:, :2], margin.colour).min() <= 1 - STRAIGHT)


def _caption(planes: Planes, margin: _Margin) -> float:
    """The share of the height that a strip at the top with writing in it has, 0 for none."""
    height, shares = planes.shape[1], margin.shares
    lines = _run(shares >= WRITTEN) if len(shares) else 0
    written = np.flatnonzero(shares[:lines] < PLAIN)
    if len(written) < 3 or not 4 <= lines <= TALL * height or shares[lines - 1] < PLAIN:
        return 0.0
    ends = shares[lines : lines + 2].min() <= 1 - STRAIGHT
    ink = ~_same(planes[:, written], margin.colour)
    changes = np.count_nonzero(ink[:, 1:] != ink[:, :-1], axis=1)
    return lines / height if ends and np.median(changes) >= LETTERS else 0.0


def _rim(planes: Planes) -> Colour:
    """The colour of the first line."""
    line = np.sort(planes[:, 0], axis=1)
    width = line.shape[1]
    low, high = line[:, (width - 1) // 2], line[:, width // 2]
    return low + (high - low) // np.uint8(2)  # the median, without its half


def _shares(planes: Planes, colour: Colour) -> Floats:
    """By line, the share of its pixels that are of that colour."""
    return _rows(_same(planes, colour).astype(np.float32))


def _both(planes: Planes, colour: Colour) -> tuple[Floats, Floats]:
    """By row and by column, the share of its pixels that are of that colour."""
    same = _same(planes, colour).astype(np.float32)
    return _rows(same), _rows(same.T)


def _rows(same: Floats) -> Floats:
    """The means of rows. A product counts several times as fast as a sum along lines of bytes."""
    width = same.shape[1]
    return np.asarray(same @ np.ones(width, np.float32) / np.float32(width), np.float32)


def _same(planes: Planes, colour: Colour) -> Bools:
    low = np.maximum(colour, SAME) - np.uint8(SAME)
    reach = np.minimum(colour, 255 - SAME) + np.uint8(SAME) - low
    # One comparison: what is darker than `low` wraps around and is large.
    inside = planes - low[:, None, None] <= reach[:, None, None]
    same: Bools = inside[0] & inside[1] & inside[2]
    return same


def _run(lines: Bools) -> int:
    """How many hold from the first on."""
    return len(lines) if lines.all() else int(lines.argmin())
