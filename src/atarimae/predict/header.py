"""What a picture's first bytes declare, and what is wrong with those that can't be read."""

import struct
from collections.abc import Callable
from typing import IO, cast

from PIL import (
    BmpImagePlugin,
    GifImagePlugin,
    JpegImagePlugin,
    PngImagePlugin,
    TiffImagePlugin,
    WebPImagePlugin,
)
from PIL.ImageFile import ImageFile

from atarimae.errors import AtarimaeError

_EXIF_KEYS = frozenset(("exif", "xmp", "Raw profile type exif", "XML:com.adobe.xmp"))
ORIENTATION = 0x0112  # the EXIF tag: 1 to 8, 5 and above with sides swapped

# Pillow's readers are called by name and not through Image.open: that looks at no other format,
# and leaves Pillow's process-wide pixel limit (179 megapixels) as the user has set it.
_READERS: dict[str, Callable[[IO[bytes]], ImageFile]] = {
    "JPEG": cast(Callable[[IO[bytes]], ImageFile], JpegImagePlugin.jpeg_factory),
    "PNG": PngImagePlugin.PngImageFile,
    "WEBP": WebPImagePlugin.WebPImageFile,
    "BMP": BmpImagePlugin.BmpImageFile,
    "TIFF": TiffImagePlugin.TiffImageFile,
    "GIF": GifImagePlugin.GifImageFile,
}
_SIGNATURES = (
    (b"\xff\xd8\xff", "JPEG"),
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"GIF87a", "GIF"),
    (b"GIF89a", "GIF"),
    (b"II*\0", "TIFF"),
    (b"MM\0*", "TIFF"),
    (b"II+\0", "TIFF"),
    (b"MM\0+", "TIFF"),
    (b"BM", "BMP"),
)
_OTHERS = (
    (b"%PDF", "a PDF"),
    (b"8BPS", "a Photoshop document"),
    (b"\0\0\x01\0", "an icon (ICO)"),
    (b"\0\0\0\x0cjP  ", "a JPEG 2000"),
    (b"\0\0\0\x0cJXL ", "a JPEG XL"),
    (b"\xff\x0a", "a JPEG XL"),
    (b"PK\x03\x04", "a ZIP archive"),
    (b"<svg", "an SVG"),
    (b"<?xml", "an XML file, perhaps an SVG"),
)
_CONVERT = "Save it as JPEG, PNG, WebP, BMP, TIFF or GIF."
_COPY = "Copy or export it again from where it came from."


def read_header(file: IO[bytes], name: str, max_pixels: int) -> tuple[str, ImageFile]:
    """Format and opened, undecoded picture; refused if it declares more than `max_pixels`."""
    start = file.read(32)
    kind = _kind(start, name)
    if kind == "WEBP":  # its reader allocates the whole canvas when it is made
        _check_pixels(_webp_size(start), name, max_pixels)
    file.seek(0)
    with Reading(name):
        image = _READERS[kind](file)
    _check_pixels(image.size, name, max_pixels)
    return kind, image


class Reading:
    """Turns what Pillow, vips and the system raise for bad files into errors in three parts."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __enter__(self) -> None:
        return None

    def __exit__(self, _: object, error: BaseException | None, trace: object) -> None:
        # Decoders raise nearly everything, and each means a bad file.
        if isinstance(error, Exception) and not isinstance(error, (AtarimaeError, MemoryError)):
            raise unreadable(self._name, *_found(error)) from None


def unreadable(name: str, found: str, fix: str) -> AtarimaeError:
    """The error for a picture that can't be read."""
    return AtarimaeError(f"{name} can't be read.", found, fix)


def orientation(image: ImageFile) -> int:
    """The EXIF orientation, 1 to 8. EXIF that is broken says nothing, as in every viewer."""
    if image.format == "PNG":
        image.load()  # its EXIF may come after the pixels
    if not _EXIF_KEYS.intersection(image.info):
        return 1
    try:
        value = image.getexif().get(ORIENTATION, 1)
    except Exception:
        return 1
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


def _kind(start: bytes, name: str) -> str:
    if not start:
        raise unreadable(name, "The file is empty (0 bytes).", _COPY)
    if start[:4] == b"RIFF" and start[8:12] == b"WEBP":
        return "WEBP"
    for signature, kind in _SIGNATURES:
        if start.startswith(signature):
            return kind
    if start[4:8] == b"ftyp":
        raise unreadable(name, "It is a HEIC or AVIF picture, or a film.", _CONVERT)
    for signature, other in _OTHERS:
        if start.startswith(signature):
            raise unreadable(name, f"It is {other}.", _CONVERT)
    begins = start[:12].decode("utf-8", "replace")
    raise unreadable(name, f"It is not an image: it begins with {begins!r}.", _CONVERT)


def _webp_size(start: bytes) -> tuple[int, int]:
    """Width and height by the container specification, from the first 30 bytes."""
    start = start.ljust(32, b"\0")
    if start[12:16] == b"VP8X":
        wide, high = (int.from_bytes(start[i : i + 3], "little") + 1 for i in (24, 27))
        return wide, high
    if start[12:16] == b"VP8L":
        (bits,) = struct.unpack_from("<I", start, 21)
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    wide, high = struct.unpack_from("<HH", start, 26)
    return wide & 0x3FFF, high & 0x3FFF


def _check_pixels(size: tuple[int, int], name: str, max_pixels: int) -> None:
    if size[0] * size[1] > max_pixels:
        raise unreadable(
            name,
            f"It declares {size[0]:,} × {size[1]:,} pixels; the limit is {max_pixels:,} in all.",
            "If it is meant to be that large, raise max_pixels in atarimae.toml.",
        )


def _found(error: Exception) -> tuple[str, str]:
    if isinstance(error, FileNotFoundError):
        return "There is no such file.", "Check the path."
    if isinstance(error, PermissionError):
        return "No right to read it.", "Check its rights and owner."
    if isinstance(error, OSError) and error.strerror:
        return f"The system can't read it: {error.strerror.lower()}.", _COPY
    text = " ".join(str(error).split()).rstrip(".")
    if any(word in text.lower() for word in ("truncated", "premature", "end of file")):
        return f"The file is cut off: {text}.", _COPY
    return f"The file is broken: {text or type(error).__name__}.", _COPY
