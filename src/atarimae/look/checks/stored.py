"""Images whose file says how they are meant, which some readers pass over; and grey among colour.

What is so in most of a set is one finding, as a list of thousands would say no more.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from atarimae.look.checks.finding import Beside, Check, Finding, listed
from atarimae.survey import quality
from atarimae.types import Bools, Data

Rows = npt.NDArray[Any]  # the survey's, a row an image

MANY = 0.25  # of the set's images: more are one finding
SHIFT = 2.0  # levels of 255: less is a rounding of the same colours
GREY = 8 / 255  # what the channels of a grey picture may differ by
FEW = 0.25  # of the set's images: so few that are grey, or are coloured, stand out
TURNS = {
    2: "mirrored left to right",
    3: "turned by 180°",
    4: "mirrored top to bottom",
    5: "mirrored and turned by 90° to the left",
    6: "turned by 90° to the right",
    7: "mirrored and turned by 90° to the right",
    8: "turned by 90° to the left",
}


@dataclass(frozen=True, slots=True)
class _Kind:
    name: str
    why: str
    found: Callable[[Rows], Bools]  # by image
    what: str  # of an image, after its path
    many: str  # of many, after their number
    evidence: Callable[[Any], str]  # of an image's row
    fix: str


def check(kind: _Kind) -> Check:
    """The check that looks for one kind."""

    def find(data: Data, beside: Beside) -> list[Finding]:
        survey = beside.survey(data)
        if survey is None:
            return []
        rows = survey.of(quality.measure)
        found = np.flatnonzero(kind.found(rows))
        images = [survey.images[place] for place in found]
        if len(images) > max(MANY * len(rows), 1):
            return [_together(kind, data, images, len(rows), kind.evidence(rows[found[0]]))]
        files = beside.places(data)
        return [
            Finding(
                kind.name,
                f"{files[image][0].path} {kind.what}.",
                (image,),
                tuple(file.path for file in files[image]),
                kind.evidence(rows[place]),
                kind.fix,
            )
            for place, image in zip(found, images, strict=True)
        ]

    return Check(kind.name, kind.why, find)


def _together(kind: _Kind, data: Data, images: list[str], of: int, first: str) -> Finding:
    wanted = set(images)
    paths = [file.path for file in data.files if file.image in wanted]
    return Finding(
        kind.name,
        f"{len(images):,} of {of:,} images {kind.many}.",
        tuple(images),
        tuple(paths),
        f"{listed(paths)}. Of the first: {first[0].lower()}{first[1:]}",
        kind.fix,
    )


def _turned(rows: Rows) -> Bools:
    return np.asarray(rows["orientation"] > 1)


def _turn(row: Any) -> str:
    number = int(row["orientation"])
    return f"Its EXIF orientation is {number}: as stored the picture is to be {TURNS[number]}."


def _off(rows: Rows) -> Bools:
    """In other colours than the rest: inks or more bits in a set of others, or a shift of its own.

    Inks and bits that most of the set has are how the set is; a wrong profile is wrong in all.
    """
    shifted = (rows["shift"] >= SHIFT) | (rows["shift"] < 0)
    return np.asarray(shifted | _rare(rows["inks"] > 0) | _rare(rows["bits"] > 8))


def _rare(flags: Bools) -> Bools:
    return np.asarray(flags & (flags.mean() < 0.5))


def _colours(row: Any) -> str:
    said = []
    if row["inks"]:
        said.append(
            "it is stored as inks (CMYK), and every reader turns those into RGB its own way"
        )
    if row["bits"] > 8:
        said.append(f"it has {row['bits']:.0f} bits a channel, of which the upper 8 are read")
    if row["shift"] < 0:
        said.append("its colour profile is broken")
    if row["shift"] >= SHIFT:
        said.append(
            f"read as sRGB, which its profile is not, its channels are off by "
            f"{row['shift']:.0f} of 255 levels on average"
        )
    text = "; ".join(said)
    return f"{text[0].upper()}{text[1:]}."


def _odd_colour(rows: Rows) -> Bools:
    """Grey images where nearly all have colour, or those with colour where nearly all are grey."""
    grey = np.asarray(rows["colour"] <= GREY)
    if 0 < grey.mean() <= FEW:
        return grey
    return ~grey if 0 < (~grey).mean() <= FEW else np.zeros(len(rows), bool)


def _colour(row: Any) -> str:
    levels = round(float(row["colour"]) * 255)
    if row["colour"] <= GREY:
        return (
            f"Its channels differ by at most {levels} of 255 levels; nearly all others have colour."
        )
    return f"Its channels differ by {levels} of 255 levels; nearly all others are grey."


KINDS = (
    _Kind(
        "images turned by EXIF",
        "A reader that ignores the tag sees another picture, and boxes of one don't fit the other.",
        _turned,
        "is stored turned or mirrored",
        "are stored turned or mirrored",
        _turn,
        "atarimae turns it before it looks. Save it upright and without the tag, so that every "
        "other reader sees the same.",
    ),
    _Kind(
        "colours of another kind",
        "atarimae, as most readers, takes numbers for sRGB: the same thing gets two colours.",
        _off,
        "is stored in other colours",
        "are stored in other colours than sRGB of 8 bits",
        _colours,
        "Convert it to sRGB with 8 bits a channel, by its profile where it has one.",
    ),
    _Kind(
        "grey among colour",
        "What tells them from the rest is the colour and not the thing.",
        _odd_colour,
        "differs from the rest in being grey or coloured",
        "differ from the rest in being grey or coloured",
        _colour,
        "Find the original, or train with colours dropped at random, so that it does not matter.",
    ),
)
checks = tuple(check(kind) for kind in KINDS)
