"""A picture as three planes, and what all measures take from them.

Lying one after another, the values of one colour are gone through several times as fast as with the
other two between them.
"""

import numpy as np
import numpy.typing as npt
from PIL import Image

Planes = npt.NDArray[np.uint8]  # (3, h, w)
Levels = npt.NDArray[np.uint8]  # (h, w)


def planes(picture: Image.Image) -> Planes:
    """(3, h, w) of an RGB picture. Pillow takes them apart while it copies."""
    bands = b"".join(picture.tobytes("raw", band) for band in "RGB")
    return np.frombuffer(bands, np.uint8).reshape(3, picture.height, picture.width)


def luma(picture: Planes) -> Levels:
    """(h, w): brightness by ITU-R BT.601, 0 to 255."""
    red, green, blue = picture.astype(np.uint16)
    for plane, weight in ((red, 77), (green, 150), (blue, 29)):
        plane *= weight
    red += green
    red += blue
    red >>= 8
    return np.asarray(red, np.uint8)


def chroma(picture: Planes) -> Levels:
    """(h, w): the largest of a pixel's three values less the smallest; 0 for grey."""
    red, green, blue = picture
    most = np.maximum(np.maximum(red, green), blue)
    return np.asarray(most - np.minimum(np.minimum(red, green), blue))
