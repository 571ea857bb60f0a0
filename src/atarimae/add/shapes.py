"""Shapes as other tools tell them, as boxes and outlines. y runs downwards."""

import math
from collections.abc import Sequence
from dataclasses import replace

from atarimae.errors import UsageError
from atarimae.shapes import Point, corners
from atarimae.types import BOX, POLYGON, TEXT, Box, Label

NEAR = 0.5  # px, or a fiftieth of the longest side, that corners may miss those of a box by
DIGITS = 3  # of a pixel, and of a degree, that shapes are read to where they are told by shares


def around(points: Sequence[Point], within: Point | None = None) -> Box:
    """The box around points; `within` cuts it at the edges of a picture of that size.

    The corners of a turned box near an edge lie outside often, and are no mistake.
    """
    if len(points) < 2:
        raise UsageError(f"The shape has {len(points)} points.", "", "It needs two or more.")
    x0, x1 = min(x for x, _ in points), max(x for x, _ in points)
    y0, y1 = min(y for _, y in points), max(y for _, y in points)
    if within is not None:
        x0, y0, x1, y1 = max(x0, 0), max(y0, 0), min(x1, within[0]), min(y1, within[1])
    if x1 <= x0 or y1 <= y0:
        raise UsageError(f"The box around it is empty: {x0:g}, {y0:g}, {x1:g}, {y1:g}.")
    return Box(x0, y0, x1, y1)


def as_text(shape: Label, written: str) -> Label:
    """A text in a shape's place: it has a box, also where it was outlined."""
    if shape.points and len(shape.points) != 4:
        shape = replace(shape, box=around(shape.points), points=())
    return replace(shape, kind=TEXT, value=written)


def outline(value: str, points: Sequence[Point]) -> Label:
    """An outline by its points, of which the last may be the first again."""
    kept = tuple(points)
    if len(kept) > 1 and kept[0] == kept[-1]:
        kept = kept[:-1]
    if len(kept) < 3:
        raise UsageError(f"The shape has {len(kept)} points.", "", "It needs three or more.")
    return Label("", value, POLYGON, points=kept)


def told_by_corners(value: str, points: Sequence[Point], kind: str = BOX) -> Label:
    """A turned box by its four corners, in order: which box that is `settled` works out."""
    if len(points) != 4:
        raise UsageError(f"The box has {len(points)} corners.", "", "It needs four.")
    return Label("", value, kind, points=tuple(points))


def settled(label: Label) -> Label:
    """A box that is told by its corners in pixels, as one with an angle.

    Corners that are not those of a rectangle are an outline; of a text they are the nearest box.
    """
    if label.kind == POLYGON or not label.points:
        return label
    box = _box(label.points)
    longest = max(box.x1 - box.x0, box.y1 - box.y0)
    pairs = zip(corners(box), _clockwise(label.points), strict=True)
    miss = max(math.dist(one, other) for one, other in pairs)
    if label.kind == BOX and miss > max(NEAR, longest / 50):
        return replace(label, kind=POLYGON)
    return replace(label, box=box, points=())


def _box(points: Sequence[Point]) -> Box:
    """The box whose corners, from the first one on and clockwise, lie nearest to four points."""
    a, b, c, d = _clockwise(points)
    x, y = (sum(values) / 4 for values in zip(a, b, c, d, strict=True))
    wide, high = (math.dist(a, b) + math.dist(d, c)) / 2, (math.dist(a, d) + math.dist(b, c)) / 2
    across = b[0] - a[0] + c[0] - d[0], b[1] - a[1] + c[1] - d[1]
    angle = round(math.degrees(math.atan2(across[1], across[0])), DIGITS)
    sides = (x - wide / 2, y - high / 2, x + wide / 2, y + high / 2)
    return replace(Box(*(round(side, DIGITS) for side in sides)), angle=angle % 360)


def _clockwise(points: Sequence[Point]) -> Sequence[Point]:
    """The same from the first on, the other way round if need be; y runs downwards."""
    after = [*points[1:], *points[:1]]
    twice = sum(x * v - u * y for (x, y), (u, v) in zip(points, after, strict=True))
    return [points[0], *points[:0:-1]] if twice < 0 else points


def is_upright(points: Sequence[Point]) -> bool:
    """Whether four points are the corners of a box whose sides run along the picture's."""
    xs, ys = {x for x, _ in points}, {y for _, y in points}
    return len(points) == len(set(points)) == 4 and len(xs) == len(ys) == 2
