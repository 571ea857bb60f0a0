"""Boxes against the pictures they are said of: known only once these are read."""

from collections.abc import Iterable
from dataclasses import replace

from atarimae.add.entry import Entry
from atarimae.add.table import all_bad
from atarimae.errors import UsageError
from atarimae.predict.boxes import inside
from atarimae.store import Refusal, Row

Read = tuple[Entry, Row | Refusal]


def within(read: Iterable[Read]) -> list[Read]:
    """The same, with boxes cut at the pictures' edges; raises `UsageError` with all that leave."""
    kept: list[Read] = []
    bad: list[str] = []
    for entry, one in read:
        if isinstance(one, Row) and entry.boxes:
            boxes = []
            for value, box in entry.boxes:
                try:
                    boxes.append((value, inside(box, (one.image.width, one.image.height))))
                except UsageError as error:
                    bad.append(f"{one.file.path}: {error}")
            one = replace(one, boxes=tuple(boxes))
        kept.append((entry, one))
    if bad:
        raise all_bad(f"{len(bad)} of the boxes leave{'s' * (len(bad) == 1)} the picture.", bad)
    return kept
