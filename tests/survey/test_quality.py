"""The numbers of a picture, each beside a naive recomputation."""

from math import log2

import numpy as np
import pytest
from PIL import Image, ImageFilter

from atarimae.survey.planes import chroma, luma, planes
from atarimae.survey.quality import entropy, looks, percentiles, sharpness

RANDOM = np.random.default_rng(0)
NOISE = RANDOM.integers(0, 256, (24, 30, 3), dtype=np.uint8)
PICTURE = Image.fromarray(NOISE)


def photograph(seed=0, size=(160, 120)):
    """Shapes of many colours, smoothed a little as a lens does."""
    random = np.random.default_rng(seed)
    canvas = np.full((size[1], size[0], 3), random.integers(60, 200, 3), np.uint8)
    for _ in range(40):
        x, y = random.integers(0, size[0]), random.integers(0, size[1])
        wide, high = random.integers(6, 40, 2)
        canvas[y : y + high, x : x + wide] = random.integers(0, 256, 3)
    return Image.fromarray(canvas).filter(ImageFilter.GaussianBlur(0.5))


def grey_of(picture):
    return luma(planes(picture))


def test_luma_is_that_of_pillow_but_for_rounding():
    pillows = np.asarray(PICTURE.convert("L"), np.int16)

    assert np.abs(grey_of(PICTURE) - pillows).max() <= 1


def test_chroma_is_the_largest_less_the_smallest():
    assert np.array_equal(chroma(planes(PICTURE)), NOISE.max(2) - NOISE.min(2))


@pytest.mark.parametrize("share", [0.05, 0.5, 0.99, 1.0])
def test_percentile_is_the_least_level_that_so_many_do_not_exceed(share):
    values = np.sort(grey_of(PICTURE).ravel())
    naive = next(v for n, v in enumerate(values, 1) if n >= share * len(values) - 1e-9)

    assert percentiles(np.bincount(values, minlength=256), (share,)) == [naive]


def test_entropy_is_of_the_levels_shares():
    counts = np.bincount([3, 3, 3, 7], minlength=256)

    assert entropy(counts) == pytest.approx(-(0.75 * log2(0.75) + 0.25 * log2(0.25)))
    assert entropy(np.full(256, 5)) == 8
    assert entropy(np.bincount([9] * 50, minlength=256)) == 0


def naive_along(grey):
    near, far = [], []
    for row in grey.astype(int):
        for x in range(4, len(row) - 4):
            near.append(np.ptp(row[x - 1 : x + 2]))
            far.append(np.ptp(row[x - 4 : x + 5]))
    near, far = np.array(near), np.array(far)
    strong = far >= max(8, 0.25 * far.max())
    return np.quantile(near[strong] / far[strong], 0.95, method="lower")


def test_sharpness_is_the_share_of_an_edge_that_three_of_nine_pixels_span():
    grey = grey_of(photograph().filter(ImageFilter.GaussianBlur(1)))

    assert sharpness(grey) == pytest.approx(min(naive_along(grey), naive_along(grey.T)))


@pytest.mark.parametrize("size", [(9, 30), (30, 9), (17, 40), (8, 25), (25, 8)])
def test_sharpness_of_narrow_pictures_is_of_the_windows_that_fit(size):
    grey = grey_of(PICTURE)[: size[1], : size[0]].copy()
    fitting = [side for side in (grey, grey.T) if side.shape[1] > 8]

    assert sharpness(grey) == pytest.approx(min(naive_along(side) for side in fitting))


def test_sharpness_falls_with_blur_whatever_the_contrast():
    said = [
        sharpness(grey_of(photograph().filter(ImageFilter.GaussianBlur(wide))))
        for wide in (0, 1, 2, 4)
    ]
    faint = Image.fromarray((np.asarray(photograph()) // 4 + 90).astype(np.uint8))

    assert said == sorted(said, reverse=True)
    assert said[0] > 0.8 > 0.5 > said[2]
    assert sharpness(grey_of(faint)) > 0.75


def test_one_sharp_stroke_on_white_is_sharp_and_white_paper_says_nothing():
    white = np.full((100, 100), 255, np.uint8)
    stroke = white.copy()
    stroke[20:80, 50:53] = 0

    assert sharpness(stroke) == 1
    assert np.isnan(sharpness(white))


def test_picture_that_moved_in_one_direction_is_blurred():
    pixels = np.asarray(photograph(), np.float32)
    moved = np.mean([np.roll(pixels, step, 1) for step in range(9)], 0)[:, 9:].astype(np.uint8)

    assert sharpness(grey_of(Image.fromarray(moved))) < 0.5


def test_all_numbers_of_a_grey_ramp():
    levels = np.arange(256, dtype=np.uint8)[None].repeat(10, 0)
    ramp = Image.fromarray(levels).convert("RGB")

    said = looks(planes(ramp), grey_of(ramp))

    assert said["colour"] == 0
    assert said["detail"] == 8
    assert (said["low"], said["middle"], said["high"]) == pytest.approx(
        (12 / 255, 127 / 255, 253 / 255)
    )
