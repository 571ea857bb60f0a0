"""Boxes against the pictures they are said of: known only once these are read.

Boxes that are told in shares become pixels here, to a thousandth of one: formats write so many
digits that a whole pixel comes out whole again.
"""

from collections.abc import Iterable
from dataclasses import replace

from atarimae.add.entry import Entry
from atarimae.add.table import all_bad
from atarimae.errors import UsageError
from atarimae.store import Refusal, Row
from atarimae.store.soundness import kept as sound
from atarimae.types import BOX, Box, Label

Read = tuple[Entry, Row | Refusal]
DIGITS = 3


def within(read: Iterable[Read]) -> list[Read]:
    """The same, with labels cut at the pictures' edges; raises `UsageError` with all that leave."""
    kept: list[Read] = []
    bad: list[str] = []
    for entry, one in read:
        if isinstance(one, Row) and (entry.boxes or entry.shares or entry.others):
            image, size = one.image.hash, (one.image.width, one.image.height)
            boxes = (*entry.boxes, *_pixels(entry, size))
            others = []
            for label in [Label(image, value, BOX, box) for value, box in boxes] + [
                replace(label, image=image) for label in entry.others
            ]:
                try:
                    others.append(sound(label, {image: size}))
                except UsageError as error:
                    bad.append(f"{one.file.path}: {error}")
            one = replace(one, boxes=(), others=tuple(others))
        kept.append((entry, one))
    if bad:
        raise all_bad(f"{len(bad)} of the boxes leave{'s' * (len(bad) == 1)} the picture.", bad)
    return kept


def _pixels(entry: Entry, size: tuple[int, int]) -> list[tuple[str, Box]]:
    """The boxes that are told in shares, in pixels."""
    wide, high = size
    return [
        (value, Box(*(round(side, DIGITS) for side in
                      (box.x0 * wide, box.y0 * high, box.x1 * wide, box.y1 * high))))
        for value, box in entry.shares
    ]  # fmt: skip
