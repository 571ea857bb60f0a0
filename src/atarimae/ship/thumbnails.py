"""A small picture of each known image, so that a page can show matches on any machine."""

from collections.abc import Sequence
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image

from atarimae.predict.source import open_known
from atarimae.types import Data, File
from atarimae.workspace import MAX_PIXELS

SIDE = 96  # px


def write_thumbnails(
    data: Data, known: Sequence[File], folder: Path, max_pixels: int = MAX_PIXELS
) -> list[str]:
    """Write those that are not there yet; returns their names."""
    written = []
    for image, file in {file.image: file for file in known}.items():
        path = folder / f"{image}.webp"
        if path.exists():
            continue
        pixels = open_known(data.path(file), image, max_pixels).pixels(SIDE)
        picture = Image.fromarray(np.asarray(pixels))
        picture.thumbnail((SIDE, SIDE))
        stream = BytesIO()
        picture.save(stream, "WEBP", quality=75, method=0)
        path.write_bytes(stream.getvalue())
        written.append(path.name)
    return written
