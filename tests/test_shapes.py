"""Geometry of boxes and outlines."""

import math

import pytest

from atarimae.shapes import area, around, corners, middle, outlined, turned, upright
from atarimae.types import Box


def test_angles_turn_clockwise_about_the_centre() -> None:
    """On a page, where y runs down: the top left corner of a wide box goes to the top right."""
    found = corners(Box(0, 4, 10, 6, 90))
    assert [tuple(round(side, 9) for side in point) for point in found] == [
        (6, 0), (6, 10), (4, 10), (4, 0),
    ]  # fmt: skip


@pytest.mark.parametrize("angle", [0.0, 17.5, 90.0, 123.4, 359.0])
def test_a_turned_box_keeps_its_centre_sides_and_area(angle: float) -> None:
    box = Box(2, 3, 12, 7, angle)
    points = corners(box)
    assert math.dist(points[0], points[1]) == pytest.approx(10)
    assert math.dist(points[1], points[2]) == pytest.approx(4)
    assert area(points) == pytest.approx(40)
    assert middle(upright(box)) == pytest.approx(middle(box))
    assert turned(points, -angle, middle(box)) == [
        pytest.approx(point) for point in corners(Box(2, 3, 12, 7))
    ]  # fmt: skip


def test_what_is_upright_is_its_own_hull() -> None:
    assert upright(Box(1, 2, 3, 4)) == around(corners(Box(1, 2, 3, 4))) == Box(1, 2, 3, 4)


def test_the_area_of_an_outline_is_the_same_whichever_way_round() -> None:
    house = [(0.0, 0.0), (4.0, 0.0), (4.0, 3.0), (2.0, 5.0), (0.0, 3.0)]
    assert area(house) == area(house[::-1]) == 4 * 3 + 4 * 2 / 2


def test_an_outline_is_cut_at_the_edge_where_a_tool_rounded() -> None:
    assert outlined([(-0.4, 0), (8.5, 0), (8, 6)], (8, 6)) == ((0, 0), (8, 0), (8, 6))
