"""From any shape to a square: where each pixel ends up, worked out by hand."""

from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from atarimae.predict.resize import Fit, resize
from atarimae.predict.source import open_source
from atarimae.types import Pixels, Source

W, K, R, B = (255, 255, 255), (0, 0, 0), (255, 0, 0), (0, 0, 255)


def source(pixels: object) -> Source:
    """A picture of these rows of colours."""
    stream = BytesIO()
    Image.fromarray(np.array(pixels, np.uint8)).save(stream, "PNG")
    return open_source(stream.getvalue())


def plain(width: int, height: int) -> Source:
    """A black picture."""
    return source(np.zeros((height, width, 3)))


def black_box(pixels: Pixels) -> tuple[int, int, int, int]:
    """Left, top, right and bottom of what is black; all else is white."""
    black = (pixels == 0).all(axis=2)
    assert ((pixels == 255).all(axis=2) | black).all()
    rows, columns = np.flatnonzero(black.any(axis=1)), np.flatnonzero(black.any(axis=0))
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1


def test_pad_centres_the_picture_on_white() -> None:
    wide = source([[R, B, R, B], [K, R, B, K]])
    np.testing.assert_array_equal(
        resize(wide, 4, "pad"), [[W, W, W, W], [R, B, R, B], [K, R, B, K], [W, W, W, W]]
    )
    high = source([[R, B], [B, R], [K, K], [R, R]])
    np.testing.assert_array_equal(
        resize(high, 4, "pad"), [[W, R, B, W], [W, B, R, W], [W, K, K, W], [W, R, R, W]]
    )


def test_pad_leaves_the_odd_row_below() -> None:
    np.testing.assert_array_equal(
        resize(source([[R, B, R], [B, R, B]]), 3, "pad"), [[R, B, R], [B, R, B], [W, W, W]]
    )


def test_crop_cuts_both_ends_of_the_longer_side() -> None:
    wide = source([[K, R, B, K], [K, B, R, K]])
    np.testing.assert_array_equal(resize(wide, 2, "crop"), [[R, B], [B, R]])
    high = source([[K, K], [R, B], [B, R], [K, K]])
    np.testing.assert_array_equal(resize(high, 2, "crop"), [[R, B], [B, R]])


def test_stretch_fills_the_square() -> None:
    found = resize(source([[R, R, R, R], [B, B, B, B]]), 4, "stretch")
    assert found.shape == (4, 4, 3)
    np.testing.assert_array_equal(found[0], [R] * 4)
    np.testing.assert_array_equal(found[-1], [B] * 4)
    np.testing.assert_array_equal(found, found[:, :1].repeat(4, axis=1))


@pytest.mark.parametrize(
    ("width", "height", "box"),
    [
        (100, 50, (0, 8, 32, 24)),  # half as high as wide, before and after
        (50, 100, (8, 0, 24, 32)),
        (10, 5, (0, 8, 32, 24)),  # enlarged
        (64, 64, (0, 0, 32, 32)),
        (96, 64, (0, 5, 32, 26)),  # 21.3 rows high: 21
        (1000, 1, (0, 15, 32, 16)),  # never less than a row
    ],
)
def test_pad_keeps_the_ratio_of_the_sides(
    width: int, height: int, box: tuple[int, int, int, int]
) -> None:
    assert black_box(resize(plain(width, height), 32, "pad")) == box


@pytest.mark.parametrize("fit", ["stretch", "crop"])
@pytest.mark.parametrize("shape", [(100, 50), (5, 10), (1000, 1), (1, 1), (33, 32)])
def test_stretch_and_crop_leave_no_white(fit: Fit, shape: tuple[int, int]) -> None:
    assert not resize(plain(*shape), 32, fit).any()


@pytest.mark.parametrize("fit", ["pad", "stretch", "crop"])
def test_picture_of_the_right_size_stays_as_it_is(fit: Fit) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (32, 32, 3), dtype=np.uint8)
    np.testing.assert_array_equal(resize(source(noise), 32, fit), noise)


def test_scaling_is_pillows_bicubic() -> None:
    noise = np.random.default_rng(0).integers(0, 255, (48, 64, 3), dtype=np.uint8)
    scaled = Image.fromarray(noise).resize((32, 24), Image.Resampling.BICUBIC)
    found = resize(source(noise), 32, "pad")
    np.testing.assert_array_equal(found[4:28], np.asarray(scaled))
    assert (found[:4] == 255).all()
    assert (found[28:] == 255).all()
