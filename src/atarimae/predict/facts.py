"""What a file's header says of its picture."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Facts:
    """Told without decoding a pixel, but for a PNG's orientation, which may come after them."""

    width: int  # px, after EXIF rotation
    height: int
    format: str  # Pillow's name: JPEG, PNG, WEBP, BMP, TIFF, GIF
    file_bytes: int
    mode: str  # Pillow's, as it is stored: RGB, L, P, CMYK, I;16 and so on
    orientation: int  # EXIF's, 1 to 8; 1 where it says nothing
    profile: bytes  # the ICC profile, empty without one
    bits: int = 8  # a channel, as they are stored
