"""Bars, frames, margins and captions, drawn pixel by pixel."""

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from atarimae.survey.bars import bars as bars_of
from atarimae.survey.planes import planes


def bars(pixels):
    return bars_of(planes(Image.fromarray(pixels)))


def noise(height=90, width=120, seed=0):
    return np.random.default_rng(seed).integers(30, 226, (height, width, 3), dtype=np.uint8)


def test_a_picture_without_bars_has_none():
    said = bars(noise())

    assert [said[side] for side in ("top", "bottom", "left", "right", "margin", "caption")] == [
        0
    ] * 6


def test_letterbox_is_measured_to_the_line():
    pixels = noise()
    pixels[:9], pixels[-18:] = 0, 0

    said = bars(pixels)

    assert (said["top"], said["bottom"], said["left"], said["right"]) == (0.1, 0.2, 0, 0)
    assert said["margin"] == 0


def test_frame_has_four_sides_of_its_colour():
    pixels = np.full((100, 100, 3), (255, 0, 0), np.uint8)
    pixels[5:-5, 10:-10] = noise(90, 80)

    said = bars(pixels)

    assert [said[side] for side in ("top", "bottom", "left", "right")] == [0.05, 0.05, 0.1, 0.1]
    assert said["ground"] == pytest.approx(1 / 3)
    assert said["margin"] == 0.05


def test_margin_around_a_round_thing_is_no_bar():
    picture = Image.new("RGB", (100, 100), "white")
    ImageDraw.Draw(picture).ellipse((20, 20, 80, 80), fill="navy")

    said = bars(np.asarray(picture))

    assert [said[side] for side in ("top", "bottom", "left", "right")] == [0] * 4
    assert said["margin"] == pytest.approx(0.19, abs=0.01)
    assert said["ground"] == 1


def test_one_colour_has_neither_bars_nor_margins():
    said = bars(np.full((40, 40, 3), 7, np.uint8))

    assert [said[side] for side in ("top", "bottom", "left", "right", "margin")] == [0] * 5


def test_compressed_bars_are_bars(tmp_path):
    pixels = noise(240, 320)
    pixels[:32], pixels[-32:] = 0, 0
    Image.fromarray(pixels).save(tmp_path / "a.jpg", quality=80)

    said = bars(np.asarray(Image.open(tmp_path / "a.jpg")))

    assert (said["top"], said["bottom"]) == pytest.approx((32 / 240, 32 / 240), abs=0.01)


@pytest.mark.parametrize("at", ["top", "bottom"])
def test_strip_of_writing_is_a_caption(at):
    pixels = noise(200, 240)
    strip = Image.new("RGB", (240, 24), "white")
    font = ImageFont.load_default(14)
    ImageDraw.Draw(strip).text((8, 4), "No. 42 — 2026-11-26 sample", "black", font)
    pixels[slice(0, 24) if at == "top" else slice(-24, None)] = np.asarray(strip)

    assert bars(pixels)["caption"] == pytest.approx(24 / 200)


def test_plain_strip_is_no_caption_nor_is_writing_on_a_page():
    pixels = noise(200, 240)
    pixels[:24] = 255
    page = Image.new("RGB", (240, 200), "white")
    for line in range(10):
        ImageDraw.Draw(page).text(
            (8, 20 * line + 4), "a page full of writing, line by line", "black"
        )

    assert bars(pixels)["caption"] == 0
    assert bars(np.asarray(page))["caption"] == 0
