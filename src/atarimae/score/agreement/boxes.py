"""How far two people's boxes agree: matched by their overlap, as F1.

A match is a pair of boxes of one image, of one class, whose intersection over union reaches a bar.
Of all ways to pair them one with the most pairs is taken, so F1 depends neither on the order of the
boxes nor on who is the first person.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from atarimae.score.overlap import Numbers, iou
from atarimae.types import Bools, Box

BARS = tuple(round(0.5 + 0.05 * n, 2) for n in range(10))  # 0.5 to 0.95, as COCO has them

Boxes = Sequence[tuple[str, Box]]  # of one image, each with its class


@dataclass(frozen=True, slots=True)
class F1:
    """2 × matches by the boxes of both; NaN where nobody drew one."""

    matches: int
    boxes: int  # of both people

    @property
    def value(self) -> float:
        """0 to 1."""
        return 2 * self.matches / self.boxes if self.boxes else float("nan")

    def __add__(self, other: "F1") -> "F1":
        return F1(self.matches + other.matches, self.boxes + other.boxes)


def box_f1(first: Boxes, second: Boxes, bar: float = 0.5) -> dict[str, F1]:
    """By class, for one image; a class that neither drew is not there."""
    found: dict[str, F1] = {}
    for name in dict.fromkeys(name for name, _ in (*first, *second)):
        ours, theirs = ([box for one, box in side if one == name] for side in (first, second))
        found[name] = F1(len(matched(ours, theirs, bar)), len(ours) + len(theirs))
    return found


def added(images: Sequence[Mapping[str, F1]]) -> dict[str, F1]:
    """By class, over images."""
    total: dict[str, F1] = {}
    for image in images:
        for name, one in image.items():
            total[name] = total.get(name, F1(0, 0)) + one
    return total


def matched(first: Sequence[Box], second: Sequence[Box], bar: float) -> list[tuple[int, int]]:
    """As many pairs with an overlap of `bar` or more as there can be, no box in two of them.

    Augmenting paths: Kuhn, Naval Research Logistics 2, 1955. Boxes that overlap most are tried
    first, which is what one sees as the match where there are several ways.
    """
    overlap = iou(_sides(first), _sides(second))
    fits = overlap >= bar - 1e-9
    partner: dict[int, int] = {}  # of a second box, the first one
    order = np.argsort(-overlap.max(1, initial=0), kind="stable")
    for one in order.tolist():
        _place(one, fits, overlap, partner, set())
    return sorted((one, other) for other, one in partner.items())


def _place(
    one: int, fits: Bools, overlap: Numbers, partner: dict[int, int], tried: set[int]
) -> bool:
    """Find a partner for a first box; those that have one may move on to another."""
    for other in np.argsort(-overlap[one], kind="stable").tolist():
        if not fits[one, other] or other in tried:
            continue
        tried.add(other)
        if other not in partner or _place(partner[other], fits, overlap, partner, tried):
            partner[other] = one
            return True
    return False


def _sides(boxes: Sequence[Box]) -> Numbers:
    return np.array([(b.x0, b.y0, b.x1, b.y1) for b in boxes], np.float64).reshape(-1, 4)
