"""Reading pictures, torch-free: one code for `add`, `fit`, `ship` and `serve`."""

import hashlib
import math
import os
import stat
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from types import MappingProxyType

import numpy as np
from PIL import Image as Pillow
from PIL.ImageFile import ImageFile

from atarimae.errors import AtarimaeError
from atarimae.predict.facts import Facts
from atarimae.predict.header import Reading, orientation, read_header, unreadable
from atarimae.predict.rgb import PLAIN, sample_bits, to_rgb, turn
from atarimae.predict.sheet import Sheet, whole
from atarimae.types import Box, Image, Pixels, Source
from atarimae.workspace import MAX_PIXELS

SHEET_PIXELS = 100_000_000  # above, a picture is streamed and never decoded whole
READ_BYTES = 32 << 20  # larger files are looked at before they are read into memory
SHEET_BYTES = 1 << 30  # a larger file is streamed whatever it declares: TIFFs of many pages


def open_source(origin: Path | bytes, max_pixels: int = MAX_PIXELS) -> Source:
    """The picture in a file or in bytes, decoded when it is first asked for, and once.

    JPEG, PNG, WebP, BMP, TIFF's first page, GIF's first frame. Raises `AtarimaeError` for what
    can't be read; damage beyond the header shows only when pixels are asked for.
    """
    return _open(origin, max_pixels)


def open_known(path: Path, image: str, max_pixels: int = MAX_PIXELS) -> "Picture | Sheet":
    """The picture in a file that was added before; refused if its content is another by now."""
    source = _open(path, max_pixels)
    if source.hash() != image:
        raise AtarimaeError(
            f"{path} is not what was added.",
            "Its content has changed since.",
            "Restore it, or add it again.",
        )
    return source


def examine(
    path: Path | str,
    max_pixels: int = MAX_PIXELS,
    known: Mapping[str, Image] = MappingProxyType({}),
) -> Image:
    """The record of a file that is readable to its last pixel; raises `AtarimaeError` if not.

    A content in `known`, by hash, is taken to be readable and not decoded again.
    """
    source = _open(path, max_pixels)
    digest = source.hash()
    if digest in known:
        return known[digest]
    source.verify()
    width, height = source.size
    return Image(digest, width, height, source.format, source.bytes)


def glimpse(path: Path | str, max_pixels: int = MAX_PIXELS) -> Image:
    """The record of a file by its header and its bytes' hash: damage beyond them doesn't show."""
    source = _open(path, max_pixels)
    with Reading(str(path)):  # a PNG is decoded for its size: its EXIF may come after the pixels
        return Image(source.hash(), *source.size, source.format, source.bytes)


class Picture:
    """A picture of ordinary size."""

    def __init__(self, data: bytes, name: str, format_: str, image: ImageFile) -> None:
        self.format = format_
        self.bytes = len(data)
        self._data = data
        self._name = name
        self._image = image
        self._decoded: tuple[int | None, Pixels] | None = None

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels, after EXIF rotation."""
        width, height = self._image.size
        return (height, width) if _orientation(self._image) >= 5 else (width, height)

    @property
    def facts(self) -> Facts:
        """What its header says."""
        image = self._image
        profile = image.info.get("icc_profile") or b""
        with Reading(self._name):
            turned = orientation(image)
        mode, bits = image.mode, self._bits()
        return Facts(*self.size, self.format, self.bytes, mode, turned, profile, bits)

    def pixels(self, at_least: int | None = None) -> Pixels:
        """RGB; a large JPEG comes at 1/2, 1/4 or 1/8 with both sides still ≥ 2 `at_least`.

        The reduction is libjpeg's, of the cosine coefficients.
        """
        target = self._target(at_least)
        if self._decoded is None or self._decoded[0] != target:
            self._decoded = (target, np.asarray(self._decode(target)))
        return self._decoded[1]

    def picture(self, at_least: int | None = None) -> Pillow.Image:
        """The same for who goes on with Pillow, without a copy: it must not be changed."""
        return self._decode(self._target(at_least))

    def region(self, box: Box) -> Pixels:
        """RGB inside the box, rounded outwards to whole pixels and cut at the picture's edge."""
        left, top, right, bottom = whole(box, self.size)
        return self.pixels()[top:bottom, left:right]

    def verify(self) -> None:
        """Decode to the last pixel."""
        with Reading(self._name):
            self._image.load()
            if self._image.mode not in PLAIN:
                to_rgb(self._image)

    def hash(self) -> str:
        """SHA-256 of the bytes."""
        return hashlib.sha256(self._data).hexdigest()

    def _bits(self) -> int:
        """A channel, as they are stored; below 8 they are said to be 8."""
        if self.format == "PNG":
            return max(8, self._data[24])  # of the header chunk, which comes first
        return max(8, sample_bits(self._image))

    def _target(self, at_least: int | None) -> int | None:
        """What it is reduced to; None where it is decoded in full."""
        reducible = self.format == "JPEG" and at_least and min(self._image.size) >= 4 * at_least
        return at_least if reducible else None

    def _decode(self, at_least: int | None) -> Pillow.Image:
        with Reading(self._name):
            image = self._image
            if at_least:
                declared = math.prod(image.size)  # was allowed before
                _, image = read_header(BytesIO(self._data), self._name, declared)
                image.draft(None, (2 * at_least, 2 * at_least))
            image.load()
            picture, turned = to_rgb(image), _orientation(image)
            if turned == 1:
                return picture
            return Pillow.fromarray(turn(np.asarray(picture), turned))


def _open(origin: Path | str | bytes, max_pixels: int) -> Picture | Sheet:
    name = "The picture" if isinstance(origin, bytes) else str(origin)
    if isinstance(origin, bytes):
        data = origin
    else:
        with Reading(name):
            read = _read(origin, name, max_pixels)
        if isinstance(read, Sheet):
            return read
        data = read
    format_, image = read_header(BytesIO(data), name, max_pixels)
    if math.prod(image.size) > SHEET_PIXELS:
        return Sheet(Path(origin) if isinstance(origin, str) else origin, name, format_)
    return Picture(data, name, format_, image)


def _read(path: Path | str, name: str, max_pixels: int) -> bytes | Sheet:
    """A file's bytes, or the sheet that a large one holds."""
    # Plain calls of the system: a file object costs as much as decoding a small picture's header.
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK)  # opening a pipe would wait for ever
    try:
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode):
            kind = "a folder" if stat.S_ISDIR(status.st_mode) else "a pipe or a device"
            raise unreadable(name, f"It is {kind}, not a file.", "Name a picture's file.")
        size = status.st_size
        if size > READ_BYTES and (sheet := _sheet(Path(path), name, size, max_pixels)):
            return sheet
        data = os.read(handle, size)
        while len(data) < size and (more := os.read(handle, size - len(data))):
            data += more
        return data
    finally:
        os.close(handle)


def _sheet(path: Path, name: str, size: int, max_pixels: int) -> Sheet | None:
    """The sheet in a large file; None where the file holds a picture of ordinary size."""
    with path.open("rb") as file:
        format_, image = read_header(file, name, max_pixels)
        large = size > SHEET_BYTES or math.prod(image.size) > SHEET_PIXELS
    return Sheet(path, name, format_) if large else None


def _orientation(image: ImageFile) -> int:
    return 1 if image.format == "TIFF" else orientation(image)  # Pillow turns TIFFs by itself
