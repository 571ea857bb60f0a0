"""Parts of pictures, cut out: what was found in an image of the pool."""

from collections.abc import Sequence
from io import BytesIO

from PIL import Image as Pillow

from atarimae.errors import AtarimaeError
from atarimae.look.thumbnails import QUALITY, TILE, verified_source
from atarimae.predict.region import Region, with_margin
from atarimae.types import Box, Data, File
from atarimae.workspace import Workspace

MARGIN = 0.25  # of a box's sides, that is shown around it


def crop(workspace: Workspace, data: Data, image: str, box: Box) -> bytes | None:
    """What is in the box and a little around it, as WebP; None where the image can't be read."""
    known, files = data.images.get(image), _files(data, image)
    source = verified_source(workspace, data, known, files) if known and files else None
    if source is None:
        return None
    try:
        pixels = Region(source, with_margin(box, MARGIN, source.size)).pixels(TILE)
    except AtarimaeError:
        return None
    if not pixels.size:
        return None
    picture = Pillow.fromarray(pixels)
    picture.thumbnail((TILE, TILE), Pillow.Resampling.LANCZOS)
    stream = BytesIO()
    picture.save(stream, "WEBP", quality=QUALITY)
    return stream.getvalue()


def _files(data: Data, image: str) -> Sequence[File]:
    return [file for file in data.files if file.image == image]
