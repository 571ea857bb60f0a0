"""Preprocessing: from a source of any size to pixels of the size that a network reads."""

from typing import Literal

import numpy as np
from PIL import Image

from atarimae.types import Pixels, Source

Fit = Literal["pad", "stretch", "crop"]
WHITE = (255, 255, 255)


def resize(source: Source, size: int, fit: Fit = "pad") -> Pixels:
    """A square of `size` px: (size, size, 3), RGB.

    `pad` keeps the sides' ratio and centres the picture on white, `stretch` gives the ratio up,
    `crop` keeps it and cuts the longer side. Bicubic with antialiasing, as Pillow does it.
    """
    picture = Image.fromarray(source.pixels(at_least=size))
    if fit == "stretch":
        return np.asarray(picture.resize((size, size), Image.Resampling.BICUBIC))
    choose = min if fit == "pad" else max
    scale = choose(size / picture.width, size / picture.height)
    width = max(1, round(picture.width * scale))
    height = max(1, round(picture.height * scale))
    if (width, height) != picture.size:
        picture = picture.resize((width, height), Image.Resampling.BICUBIC)
    if (width, height) == (size, size):
        return np.asarray(picture)
    canvas = Image.new("RGB", (size, size), WHITE)
    canvas.paste(picture, ((size - width) // 2, (size - height) // 2))
    return np.asarray(canvas)
