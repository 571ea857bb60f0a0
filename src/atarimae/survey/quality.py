"""How a picture looks, in a few numbers: light, colour, detail, sharpness, bars; and its header.

All are told from the small picture of the survey, so blur is blur that can be seen at its size.
"""

import math
from collections.abc import Callable

import numpy as np
from PIL import Image

from atarimae.survey.bars import bars
from atarimae.survey.glance import Glance
from atarimae.survey.measure import Measure
from atarimae.survey.planes import Levels, Planes, chroma
from atarimae.survey.profile import shift
from atarimae.types import Ints

WIDE = 4  # px to each side of a pixel: the window that an edge is looked at in, see `_folded`
FAINT = 8  # levels; where a window spans less there is nothing that could be sharp
STRONG = 0.25  # of the strongest window: weaker ones are noise, or the compression's
ENOUGH = 0.002  # of the pixels; fewer strong windows say nothing
NAMES = (
    "low", "middle", "high", "colour", "detail", "sharpness",
    "top", "bottom", "left", "right", "margin", "ground", "caption",
    "orientation", "inks", "bits", "shift",
)  # fmt: skip


def _quality(glance: Glance) -> tuple[float, ...]:
    facts = glance.facts
    said = looks(glance.planes, glance.luma) | bars(glance.planes) | {
        "orientation": facts.orientation, "inks": facts.mode == "CMYK", "bits": facts.bits,
        "shift": shift(glance.picture, facts.profile),
    }  # fmt: skip
    return tuple(said[name] for name in NAMES)


def looks(picture: Planes, grey: Levels) -> dict[str, float]:
    """Plain numbers by name; brightness and colour from 0 to 1, detail in bits.

    `low`, `middle` and `high` are the 5th, 50th and 99th percentile of the luma, `colour` the 99th
    percentile of what a pixel's channels differ by, `detail` the entropy of the luma's histogram,
    `sharpness` see there; NaN where nothing could be sharp.
    """
    counts = histogram(grey)
    low, middle, high = percentiles(counts, (0.05, 0.5, 0.99)) / 255
    spread = histogram(chroma(picture))
    return {
        "low": low, "middle": middle, "high": high, "colour": percentiles(spread, (0.99,))[0] / 255,
        "detail": entropy(counts), "sharpness": sharpness(grey),
    }  # fmt: skip


def histogram(levels: Levels) -> Ints:
    """How many pixels have each of the 256 levels. Pillow counts bytes as they are."""
    return np.array(Image.fromarray(levels).histogram())


def percentiles(counts: Ints, shares: tuple[float, ...]) -> Ints:
    """The least levels that at least those shares of the pixels do not exceed."""
    upto = np.cumsum(counts)
    return np.asarray(np.searchsorted(upto, np.multiply(shares, upto[-1])))


def entropy(counts: Ints) -> float:
    """Bits: 0 for one level, 8 for 256 that are equally frequent."""
    shares = counts[counts > 0] / counts.sum()
    return max(0.0, float(-(shares * np.log2(shares)).sum()))


def sharpness(grey: Levels) -> float:
    """How much of an edge happens within three pixels: 1 at once, 0.25 evenly over the window.

    Along a line through each pixel, what three pixels span is divided by what nine span; of that
    the 95th percentile where nine span much. It does not depend on contrast, nor on how much there
    is to see: one sharp stroke on white is sharp. Of the rows and the columns the blurrier say,
    so that a picture that moved in one direction is blurred. NaN where neither has edges.
    """
    both = (_along(grey, 1), _along(grey, 0))
    return min((value for value in both if value is not None), default=float("nan"))


def _along(grey: Levels, axis: int) -> float | None:
    """The sharpness along the rows (axis 1) or the columns."""
    if grey.shape[axis] <= 2 * WIDE:
        return None
    near, far = _spans(grey, axis)
    strong = far >= max(FAINT, math.ceil(STRONG * int(far.max())))
    number = int(np.count_nonzero(strong))
    if number < ENOUGH * far.size:
        return None
    shares = near.compress(strong).astype(np.float32)
    shares /= far.compress(strong)
    place = int(0.95 * (number - 1))
    shares.partition(place)
    return float(shares[place])


def _spans(grey: Levels, axis: int) -> tuple[Levels, Levels]:
    """Flat: the largest less the smallest of the 3 middle pixels of each window of 9, and of all.

    The picture is gone through as one long line, with windows that run over the ends of rows: that
    is several times as fast as row by row. Those windows are left out in the end.
    """
    width = grey.shape[1]
    step = 1 if axis else width
    most, least = (_folded(grey.ravel(), step, fold) for fold in (np.maximum, np.minimum))
    near = (most[0] - least[0])[(WIDE - 1) * step :][: len(most[1])]
    far = most[1] - least[1]
    return (_inside(near, width), _inside(far, width)) if axis else (near, far)


def _folded(
    line: Levels, step: int, fold: Callable[[Levels, Levels], Levels]
) -> tuple[Levels, Levels]:
    """Over the 3, and over the 9 values from each on, `step` apart."""
    two = fold(line[:-step], line[step:])
    three = fold(two[:-step], line[2 * step :])
    six = fold(three[: -3 * step], three[3 * step :])
    return three, fold(six[: -3 * step], three[6 * step :])


def _inside(spans: Levels, width: int) -> Levels:
    """Those of windows that lie in one row."""
    whole = np.empty(len(spans) + 2 * WIDE, np.uint8)
    whole[: len(spans)] = spans
    return whole.reshape(-1, width)[:, : width - 2 * WIDE].ravel()


measure = Measure("quality", 1, np.dtype([(name, np.float32) for name in NAMES]), _quality)
