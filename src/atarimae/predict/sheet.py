"""Pictures too large to be decoded whole, streamed through libvips."""

import hashlib
import math
from functools import cached_property
from pathlib import Path
from typing import Any, cast

import numpy as np
from PIL import Image

from atarimae.predict.facts import Facts
from atarimae.predict.header import Reading, unreadable
from atarimae.predict.rgb import eight_bits, grey, scale, to_rgb, turn
from atarimae.types import Array, Box, Pixels

_COLOURS = ("b-w", "grey16", "rgb", "rgb16", "srgb", "cmyk", "multiband")
_MODES = {"b-w": "L", "grey16": "I;16", "cmyk": "CMYK"}  # Pillow's names; RGB for the rest
_LOADERS = {"JPEG": "jpegload", "PNG": "pngload", "TIFF": "tiffload", "WEBP": "webpload",
            "GIF": "gifload"}  # fmt: skip
_TYPES = {"uchar": np.uint8, "ushort": np.uint16, "float": np.float32}


class Sheet:
    """A huge picture: reduced as it streams by, or read in bands of rows.

    JPEG, PNG and TIFF stream; WebP, GIF, interlaced PNG and progressive JPEG can't, and are
    decoded in memory by their libraries. Regions are cheap when they are asked for from top to
    bottom: the last band of rows is kept.
    """

    def __init__(self, origin: Path | bytes, name: str, format_: str) -> None:
        self.format = format_
        self._origin = origin
        self._name = name
        if format_ not in _LOADERS:
            raise unreadable(
                name, f"It is a {format_} of over 100 megapixels.", "Save it as TIFF, PNG or JPEG."
            )
        image = self._load()
        if image.interpretation not in _COLOURS or image.bands > 5:
            found = f"Its colours are '{image.interpretation}' in {image.bands} bands."
            raise unreadable(name, found, "Save it as RGB.")
        self._stored = (int(image.width), int(image.height))
        self._orientation = int(image.get("orientation")) if image.get_typeof("orientation") else 1
        profile = "icc-profile-data"
        self._profile = bytes(image.get(profile)) if image.get_typeof(profile) else b""
        self._bits = {"ushort": 16, "float": 32}.get(image.format, 8)
        self._mode = _MODES.get(image.interpretation, "RGB") + "A" * bool(image.hasalpha())
        self._rows: _Rows | None = None
        self._band: Pixels = np.zeros((0, 0, 3), np.uint8)
        self._top = 0

    @property
    def bytes(self) -> int:
        """Size of the file."""
        return len(self._origin) if isinstance(self._origin, bytes) else self._origin.stat().st_size

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels, after EXIF rotation."""
        width, height = self._stored
        return (height, width) if self._orientation >= 5 else (width, height)

    @property
    def facts(self) -> Facts:
        """What its header says; its mode as Pillow would call it."""
        return Facts(
            *self.size,
            self.format,
            self.bytes,
            self._mode,
            self._orientation,
            self._profile,
            self._bits,
        )

    def pixels(self, at_least: int | None = None) -> Pixels:
        """RGB; reduced by a whole factor, box-averaged, so that both sides are ≥ 2 `at_least`.

        Without `at_least` it is the whole sheet, three bytes a pixel.
        """
        factor = max(1, min(self._stored) // (2 * at_least)) if at_least else 1
        early = next((s for s in (8, 4, 2) if s <= factor), 1) if self.format == "JPEG" else 1
        with Reading(self._name):
            image = _plain(self._load(**({"shrink": early} if early > 1 else {})))
            late = factor // early
            small = image.shrink(late, late) if late > 1 else image
            return turn(self._rgb(small.numpy()), self._orientation)

    def picture(self, at_least: int | None = None) -> Image.Image:
        """The same for who goes on with Pillow."""
        return Image.fromarray(self.pixels(at_least))

    def region(self, box: Box) -> Pixels:
        """RGB inside the box, rounded outwards to whole pixels and cut at the sheet's edge."""
        left, top, right, bottom = self._unturned(whole(box, self.size))
        if right == left or bottom == top:
            return np.zeros((bottom - top, right - left, 3), np.uint8)
        with Reading(self._name):
            band = self._read_rows(top, bottom)
        return turn(band[:, left:right], self._orientation)

    def stream(self) -> Any:
        """A vips picture to be read once from top to bottom, for what vips itself goes on with.

        8 bits, grey or RGB, as `pixels` has them, but not turned by `facts.orientation` yet.
        """
        with Reading(self._name):
            image = _plain(self._load())
            if image.format == "ushort":
                image = (image >> 8).cast("uchar")
            elif image.format == "float":
                bottom, reach = scale(*self._range, floating=True)
                image = ((image - bottom) * (255 / reach)).rint().cast("uchar")
            if image.bands == 4:
                image = _from_cmyk(image)
            grey_ = image.bands < 3
            kept = image.extract_band(0, n=1 if grey_ else 3)
            return kept.copy(interpretation="b-w" if grey_ else "srgb")

    def verify(self) -> None:
        """Decode to the last pixel, keeping none."""
        with Reading(self._name):
            self._load().avg()

    def hash(self) -> str:
        """SHA-256 of the file's bytes, read in blocks."""
        if isinstance(self._origin, bytes):
            return hashlib.sha256(self._origin).hexdigest()
        with Reading(self._name), self._origin.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()

    def _load(self, **options: object) -> Any:
        import pyvips  # 0.15 s that only sheets cost

        # By the loader's name: Image.new_from_file reads options out of a name such as a[1].png.
        name = _LOADERS[self.format] + ("_buffer" if isinstance(self._origin, bytes) else "")
        origin = self._origin if isinstance(self._origin, bytes) else str(self._origin)
        with Reading(self._name):
            return pyvips.Operation.call(
                name, origin, access="sequential", fail_on="error", **options
            )

    def _read_rows(self, top: int, bottom: int) -> Pixels:
        """Rows as stored; those of the last call are kept, and the stream is read on from them."""
        if self._rows is None or top < self._top:
            self._rows = _Rows(_plain(self._load()))
            self._band = np.zeros((0, self._stored[0], 3), np.uint8)
            self._top = top
        kept = self._band[top - self._top :]
        begin = top + len(kept)
        if begin < bottom:
            kept = np.concatenate([kept, self._rgb(self._rows.read(begin, bottom))])
        self._band, self._top = kept, top
        return kept[: bottom - top]

    def _rgb(self, values: Array) -> Pixels:
        """(h, w) or (h, w, bands) of any type, without alpha, to 8-bit RGB."""
        values = values[:, :, None] if values.ndim == 2 else values
        eight = self._eight_bits(values)
        if eight.shape[2] == 4:
            return np.asarray(to_rgb(Image.fromarray(eight, "CMYK")))
        return grey(eight[:, :, 0]) if eight.shape[2] < 3 else eight[:, :, :3]

    def _eight_bits(self, values: Array) -> Pixels:
        if values.dtype == np.uint8:
            return cast(Pixels, values)
        if values.dtype == np.uint16:
            return (cast("np.ndarray[Any, np.dtype[np.uint16]]", values) >> 8).astype(np.uint8)
        return eight_bits(values, *self._range)

    @cached_property
    def _range(self) -> tuple[float, float]:
        return float(self._load().min()), float(self._load().max())

    def _unturned(self, box: tuple[int, int, int, int]) -> tuple[int, int, int, int]:
        """The same corners in the picture as it is stored, before EXIF rotation."""
        left, top, right, bottom = box
        width, height = self.size
        if self._orientation in (2, 3, 6, 7):
            left, right = width - right, width - left
        if self._orientation in (3, 4, 7, 8):
            top, bottom = height - bottom, height - top
        return (top, left, bottom, right) if self._orientation >= 5 else (left, top, right, bottom)


class _Rows:
    """Rows of a vips picture, read once from top to bottom."""

    def __init__(self, image: Any) -> None:
        import pyvips

        self._image = image  # the region does not keep it alive
        self._region = pyvips.Region.new(image)

    def read(self, top: int, bottom: int) -> Array:
        """(bottom − top, width, bands); `top` is never above what was read before."""
        image = self._image
        values = self._region.fetch(0, top, image.width, bottom - top)
        shape = (bottom - top, image.width, image.bands)
        return np.frombuffer(values, _TYPES[image.format]).reshape(shape)


def whole(box: Box, size: tuple[int, int]) -> tuple[int, int, int, int]:
    """The box's corners rounded outwards to whole pixels, inside a picture of that size."""
    left, right = (min(max(x, 0), size[0]) for x in (math.floor(box.x0), math.ceil(box.x1)))
    top, bottom = (min(max(y, 0), size[1]) for y in (math.floor(box.y0), math.ceil(box.y1)))
    return left, top, max(left, right), max(top, bottom)


def _plain(image: Any) -> Any:
    """On white where it is transparent; 8 bits, 16 bits or floats."""
    if image.hasalpha():
        white = {"uchar": 255, "ushort": 65535}.get(image.format, 1)
        image = image.flatten(background=white, max_alpha=white).cast(image.format)
    return image if image.format in _TYPES else image.cast("float")


def _from_cmyk(image: Any) -> Any:
    """RGB as Pillow reckons it."""
    left = 255 - image[3]  # what the black ink leaves
    first, *others = (left - (image[band] * left / 255).rint() for band in range(3))
    return first.bandjoin(others).cast("uchar")
