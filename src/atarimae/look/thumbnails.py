"""Small WebP pictures of images, made when first asked for and kept in the cache."""

from collections.abc import Sequence
from io import BytesIO
from pathlib import Path

from PIL import Image as Pillow

from atarimae import files
from atarimae.errors import AtarimaeError
from atarimae.look.content import IN_MEMORY, open_verified
from atarimae.predict.source import open_source
from atarimae.types import Data, File, Image, Source
from atarimae.workspace import Workspace

SMALL, TILE, LARGE = 96, 256, 1600  # longer sides in px: in a report, in the grid, in the panel
QUALITY = 82  # of WebP, 0 to 100


def thumbnail(
    workspace: Workspace, data: Data, found: Sequence[File], side: int = TILE
) -> Path | None:
    """The thumbnail of the image that lies at `found`; None where its content is gone.

    Its longer side is `side` px, or the image's own where that is less.
    """
    if not found or found[0].image not in data.images:
        return None
    image = data.images[found[0].image]
    path = cached(workspace, image.hash, side)
    if not path.is_file():
        source = opened(workspace, data, image, found)
        if source is None:
            return None
        try:
            files.write(path, _webp(source, side))
        except AtarimaeError:
            return None
    return path


def cached(workspace: Workspace, image: str, side: int) -> Path:
    """Where the thumbnail lies once it was made."""
    return workspace.cache / "thumbnails" / str(side) / image[:2] / f"{image}.webp"


def opened(workspace: Workspace, data: Data, image: Image, found: Sequence[File]) -> Source | None:
    """The picture in the first of the files that still holds the image; None where none does."""
    verified = open_verified(data, image, found)
    if verified is None:
        return None
    stream, path = verified
    with stream:
        # A large file is opened again by its path, so that it is streamed and never held whole.
        origin = path if image.bytes > IN_MEMORY else stream.read()
    try:
        return open_source(origin, workspace.max_pixels)
    except AtarimaeError:
        return None


def _webp(source: Source, side: int) -> bytes:
    width, height = source.size
    shorter = max(1, round(side * min(width, height) / max(width, height)))
    picture = Pillow.fromarray(source.pixels(at_least=shorter))
    picture.thumbnail((side, side), Pillow.Resampling.LANCZOS)
    stream = BytesIO()
    picture.save(stream, "WEBP", quality=QUALITY)
    return stream.getvalue()
