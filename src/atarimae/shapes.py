"""Boxes, also turned ones, and outlines: their corners, what is around them, what a picture holds.

Pixels of the picture after EXIF rotation: x to the right, y down, from the outer edge of the first
pixel, so the whole of a picture of 640 × 480 is 0, 0, 640, 480.
"""

import math
from collections.abc import Sequence
from dataclasses import replace

from atarimae.errors import UsageError
from atarimae.types import Box

Point = tuple[float, float]
SLACK = 1.0  # px that a shape may reach outside: tools round; it is cut there


def corners(box: Box) -> tuple[Point, Point, Point, Point]:
    """The four corners, clockwise from the one that is top left before the box is turned."""
    plain = ((box.x0, box.y0), (box.x1, box.y0), (box.x1, box.y1), (box.x0, box.y1))
    if not box.angle:
        return plain
    first, second, third, fourth = turned(plain, box.angle, middle(box))
    return first, second, third, fourth


def turned(points: Sequence[Point], degrees: float, about: Point) -> list[Point]:
    """The points, turned clockwise about another."""
    cos, sin = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    x, y = about
    return [
        (x + (px - x) * cos - (py - y) * sin, y + (px - x) * sin + (py - y) * cos)
        for px, py in points
    ]


def middle(box: Box) -> Point:
    """Its centre."""
    return (box.x0 + box.x1) / 2, (box.y0 + box.y1) / 2


def upright(box: Box, size: tuple[int, int] | None = None) -> Box:
    """The upright box around a box; an upright one is its own. `size` cuts it at a picture's edge.

    A turned box lies over the edge more often than not, when it is near it.
    """
    if not box.angle:
        return box
    hull = around(corners(box))
    if size is None:
        return hull
    return Box(max(hull.x0, 0), max(hull.y0, 0), min(hull.x1, size[0]), min(hull.y1, size[1]))


def around(points: Sequence[Point]) -> Box:
    """The upright box around points."""
    xs, ys = [x for x, _ in points], [y for _, y in points]
    return Box(min(xs), min(ys), max(xs), max(ys))


def area(points: Sequence[Point]) -> float:
    """The area in an outline, by the shoelace formula; whichever way round it goes."""
    after = [*points[1:], *points[:1]]
    pairs = zip(points, after, strict=True)
    return abs(math.fsum(x * v - u * y for (x, y), (u, v) in pairs)) / 2


def inside(box: Box, size: tuple[int, int]) -> Box:
    """The box, cut at the edge of a picture of that size; `UsageError` where it leaves that.

    A turned box can't be cut: its centre has to be in the picture, and no side may be longer than
    the picture's diagonal. Angles come out as 0 ≤ angle < 360.
    """
    _check_numbers(box)
    angle = box.angle % 360 % 360  # twice: -1e-17 % 360 is 360
    if box.x1 <= box.x0 or box.y1 <= box.y0:
        raise UsageError(f"The box {_told(box)} is empty.")
    width, height = size
    if angle:
        x, y = middle(box)
        longest = max(box.x1 - box.x0, box.y1 - box.y0)
        if not (0 <= x <= width and 0 <= y <= height) or longest > math.hypot(*size) + SLACK:
            raise _outside(f"The turned box {_told(box)}", size)
        return replace(box, angle=angle)
    cut = Box(max(box.x0, 0), max(box.y0, 0), min(box.x1, width), min(box.y1, height))
    over = max(cut.x0 - box.x0, cut.y0 - box.y0, box.x1 - cut.x1, box.y1 - cut.y1)
    if over > SLACK or cut.x1 <= cut.x0 or cut.y1 <= cut.y0:
        raise _outside(f"The box {_told(box)}", size)
    return cut


def outlined(points: Sequence[Point], size: tuple[int, int]) -> tuple[Point, ...]:
    """The points of an outline, cut at the edge of a picture; `UsageError` where it leaves that.

    It needs three points or more, and an area.
    """
    for point in points:
        if not all(map(math.isfinite, point)):
            raise UsageError(f"The outline's point {point} is no point.", "", "Give two numbers.")
    if len(set(points)) < 3:
        raise UsageError(f"The outline has {len(set(points))} points.", "", "It needs three.")
    width, height = size
    cut = tuple((float(min(max(x, 0), width)), float(min(max(y, 0), height))) for x, y in points)
    over = max(max(abs(x - u), abs(y - v)) for (x, y), (u, v) in zip(points, cut, strict=True))
    if over > SLACK:
        raise _outside(f"The outline with bounds {_told(around(points))}", size)
    if not area(cut):
        raise UsageError(f"The outline {', '.join(map(str, points[:3]))} … has no area.")
    return cut


def _check_numbers(box: Box) -> None:
    for name in ("x0", "y0", "x1", "y1", "angle"):
        if not math.isfinite(getattr(box, name)):
            raise UsageError(f"The box's {name} is {getattr(box, name)}.", "", "It needs a number.")


def _outside(what: str, size: tuple[int, int]) -> UsageError:
    return UsageError(
        f"{what} reaches outside the picture.",
        f"That has {size[0]} × {size[1]} px after EXIF rotation.",
    )


def _told(box: Box) -> str:
    return ", ".join(f"{side:g}" for side in (box.x0, box.y0, box.x1, box.y1))
