"""Pictures of which a box is known, and reading what is in it.

A source hands the box on; whether it matters, the predictor says: `windows` reads the whole
picture, or the region of the box as if that were a picture of its own.
"""

import numpy as np

from atarimae.predict.sheet import whole
from atarimae.shapes import upright
from atarimae.types import BOX, POLYGON, Box, Data, File, Floats, Pixels, Source

BAND = 64 << 20  # pixels of a huge region that are held at once, before it is reduced


class Boxed:
    """A source of which a box is known; it is read as before."""

    def __init__(self, source: Source, box: Box) -> None:
        self.source = source
        self.box = box

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the whole picture, in pixels."""
        return self.source.size

    def pixels(self, at_least: int | None = None) -> Pixels:
        """The whole picture, as the source gives it."""
        return self.source.pixels(at_least)

    def region(self, box: Box) -> Pixels:
        """The pixels inside any box."""
        return self.source.region(box)


class Region:
    """A part of a picture as a source of its own: as a file with these pixels would be read."""

    def __init__(self, source: Source, part: Box) -> None:
        self._source = source
        self._left, self._top, self._right, self._bottom = whole(part, source.size)

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the part, in pixels."""
        return self._right - self._left, self._bottom - self._top

    def pixels(self, at_least: int | None = None) -> Pixels:
        """RGB; a part of over 64 megapixels box-averaged, with both sides still ≥ 2 `at_least`."""
        width, height = self.size
        factor = max(1, min(self.size) // (2 * at_least)) if at_least else 1
        if width * height <= BAND or factor == 1:
            return self.region(Box(0, 0, width, height))
        rows = max(1, BAND // width // factor) * factor
        bands = [
            _averaged(self.region(Box(0, top, width, min(top + rows, height))), factor)
            for top in range(0, height // factor * factor, rows)
        ]
        return np.concatenate(bands)

    def region(self, box: Box) -> Pixels:
        """The pixels inside a box in the part's own coordinates."""
        left, top, right, bottom = whole(box, self.size)
        x, y = self._left, self._top
        return self._source.region(Box(x + left, y + top, x + right, y + bottom))


def boxed(source: Source, box: Box | None) -> Source:
    """The source with what is known of it."""
    return source if box is None else Boxed(source, box)


def box_of(source: Source) -> Box | None:
    """The box that is known of the picture."""
    return source.box if isinstance(source, Boxed) else None


def seen(source: Source, margin: float | None) -> Source:
    """The region of the box that is known, with that margin; the source where there is none."""
    box = box_of(source)
    if box is None or margin is None:
        return source
    return Region(source, with_margin(box, margin, source.size))


def with_margin(box: Box, margin: float, size: tuple[int, int]) -> Box:
    """The box with `margin` of its sides more on each side, in whole pixels of the picture."""
    wide, high = margin * (box.x1 - box.x0), margin * (box.y1 - box.y0)
    grown = Box(box.x0 - wide, box.y0 - high, box.x1 + wide, box.y1 + high)
    return Box(*map(float, whole(grown, size)))


def known_box(data: Data, file: File) -> Box | None:
    """The one box of the file's image, for tasks that want one; None where there is none.

    The largest that people said; where only models said any, the one with the best score. Of turned
    boxes and outlines it is the upright box around them.
    """
    said = [
        label
        for label in data.labels.get(file.image, ())
        if label.box is not None and label.kind in (BOX, POLYGON)
    ]
    if not said:
        return None
    people = [label for label in said if label.score is None]

    def rank(box: Box, score: float | None) -> tuple[float, ...]:
        area = (box.x1 - box.x0) * (box.y1 - box.y0)
        # Ties never depend on the order in which boxes came.
        return score or 0.0, area, -box.y0, -box.x0, box.x1

    boxes = [(upright(one.box), one.score) for one in people or said if one.box is not None]
    ranked = [(rank(box, score), box) for box, score in boxes]
    return max(ranked, key=lambda one: one[0])[1]


def _averaged(pixels: Pixels, factor: int) -> Pixels:
    """Each square of `factor` × `factor` pixels as one; what is left over at the edges is not."""
    height, width = (side // factor * factor for side in pixels.shape[:2])
    squares = pixels[:height, :width].reshape(height // factor, factor, width // factor, factor, 3)
    mean: Floats = squares.mean((1, 3), dtype=np.float32)
    return np.rint(mean).astype(np.uint8)
