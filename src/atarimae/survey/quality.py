"""How a picture looks, in a few numbers: light, colour, detail, sharpness, bars; and its header.

All are told from the small picture of the survey, so blur is blur that can be seen at its size.
"""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from atarimae.survey.bars import bars
from atarimae.survey.glance import Glance
from atarimae.survey.measure import Measure
from atarimae.survey.profile import shift
from atarimae.types import Ints, Pixels

Levels = npt.NDArray[np.uint8]  # (h, w)

WIDE = 4  # px to each side of a pixel: the window that an edge is looked at in
FAINT = 8  # levels; where a window spans less there is nothing that could be sharp
STRONG = 0.25  # of the strongest window: weaker ones are noise, or the compression's
ENOUGH = 0.002  # of the pixels; fewer strong windows say nothing
NAMES = (
    "low", "middle", "high", "colour", "detail", "sharpness",
    "top", "bottom", "left", "right", "margin", "ground", "caption",
    "orientation", "inks", "bits", "shift",
)  # fmt: skip


def _quality(glance: Glance) -> tuple[float, ...]:
    pixels, facts = glance.small, glance.facts
    said = looks(pixels) | bars(pixels) | {
        "orientation": facts.orientation, "inks": facts.mode == "CMYK", "bits": facts.bits,
        "shift": shift(pixels, facts.profile),
    }  # fmt: skip
    return tuple(said[name] for name in NAMES)


def looks(pixels: Pixels) -> dict[str, float]:
    """Plain numbers by name; brightness and colour from 0 to 1, detail in bits.

    `low`, `middle` and `high` are the 5th, 50th and 99th percentile of the luma (BT.601), `colour`
    the 99th percentile of what a pixel's channels differ by, `detail` the entropy of the luma's
    histogram, `sharpness` see there; NaN where nothing could be sharp.
    """
    grey = luma(pixels)
    counts = np.bincount(grey.ravel(), minlength=256)
    low, middle, high = (percentile(counts, share) / 255 for share in (0.05, 0.5, 0.99))
    spread = np.bincount(chroma(pixels).ravel(), minlength=256)
    return {
        "low": low, "middle": middle, "high": high, "colour": percentile(spread, 0.99) / 255,
        "detail": entropy(counts), "sharpness": sharpness(grey),
    }  # fmt: skip


def luma(pixels: Pixels) -> Levels:
    """(h, w): brightness by ITU-R BT.601, 0 to 255."""
    wide = pixels.astype(np.uint16)
    return ((77 * wide[..., 0] + 150 * wide[..., 1] + 29 * wide[..., 2]) >> 8).astype(np.uint8)


def chroma(pixels: Pixels) -> Levels:
    """(h, w): the largest of a pixel's three values less the smallest; 0 for grey."""
    red, green, blue = (pixels[..., channel] for channel in range(3))
    most = np.maximum(np.maximum(red, green), blue)
    return most - np.minimum(np.minimum(red, green), blue)


def percentile(counts: Ints, share: float) -> int:
    """The least level that at least `share` of the pixels do not exceed."""
    upto = np.cumsum(counts)
    return int(np.searchsorted(upto, share * upto[-1]))


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
    turned = np.ascontiguousarray(grey.T)
    told = [value for value in (_along(grey), _along(turned)) if value is not None]
    return min(told, default=float("nan"))


def _along(grey: Levels) -> float | None:
    """The sharpness along the rows."""
    if grey.shape[1] <= 2 * WIDE:
        return None
    near, far = _span(grey, 1), _span(grey, WIDE)
    near = near[:, WIDE - 1 : 1 - WIDE]
    strong = far >= max(FAINT, STRONG * int(far.max()))
    if np.count_nonzero(strong) < ENOUGH * far.size:
        return None
    shares = near[strong].astype(np.float32) / far[strong]
    place = int(0.95 * (len(shares) - 1))
    return float(np.partition(shares, place)[place])


def _span(grey: Levels, reach: int) -> Levels:
    """(h, w − 2 `reach`): the largest less the smallest of 2 `reach` + 1 pixels of a row."""
    return _folded(grey, reach, np.maximum) - _folded(grey, reach, np.minimum)


def _folded(grey: Levels, reach: int, fold: Callable[[Levels, Levels], Levels]) -> Levels:
    width = 2 * reach + 1
    made, has = grey, 1
    while has < width:  # windows of two sizes overlap, which neither changes the largest
        step = min(has, width - has)
        made = fold(made[:, :-step], made[:, step:])
        has += step
    return made


measure = Measure("quality", 1, np.dtype([(name, np.float32) for name in NAMES]), _quality)
