"""From every mode that picture files have to 8-bit RGB. Colour profiles are not applied."""

import numpy as np
from PIL import Image
from PIL.ImageFile import ImageFile

from atarimae.types import Array, Pixels

PLAIN = frozenset(("1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "YCbCr", "I;16", "I;16B"))
_BITS_PER_SAMPLE = 258  # TIFF's tag


def to_rgb(image: Image.Image) -> Image.Image:
    """RGB of a decoded picture, itself where it is RGB; what is transparent is laid on white.

    16-bit values keep their high byte, as Pillow does for 16-bit colour. 32-bit integers and
    floats say nothing of their range: see `eight_bits`.
    """
    if image.mode.startswith("I;16"):
        bits = sample_bits(image, 16)
        levels = (np.asarray(image) >> (bits - 8)).clip(0, 255).astype(np.uint8)
        return Image.fromarray(levels).convert("RGB")
    if image.mode in ("I", "F"):
        return Image.fromarray(eight_bits(np.asarray(image))).convert("RGB")
    if image.mode == "RGB" and "transparency" not in image.info:
        return image
    if image.has_transparency_data:
        image = image.convert("RGBA")
        white = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(white, image)
    return image.convert("RGB")


def eight_bits(values: Array, low: float | None = None, high: float | None = None) -> Pixels:
    """Integers or floats of unknown range: the first of 0–1 (floats), 0–255, 0–65535 that holds
    all of them; their own range otherwise. NaN is black. `low` and `high` are of the whole
    picture where `values` are a part of it.
    """
    numbers = np.nan_to_num(values.astype(np.float64), posinf=0, neginf=0)
    low = float(numbers.min()) if low is None else low
    high = float(numbers.max()) if high is None else high
    bottom, reach = scale(low, high, floating=np.issubdtype(values.dtype, np.floating))
    levels = np.rint((numbers - bottom) * (255 / reach))
    return np.asarray(levels.clip(0, 255), dtype=np.uint8)


def scale(low: float, high: float, *, floating: bool) -> tuple[float, float]:
    """What is black, and how far above it is white, where values range from `low` to `high`."""
    tops = (1, 255, 65535) if floating else (255, 65535)
    fits = [top for top in tops if low >= 0 and high <= top]
    return (0.0, fits[0]) if fits else (low, high - low or 1)


def grey(values: Pixels) -> Pixels:
    """Three equal channels of one: (h, w) to (h, w, 3)."""
    return np.repeat(values[:, :, None], 3, axis=2)


def turn(pixels: Pixels, orientation: int) -> Pixels:
    """The picture upright, by its EXIF orientation 1 to 8; contiguous."""
    if orientation >= 5:  # 5 is the mirror along the diagonal, and 6 to 8 follow from it
        pixels = pixels.swapaxes(0, 1)
    down = orientation in (3, 4, 7, 8)
    across = orientation in (2, 3, 6, 7)
    return np.ascontiguousarray(pixels[:: -1 if down else 1, :: -1 if across else 1])


def sample_bits(image: Image.Image, otherwise: int = 8) -> int:
    """What a TIFF says of the bits of its first channel."""
    tags = getattr(image, "tag_v2", {}) if isinstance(image, ImageFile) else {}
    return int(tags.get(_BITS_PER_SAMPLE, (otherwise,))[0])
