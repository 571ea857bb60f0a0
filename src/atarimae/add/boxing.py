"""Labels against the pictures they are said of: known only once these are read.

What is told in shares becomes pixels here, to a thousandth of one: formats write so many digits
that a whole pixel comes out whole again. A pair's other picture becomes its image.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from atarimae.add.entry import Entry
from atarimae.add.shapes import DIGITS, settled
from atarimae.add.table import all_bad
from atarimae.errors import UsageError
from atarimae.shapes import Point
from atarimae.store import Refusal, Row
from atarimae.store.soundness import kept
from atarimae.types import BOX, PAIR, Box, Label

Read = tuple[Entry, Row | Refusal]


def within(read: Iterable[Read]) -> list[Read]:
    """The same, with labels cut at the pictures' edges; raises `UsageError` with all that leave."""
    rows = list(read)
    images = {entry.path: one.image.hash for entry, one in rows if isinstance(one, Row)}
    bad: list[str] = []
    found = [
        (entry, _placed(entry, one, images, bad) if isinstance(one, Row) else one)
        for entry, one in rows
    ]
    if bad:
        raise all_bad(f"{len(bad)} of the labels can't be said of their pictures.", bad)
    return found


def _placed(entry: Entry, row: Row, images: Mapping[str, str], bad: list[str]) -> Row:
    """The row with the labels that its picture can hold; `bad` takes the others."""
    if not entry.has_shapes:
        return row
    image, size = row.image.hash, (row.image.width, row.image.height)
    labels = []
    for one in _labels(entry, size):
        try:
            labels.append(kept(replace(settled(one), image=image), {image: size}))
        except UsageError as error:
            bad.append(f"{row.file.path}: {error}")
    for value, path in entry.pairs:
        other = images.get(path)
        if other is None:
            bad.append(f"{row.file.path}: The other picture of its pair, {path}, is not read.")
            continue
        try:
            pair = Label(image, value, PAIR, other=other)
            labels.append(kept(pair, {image: size, other: size}))
        except UsageError as error:
            bad.append(f"{row.file.path}: {error}")
    return replace(row, boxes=(), others=tuple(labels))


def _labels(entry: Entry, size: tuple[int, int]) -> Iterator[Label]:
    """All but classes and pairs, in pixels."""
    yield from (Label("", value, BOX, box) for value, box in entry.boxes)
    yield from (Label("", value, BOX, _scaled(box, size)) for value, box in entry.shares)
    yield from entry.others
    for one in entry.traced:
        box = None if one.box is None else _scaled(one.box, size)
        yield replace(one, box=box, points=tuple(_pixels(point, size) for point in one.points))


def _scaled(box: Box, size: tuple[int, int]) -> Box:
    (x0, y0), (x1, y1) = (_pixels(one, size) for one in ((box.x0, box.y0), (box.x1, box.y1)))
    return Box(x0, y0, x1, y1)


def _pixels(point: Point, size: tuple[int, int]) -> Point:
    return round(point[0] * size[0], DIGITS), round(point[1] * size[1], DIGITS)
