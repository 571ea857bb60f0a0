"""The images of one picture, by hash; looked for once, and kept in the cache."""

import hashlib
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import numpy as np

from atarimae import files
from atarimae.survey.alike import SAME, VERSION, Alike, alike, turned_back
from atarimae.survey.hashes import PREVIEW
from atarimae.survey.survey import Survey
from atarimae.types import Image, Progress

_KIND = np.dtype(
    [("outer", "i4"), ("inner", "i4"), ("turn", "i1"), ("part", "f4"), ("likeness", "f4")]
)


@dataclass(frozen=True, slots=True)
class Pair:
    """Two images that show one picture."""

    outer: str  # hash of the one that shows all of it
    inner: str
    turn: int  # what turns `inner` to lie upright on `outer`, see `alike`
    part: float  # of `outer`'s area, that `inner` shows; 1 for the whole
    likeness: float  # correlation of their brightness, 0 to 1
    same: bool = False  # equal to the last pixel

    def other(self, image: str) -> str:
        """The one that is not `image`."""
        return self.inner if image == self.outer else self.outer

    def turn_to(self, image: str) -> int:
        """What was done to the other one to get `image`."""
        return self.turn if image == self.outer else turned_back(self.turn)


def pairs(survey: Survey, cache: Path, progress: Progress) -> tuple[Pair, ...]:
    """Every pair among the images of a survey that has `PREVIEW`; `same` is not told.

    The search takes seconds for ten thousands of images, so what it found for just these images
    is kept.
    """
    names = hashlib.sha256("\n".join(survey.images).encode()).hexdigest()
    place = cache / "survey" / f"alike-{VERSION}-{PREVIEW.version}" / f"{names}.npy"
    with suppress(OSError, ValueError, EOFError):  # not there, or cut off
        rows = np.load(place, allow_pickle=False)
        if rows.dtype == _KIND:
            return _named([Alike(*row) for row in rows.tolist()], survey.images)
    previews = survey.of(PREVIEW)
    # Side by side, not in records: they are gone through many times.
    grey, colour = (np.ascontiguousarray(previews[name]) for name in ("grey", "colour"))
    del previews
    found = alike(grey, colour, progress=progress)
    stream = BytesIO()
    columns = [(one.outer, one.inner, one.turn, one.part, one.likeness) for one in found]
    np.save(stream, np.array(columns, _KIND))
    files.write(place, stream.getvalue())
    return _named(found, survey.images)


def may_be_same(pair: Pair, images: Mapping[str, Image]) -> bool:
    """Whether it is worth decoding both in full to see if they are equal to the last pixel."""
    sizes = {(images[name].width, images[name].height) for name in (pair.outer, pair.inner)}
    return len(sizes) == 1 and pair.turn == SAME and pair.part == 1


def _named(found: Sequence[Alike], images: Sequence[str]) -> tuple[Pair, ...]:
    return tuple(
        Pair(images[one.outer], images[one.inner], one.turn, one.part, one.likeness)
        for one in found
    )
