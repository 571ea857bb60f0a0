"""A box in an image as a small picture, with some of what is around it."""

import hashlib
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path

from PIL import Image as Pillow
from PIL import ImageDraw

from atarimae import files
from atarimae.errors import AtarimaeError
from atarimae.look.thumbnails import QUALITY, TILE, opened
from atarimae.types import Box, Data, File, Source
from atarimae.workspace import Workspace

AROUND = 0.4  # of the box's longer side, on each side
LEAST = 8.0  # px around, for the smallest boxes
LINE = (197, 52, 26)


def crop(
    workspace: Workspace, data: Data, found: Sequence[File], box: Box, side: int = TILE
) -> Path | None:
    """A picture of a box of the image that lies at `found`, at most `side` px long, in the cache.

    None where the image's content is gone, or the box lies outside.
    """
    if not found or found[0].image not in data.images:
        return None
    image = data.images[found[0].image]
    corners = (box.x0, box.y0, box.x1, box.y1)
    name = hashlib.sha256(f"{image.hash} {corners} {side}".encode()).hexdigest()
    path = workspace.cache / "crops" / name[:2] / f"{name}.webp"
    if not path.is_file():
        source = opened(workspace, data, image, found)
        try:
            drawn = None if source is None else _drawn(source, box, side)
        except AtarimaeError:
            return None
        if drawn is None:
            return None
        files.write(path, drawn)
    return path


def _drawn(source: Source, box: Box, side: int) -> bytes | None:
    width, height = source.size
    more = max(AROUND * max(box.x1 - box.x0, box.y1 - box.y0), LEAST)
    left, top = max(0, int(box.x0 - more)), max(0, int(box.y0 - more))
    right, bottom = min(width, int(box.x1 + more) + 1), min(height, int(box.y1 + more) + 1)
    if not (left < right and top < bottom and box.x0 < width and box.y0 < height):
        return None
    picture = Pillow.fromarray(source.region(Box(left, top, right, bottom)))
    scale = side / max(picture.size)
    size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
    picture = picture.resize(size, Pillow.Resampling.LANCZOS)
    corners = ((box.x0 - left) * scale, (box.y0 - top) * scale,
               (box.x1 - left) * scale, (box.y1 - top) * scale)  # fmt: skip
    ImageDraw.Draw(picture).rectangle(corners, outline=LINE, width=2)
    stream = BytesIO()
    picture.save(stream, "WEBP", quality=QUALITY)
    return stream.getvalue()
