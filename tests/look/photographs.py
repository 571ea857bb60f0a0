"""Pictures with the light, the colours and the edges of photographs, drawn by a seed."""

from io import BytesIO

import numpy as np
from PIL import Image, ImageFilter

# What is stored so that a reader of the EXIF orientation sees the picture upright.
STORED = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


def photograph(seed, size=(160, 120)):
    random = np.random.default_rng(seed)
    width, height = size
    canvas = np.full((height, width, 3), random.integers(60, 200, 3), np.uint8)
    for _ in range(40):
        x, y = random.integers(-10, width), random.integers(-10, height)
        wide, high = random.integers(6, 40, 2)
        canvas[max(y, 0) : y + high, max(x, 0) : x + wide] = random.integers(0, 256, 3)
    return Image.fromarray(canvas).filter(ImageFilter.GaussianBlur(0.5))


def saved(picture, format="PNG", tag=1, **options):
    """The bytes of a file that shows the picture to those who heed its EXIF orientation."""
    exif = Image.Exif()
    if tag != 1:
        exif[0x0112] = tag
        picture = picture.transpose(STORED[tag])
    stream = BytesIO()
    picture.save(stream, format, exif=exif, **options)
    return stream.getvalue()
