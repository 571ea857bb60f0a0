"""Which pictures are alike, against what was done to them."""

import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

sys.path.insert(0, str(Path(__file__).parent))

from scenes import cut, flip, halve, scene, turn

from atarimae.survey.alike import SAME, alike, turned_back
from atarimae.survey.fitting import fitted, sizes
from atarimae.survey.groups import connected, groups
from atarimae.survey.hashes import PREVIEW
from atarimae.survey.windows import WINDOWS, of_windows, turned, whole

OTHERS = 30
TRANSPOSES = [None, *Image.Transpose]


class Seen:
    """A glance at a picture in memory."""

    def __init__(self, picture: Image.Image) -> None:
        self.picture = picture


def previews(*pictures: Image.Image) -> np.ndarray:
    rows = np.empty(len(pictures), PREVIEW.kind)
    for number, picture in enumerate(pictures):
        rows[number] = PREVIEW.of(Seen(picture))
    return rows


def found(*pictures: Image.Image):
    rows = previews(*pictures)
    return alike(rows["grey"], rows["colour"])


@pytest.mark.parametrize("way", TRANSPOSES, ids=str)
def test_a_copy_is_found_in_each_of_the_eight_orientations_and_which_is_told(way):
    copy = scene(0).transpose(way) if way is not None else scene(0)

    (pair,) = found(scene(0), copy, *(scene(n) for n in range(1, OTHERS)))

    assert (pair.outer, pair.inner, pair.part) == (0, 1, 1)
    upright = turned(previews(copy)["grey"], np.array([pair.turn]))
    assert np.abs(upright - previews(scene(0))["grey"].astype(float)).mean() < 3
    assert turned(upright, np.array([turned_back(pair.turn)])).tolist() == (
        previews(copy)["grey"].tolist()
    )


@pytest.mark.parametrize(
    "change", [halve, cut, lambda one: cut(flip(one)), lambda one: turn(halve(one))]
)
def test_resized_cut_and_turned_copies_are_found_among_others(change):
    (pair,) = found(*(scene(n) for n in range(OTHERS)), change(scene(7)))

    assert (pair.outer, pair.inner) == (7, OTHERS)


def test_a_cut_copy_says_how_much_of_the_other_it_shows():
    (pair,) = found(scene(3), cut(scene(3)))

    assert (pair.outer, pair.inner, pair.turn) == (0, 1, SAME)
    assert pair.part == pytest.approx(0.85 * 0.9, abs=0.02)


def test_one_that_differs_in_one_place_or_in_colour_alone_is_no_copy():
    clock = Image.new("RGB", (120, 120), "white")
    ImageDraw.Draw(clock).ellipse((10, 10, 110, 110), outline="black", width=6)
    one, other = clock.copy(), clock.copy()
    ImageDraw.Draw(one).line((60, 60, 60, 25), fill="black", width=6)
    ImageDraw.Draw(other).line((60, 60, 80, 90), fill="black", width=6)
    red, green = (Image.new("RGB", (90, 90), "white") for _ in range(2))
    ImageDraw.Draw(red).ellipse((20, 30, 60, 80), fill=(200, 60, 60))
    ImageDraw.Draw(green).ellipse((20, 30, 60, 80), fill=(20, 137, 40))  # as light as the red

    assert found(one, other) == []
    assert found(red, green) == []


def test_blank_pictures_are_like_no_other():
    assert found(*[Image.new("RGB", (50, 40), "white")] * 3) == []
    assert found() == []


def test_a_symmetric_picture_is_not_called_mirrored():
    face = Image.new("RGB", (100, 100), "white")
    pen = ImageDraw.Draw(face)
    pen.ellipse((5, 5, 94, 94), fill=(250, 200, 40))
    for x in (30, 62):
        pen.ellipse((x, 30, x + 7, 45), fill="black")
    pen.arc((30, 40, 69, 75), 20, 160, fill="black", width=4)

    (pair,) = found(face, halve(face))

    assert pair.turn == SAME


def test_whole_vectors_are_the_same_in_each_orientation():
    grey = previews(scene(5))["grey"]
    (plain,) = whole(grey).vectors[:1]
    for way in range(8):
        others = whole(turned(grey, np.array([way]))).vectors
        assert (others @ plain).max() > 0.999


def test_a_windows_vector_is_that_of_the_picture_cut_there():
    grey = previews(scene(2, (640, 640)))["grey"]
    number = WINDOWS.index(((0.2, 0.9), (0.0, 0.8)))
    part = scene(2, (640, 640)).crop((128, 0, 576, 512))

    windows = of_windows(grey)
    mine = windows.vectors[windows.windows == number][0]

    assert (whole(previews(part)["grey"]).vectors @ mine).max() > 0.98


def test_the_place_of_a_part_is_found_to_a_hundredth_of_the_side():
    sides = np.array([[0.137, 0.062, 0.861, 0.948]], np.float32)
    big = scene(4, (800, 800))
    part = big.crop(tuple(round(float(edge) * 800) for edge in sides[0]))
    both = sizes(previews(big, part)["grey"])
    start = np.array([[0.1, 0.1, 0.9, 0.9]], np.float32)

    places, likeness = fitted(both, np.array([0]), np.array([1]), np.array([0]), start)

    assert np.abs(places - sides).max() < 0.01
    assert likeness[0] > 0.98


def test_a_chain_is_parted_and_its_middle_keeps_what_is_like_it():
    chain = [("a", "b"), ("b", "c"), ("c", "d"), ("b", "x")]

    assert groups(chain) == [("b", "a", "c", "x")]  # d is like c alone
    assert [sorted(one) for one in connected([*chain, ("p", "q")])] == [
        ["a", "b", "c", "d", "x"], ["p", "q"],
    ]  # fmt: skip
    assert groups([("a", "b"), ("c", "d")]) == [("a", "b"), ("c", "d")]
