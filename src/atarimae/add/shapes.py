"""Shapes that a label can't hold yet, as the upright boxes around them. y runs downwards."""

import math
from collections.abc import Sequence

from atarimae.errors import UsageError
from atarimae.types import Box

Point = tuple[float, float]


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


def turned(box: Box, degrees: float, about: Point) -> list[Point]:
    """The corners of a box that is turned clockwise about a point."""
    cos, sin = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    x, y = about
    return [
        (x + (px - x) * cos - (py - y) * sin, y + (px - x) * sin + (py - y) * cos)
        for px, py in ((box.x0, box.y0), (box.x1, box.y0), (box.x1, box.y1), (box.x0, box.y1))
    ]


def middle(box: Box) -> Point:
    """Its centre."""
    return (box.x0 + box.x1) / 2, (box.y0 + box.y1) / 2


def is_upright(points: Sequence[Point]) -> bool:
    """Whether four points are the corners of a box whose sides run along the picture's."""
    xs, ys = {x for x, _ in points}, {y for _, y in points}
    return len(xs) == 2 and len(ys) == 2 and len(set(points)) == 4
