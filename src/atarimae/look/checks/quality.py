"""Images that are dark, bright, blurred or empty, of an odd size or shape, or framed.

Each is one number of an image, and how far it is from what is usual in the set: see `usual`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from atarimae.look.checks.finding import Beside, Check, Finding
from atarimae.look.checks.usual import Numbers, Rule, Usual, unusual, usual
from atarimae.survey import quality
from atarimae.types import Data, Image

Rows = npt.NDArray[Any]  # the survey's, a row an image
Values = Callable[[Rows, Sequence[Image]], Numbers]

GROUND = 0.06  # of black to white: rims that are closer are of one colour


@dataclass(frozen=True, slots=True)
class _Kind:
    name: str
    why: str
    what: str  # of an image, after its path
    measured: str  # what the number is, before it
    of: Values
    rules: tuple[Rule, ...]
    reads: Callable[[float], str]  # the number as people read it
    fix: str


def check(kind: _Kind) -> Check:
    """The check that looks for one kind."""

    def find(data: Data, beside: Beside) -> list[Finding]:
        survey = beside.survey(data)
        if survey is None:
            return []
        images = [data.images[image] for image in survey.images]
        values = kind.of(survey.of(quality.measure), images)
        places = dict.fromkeys(place for rule in kind.rules for place in unusual(values, rule))
        files, most = beside.places(data), usual(values)
        return [
            Finding(
                kind.name,
                f"{files[images[place].hash][0].path} {kind.what}.",
                (images[place].hash,),
                tuple(file.path for file in files[images[place].hash]),
                _evidence(kind, float(values[place]), most),
                kind.fix,
            )
            for place in places
        ]

    return Check(kind.name, kind.why, find)


def _evidence(kind: _Kind, value: float, most: Usual) -> str:
    low, high = kind.reads(most.low), kind.reads(most.high)
    rest = f"all but a few have {low}" if low == high else f"90 % have {low} to {high}"
    return f"{kind.measured} {kind.reads(value)}; of the set's images {rest}."


def _number(name: str) -> Values:
    """One of the survey's numbers as it is."""
    return lambda rows, images: np.asarray(rows[name], np.float64)


def _side(rows: Rows, images: Sequence[Image]) -> Numbers:
    """log₂ of the side, in px, of a square of the image's area; 0 is the median."""
    return _log2([image.width * image.height for image in images]) / 2


def _shape(rows: Rows, images: Sequence[Image]) -> Numbers:
    """log₂ of width by height."""
    return _log2([image.width / image.height for image in images])


def _log2(values: Sequence[float]) -> Numbers:
    return np.log2(np.asarray(values, np.float64))


def _bars(rows: Rows, images: Sequence[Image]) -> Numbers:
    """The share of a picture that two opposite bars take.

    Bars of the colour that is at the rim of most pictures are the set's margins, and none.
    """
    pairs = ((rows["top"], rows["bottom"]), (rows["left"], rows["right"]))
    taken = np.maximum(*((one + two) * ((one > 0) & (two > 0)) for one, two in pairs))
    common = np.abs(rows["ground"] - np.median(rows["ground"])) < GROUND
    if common.mean() >= 0.5:
        taken[common] = 0
    return np.asarray(taken, np.float64)


def _percent(value: float) -> str:
    return f"{value:.0%}"


def _px(value: float) -> str:
    return f"{2**value:,.0f} px"


def _wide(value: float) -> str:
    return f"{2**value:.2f}"


def _bits(value: float) -> str:
    return f"{value:.1f} bits"


def _sharp(value: float) -> str:
    return f"{value:.2f}"


KINDS = (
    _Kind(
        "dark images",
        "What a camera hardly saw a model hardly sees.",
        "is dark",
        "Its brightest parts (99th percentile) have a brightness of",
        _number("high"),
        (Rule(-1, 0.5, 0.32, 0.05),),
        _percent,
        "Lighten it or take it again; leave it out where nothing can be told from it.",
    ),
    _Kind(
        "bright images",
        "What is burnt out to white can't be told apart any more.",
        "is bright",
        "Its darkest parts (5th percentile) have a brightness of",
        _number("low"),
        (Rule(1, 0.75, 0.95, 0.05),),
        _percent,
        "Take it again with less light; leave it out where nothing can be told from it.",
    ),
    _Kind(
        "blurred images",
        "What a class is told by is gone, and a blurred picture is near to everything.",
        "is blurred",
        "Of its edges' heights three pixels have, at the size of 256 px, a share of",
        _number("sharpness"),
        (Rule(-1, 0.65, 0.4, 0.05),),
        _sharp,
        "Take it again, or find the original: it may have been enlarged. Else leave it out.",
    ),
    _Kind(
        "images with little in them",
        "An empty picture teaches nothing, and is near to everything that is pale.",
        "has little in it",
        "The entropy of its brightness is",
        _number("detail"),
        (Rule(-1, 2.0, 0.5, 0.3),),
        _bits,
        "See whether it is what it should be, a cover or an empty page for example; else leave it "
        "out.",
    ),
    _Kind(
        "images of an odd size",
        "A thumbnail among photographs is enlarged to a blur; a huge one shows more than the rest.",
        "has an odd size",
        "A square of its area has a side of",
        _side,
        (Rule(-1, 1.0, 3.3, 0.25, True), Rule(1, 1.0, 3.3, 0.25, True)),
        _px,
        "Find the original of a small one; of a large one see whether it is a whole sheet of which "
        "a part is meant.",
    ),
    _Kind(
        "images of an odd shape",
        "Stretched to a square it is distorted, padded it is small, cropped it is cut.",
        "has an odd shape",
        "Its width by its height is",
        _shape,
        (Rule(-1, 1.0, 3.3, 0.2, True), Rule(1, 1.0, 3.3, 0.2, True)),
        _wide,
        "Cut out what is meant; a strip often shows several things, or a part of one.",
    ),
    _Kind(
        "bars and frames",
        "A black bar or a frame is what a network learns first, where some classes have it.",
        "has bars or a frame",
        "Plain bars on opposite sides take of its height or width",
        _bars,
        (Rule(1, 0.03, 0.06, 0.01),),
        _percent,
        "Cut it to what is inside.",
    ),
    _Kind(
        "captions",
        "Writing on a picture gives the label away, or is taken for a part of the thing.",
        "has a strip of writing",
        "The strip takes of its height",
        _number("caption"),
        (Rule(1, 0.03, 0.03, 0.01),),
        _percent,
        "Cut the strip off.",
    ),
)
checks = tuple(check(kind) for kind in KINDS)
