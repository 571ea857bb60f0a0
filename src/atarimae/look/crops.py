"""Boxes in an image as a small picture, with some of what is around them."""

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from urllib.parse import urlencode

from PIL import Image as Pillow
from PIL import ImageDraw

from atarimae import files
from atarimae.errors import AtarimaeError
from atarimae.look.thumbnails import QUALITY, TILE, opened
from atarimae.shapes import Point, around, corners
from atarimae.types import Box, Data, File, Source
from atarimae.workspace import Workspace

AROUND = 0.4  # of the longer side of all that is drawn, on each side
LEAST = 8.0  # px around, for the smallest boxes
LINE, PROPOSED = (197, 52, 26), (46, 120, 230)  # look.css has the same for what is written below
EDGE = (255, 255, 255)  # beside a line, which is then seen on dark pictures too
DASH, GAP = 7, 5  # px of the small picture


@dataclass(frozen=True, slots=True)
class Cut:
    """What is drawn: a box, and with dashes one that is proposed; not none of both."""

    box: Box | None = None
    proposed: Box | None = None

    @property
    def points(self) -> list[Point]:
        """The corners of all that is drawn."""
        return [point for one in (self.box, self.proposed) if one for point in corners(one)]


def crop(
    workspace: Workspace, data: Data, found: Sequence[File], cut: Cut, side: int = TILE
) -> Path | None:
    """A picture of boxes of the image that lies at `found`, `side` px long, in the cache.

    None where the image's content is gone, or all that is to be drawn lies outside.
    """
    if not found or found[0].image not in data.images:
        return None
    image = data.images[found[0].image]
    name = hashlib.sha256(f"2 {image.hash} {cut} {side}".encode()).hexdigest()
    path = workspace.cache / "crops" / name[:2] / f"{name}.webp"
    if not path.is_file():
        source = opened(workspace, data, image, found)
        try:
            drawn = None if source is None else _drawn(source, cut, side)
        except AtarimaeError:
            return None
        if drawn is None:
            return None
        files.write(path, drawn)
    return path


def linked(image: str, cut: Cut) -> str:
    """Where a page finds it."""
    asked: dict[str, str] = {}
    for name, box in (("box", cut.box), ("proposed", cut.proposed)):
        if box is not None:
            asked[name] = ",".join(f"{x:.12g}" for x in (box.x0, box.y0, box.x1, box.y1))
            if box.angle:
                asked[f"{name}_angle"] = f"{box.angle:.12g}"
    return f"/crop/{image}.webp?{urlencode(asked, safe=',')}"


def _drawn(source: Source, cut: Cut, side: int) -> bytes | None:
    (width, height), hull = source.size, around(cut.points)
    more = max(AROUND * max(hull.x1 - hull.x0, hull.y1 - hull.y0), LEAST)
    left, top = max(0, int(hull.x0 - more)), max(0, int(hull.y0 - more))
    right, bottom = min(width, int(hull.x1 + more) + 1), min(height, int(hull.y1 + more) + 1)
    if not (hull.x0 < width and hull.y0 < height and hull.x1 > 0 and hull.y1 > 0):
        return None
    picture = Pillow.fromarray(source.region(Box(left, top, right, bottom)))
    scale = side / max(picture.size)
    size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
    picture = picture.resize(size, Pillow.Resampling.LANCZOS)
    _lines(ImageDraw.Draw(picture), cut, (left, top), scale)
    stream = BytesIO()
    picture.save(stream, "WEBP", quality=QUALITY)
    return stream.getvalue()


def _lines(draw: ImageDraw.ImageDraw, cut: Cut, corner: tuple[int, int], scale: float) -> None:
    """All edges of lines first: of two boxes that nearly coincide both colours are seen."""
    own = [] if cut.box is None else _sides(cut.box, corner, scale)
    sides = [] if cut.proposed is None else _sides(cut.proposed, corner, scale)
    dashes = [dash for side in sides for dash in _dashes(*side)]
    for line in (*own, *dashes):
        draw.line(line, fill=EDGE, width=5)
    for lines, colour in ((own, LINE), (dashes, PROPOSED)):
        for line in lines:
            draw.line(line, fill=colour, width=3)


def _sides(box: Box, corner: tuple[int, int], scale: float) -> list[tuple[Point, Point]]:
    left, top = corner
    points = [((x - left) * scale, (y - top) * scale) for x, y in corners(box)]
    return list(zip(points, [*points[1:], points[0]], strict=True))


def _dashes(first: Point, last: Point) -> list[tuple[Point, Point]]:
    long = math.dist(first, last)

    def at(far: float) -> Point:
        share = min(far / long, 1.0) if long else 0.0
        return first[0] + share * (last[0] - first[0]), first[1] + share * (last[1] - first[1])

    count = math.ceil(long / (DASH + GAP))
    return [(at(n * (DASH + GAP)), at(n * (DASH + GAP) + DASH)) for n in range(count)]
