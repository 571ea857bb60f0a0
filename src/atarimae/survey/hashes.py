"""What tells copies of a picture: a small preview of each, and a hash of all its pixels."""

import hashlib

import numpy as np
from PIL import Image

from atarimae.predict.sheet import Sheet
from atarimae.survey.glance import Glance
from atarimae.survey.measure import Measure
from atarimae.types import Array, Box

SIDE = 64  # px of a preview's grey; its colour has half of that
BAND = 1024  # rows of a sheet that are hashed at once


def _preview(glance: Glance) -> tuple[Array, Array]:
    """The picture squeezed into a square: brightness, and at half the size Cb and Cr (BT.601)."""
    whole = glance.picture.resize((SIDE, SIDE), Image.Resampling.BILINEAR).convert("YCbCr")
    half = whole.resize((SIDE // 2, SIDE // 2), Image.Resampling.BILINEAR)
    return np.asarray(whole)[:, :, 0], np.asarray(half)[:, :, 1:].transpose(2, 0, 1)


def _pixels(glance: Glance) -> Array:
    """SHA-256 of the size and of all pixels, in RGB and upright.

    Every pixel is decoded, at full size: ask for few pictures, those that look alike.
    """
    source = glance.source
    width, height = source.size
    digest = hashlib.sha256(f"{width} {height} ".encode())
    if isinstance(source, Sheet):
        for top in range(0, height, BAND):
            digest.update(source.region(Box(0, top, width, min(top + BAND, height))).tobytes())
    else:
        digest.update(source.pixels().tobytes())
    return np.frombuffer(digest.digest(), np.uint8)


PREVIEW = Measure(
    "preview",
    2,
    np.dtype([("grey", "u1", (SIDE, SIDE)), ("colour", "u1", (2, SIDE // 2, SIDE // 2))]),
    _preview,
)
PIXELS = Measure("pixels", 1, np.dtype(("u1", (32,))), _pixels)
