"""How far a profile's colours are from sRGB's."""

import numpy as np
from PIL import Image, ImageCms

from atarimae.survey.profile import UNREADABLE, shift

COLOURS = Image.fromarray(np.random.default_rng(0).integers(0, 256, (32, 32, 3), dtype=np.uint8))


def of(name):
    return ImageCms.ImageCmsProfile(ImageCms.createProfile(name)).tobytes()


def test_no_profile_and_srgb_shift_nothing():
    assert shift(COLOURS, b"") == 0
    assert shift(COLOURS, of("sRGB")) < 1


def test_profile_of_another_colour_space_says_nothing_of_rgb():
    assert shift(COLOURS, of("LAB")) == 0


def test_broken_profile_is_told():
    assert shift(COLOURS, b"no profile") == UNREADABLE


def test_wide_gamut_shifts_colours_and_leaves_greys(wide_gamut):
    grey = COLOURS.convert("L").convert("RGB")

    assert shift(COLOURS, wide_gamut) > 4
    assert shift(grey, wide_gamut) < 1
