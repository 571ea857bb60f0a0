"""Which pictures are alike, against what was done to them."""

import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

sys.path.insert(0, str(Path(__file__).parent))

from scenes import cut, flip, halve, scene, turn

from atarimae.survey.alike import SAME, alike, turned_back
from atarimae.survey.fitting import finely, roughly, sizes
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


def test_whole_vectors_and_tones_are_the_same_in_each_orientation():
    rows = previews(scene(5))
    grey, colour = rows["grey"], rows["colour"]
    one = whole(grey, colour)
    for way in range(8):
        turn = np.array([way])
        tints = np.stack([turned(colour[:, band], turn) for band in (0, 1)], axis=1)
        others = whole(turned(grey, turn), tints)
        nearest = np.argmax(others.vectors @ one.vectors[0])
        assert others.vectors[nearest] @ one.vectors[0] > 0.999
        assert others.tones[nearest] == pytest.approx(one.tones[0], abs=0.5)


def test_a_windows_vector_and_tone_are_those_of_the_picture_cut_there():
    picture = scene(2, (640, 640))
    number = WINDOWS.index(((0.2, 0.9), (0.0, 0.8)))
    rows = previews(picture, picture.crop((128, 0, 576, 512)))
    grey, colour = rows["grey"], rows["colour"]

    windows, part = of_windows(grey[:1], colour[:1]), whole(grey[1:], colour[1:])
    mine = np.flatnonzero(windows.windows == number)[0]
    cosines = part.vectors @ windows.vectors[mine]
    theirs = np.argmax(cosines)

    assert cosines[theirs] > 0.98
    assert windows.tones[mine] == pytest.approx(part.tones[theirs], abs=3)


def test_the_place_of_a_part_is_found_to_a_hundredth_of_the_side():
    sides = np.array([[0.137, 0.062, 0.861, 0.948]], np.float32)
    big = scene(4, (800, 800))
    part = big.crop(tuple(round(float(edge) * 800) for edge in sides[0]))
    both = sizes(previews(big, part)["grey"])
    start = np.array([[0.1, 0.1, 0.9, 0.9]], np.float32)
    pair = np.array([0]), np.array([1]), np.array([0])

    near, _ = roughly(both, *pair, start)
    places, likeness = finely(both, *pair, near)

    assert np.abs(near - sides).max() < 0.02

    assert np.abs(places - sides).max() < 0.01
    assert likeness[0] > 0.98


def test_a_chain_is_parted_and_its_middle_keeps_what_is_like_it():
    chain = [("a", "b"), ("b", "c"), ("c", "d"), ("b", "x")]

    assert groups(chain) == [("b", "a", "c", "x")]  # d is like c alone
    assert [sorted(one) for one in connected([*chain, ("p", "q")])] == [
        ["a", "b", "c", "d", "x"], ["p", "q"],
    ]  # fmt: skip
    assert groups([("a", "b"), ("c", "d")]) == [("a", "b"), ("c", "d")]
