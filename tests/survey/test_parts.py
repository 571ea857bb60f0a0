"""Where a picture can be cut in two."""

import numpy as np
import pytest
from PIL import Image, ImageDraw

from atarimae.survey.parts import parts as parts_of
from atarimae.survey.planes import luma, planes


def parts(pixels):
    seen = planes(Image.fromarray(pixels))
    return parts_of(seen, luma(seen))


def things(*boxes, size=(200, 100), ground="white"):
    picture = Image.new("RGB", size, ground)
    for number, box in enumerate(boxes):
        ImageDraw.Draw(picture).ellipse(box, fill=("navy", "crimson", "green", "gold")[number])
    return np.asarray(picture)


@pytest.mark.parametrize("ground", ["white", "black", "steelblue"])
def test_two_things_beside_each_other_have_a_gap_from_top_to_bottom(ground):
    _, across, down = parts(things((10, 10, 90, 90), (110, 10, 190, 90), ground=ground))

    assert across.gap == pytest.approx(19 / 181)
    assert across.at == pytest.approx(0.5, abs=0.01)
    assert (across.valley, across.balance) == (1, pytest.approx(1, abs=0.02))
    assert down.gap == 0


def test_content_is_as_wide_as_it_is_without_the_ground():
    wide, _, _ = parts(things((20, 10, 180, 50)))

    assert wide == pytest.approx(np.log2(161 / 41), abs=0.02)


def test_stripes_of_a_flag_are_no_seams():
    flag = np.repeat(np.array([[0, 0, 150], [255, 255, 255], [200, 0, 0]], np.uint8), 40, 0)
    _, across, down = parts(np.repeat(flag[None], 80, 0))

    assert (across.seam, down.seam) == (0, 0)


def test_two_things_below_each_other_have_it_the_other_way():
    turned = things((10, 10, 90, 90), (110, 10, 190, 90)).swapaxes(0, 1)

    _, across, down = parts(turned)

    assert (across.gap, down.valley) == (0, 1)
    assert down.at == pytest.approx(0.5, abs=0.01)


def test_one_thing_has_no_gap():
    for cut in parts(things((60, 10, 140, 90)))[1:]:
        assert (cut.gap, cut.seam) == (0, 0)
        assert cut.valley < 0.2


def test_overlapping_things_have_a_narrow_place():
    _, across, _ = parts(things((10, 10, 105, 90), (95, 10, 190, 90)))

    assert across.gap == 0
    assert across.valley > 0.5
    assert across.at == pytest.approx(0.5, abs=0.03)


def test_corners_of_a_rounded_square_are_not_several_things():
    picture = Image.new("RGB", (100, 100), "white")
    ImageDraw.Draw(picture).rounded_rectangle((0, 0, 99, 99), 20, fill="gold")

    assert all(cut.gap == 0 and cut.valley < 0.2 for cut in parts(np.asarray(picture))[1:])


def photograph(seed, size):
    """Smooth and noisy, with no line through all of it."""
    random = np.random.default_rng(seed)
    coarse = Image.fromarray(random.integers(0, 256, (5, 7, 3), dtype=np.uint8))
    smooth = np.asarray(coarse.resize(size, Image.Resampling.BICUBIC), np.int16)
    return (smooth + random.integers(-6, 7, smooth.shape)).clip(0, 255).astype(np.uint8)


def test_two_photographs_meet_in_a_seam():
    both = np.concatenate([photograph(0, (120, 90)), photograph(1, (120, 90))], 1)

    _, across, down = parts(both)

    assert across.seam > 0.7
    assert across.at == pytest.approx(0.5, abs=0.02)
    assert down.seam < 0.3


@pytest.mark.parametrize("seed", range(5))
def test_one_photograph_has_no_seam(seed):
    assert all(cut.seam < 0.3 for cut in parts(photograph(seed, (240, 90)))[1:])


def test_photographs_on_a_page_have_a_gap():
    page = np.full((100, 260, 3), 255, np.uint8)
    page[5:95, 10:120], page[5:95, 140:250] = photograph(2, (110, 90)), photograph(3, (110, 90))

    _, across, _ = parts(page)

    assert across.gap == pytest.approx(20 / 240)
    assert across.at == pytest.approx(0.5, abs=0.01)


@pytest.mark.parametrize("wide", [4, 8, 30])
def test_photographs_that_reach_the_rim_have_a_gap_where_a_strip_parts_them(wide):
    strip = np.full((90, wide, 3), 250, np.uint8)
    left, right = (photograph(seed, (110, 90)).clip(0, 200) for seed in (2, 3))
    both = np.concatenate([left, strip, right], 1)

    _, across, down = parts(both)
    _, _, turned = parts(both.swapaxes(0, 1))

    assert across.gap == pytest.approx(wide / both.shape[1])
    assert across.at == pytest.approx(0.5, abs=0.01)
    assert down.gap == 0
    assert (turned.gap, turned.at) == (across.gap, across.at)


def test_the_joints_of_a_wall_are_a_pattern_and_no_gaps():
    brick = photograph(2, (60, 20)).clip(0, 200)
    joint = np.full((6, 60, 3), 250, np.uint8)

    _, _, down = parts(np.concatenate([brick, joint] * 6 + [brick]))

    assert down.gap == 0


@pytest.mark.parametrize("pixels", [np.zeros((50, 50, 3), np.uint8), np.zeros((1, 1, 3), np.uint8)])
def test_nothing_can_be_cut_out_of_nothing(pixels):
    assert all((cut.gap, cut.seam, cut.valley) == (0, 0, 0) for cut in parts(pixels)[1:])
