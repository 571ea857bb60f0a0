"""Labels that are to be said: whether they can be, and each in the one form that is kept."""

import math
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from sqlalchemy import Connection, select

from atarimae.errors import UsageError, gathered
from atarimae.shapes import around, inside, outlined
from atarimae.store import schema
from atarimae.store.rows import chunks
from atarimae.types import BOX, CHECKED, DIFFERENT, PAIR, POLYGON, SAME, TEXT, Label

LISTED = 10  # labels that an error names; it counts the rest
_PLACED = (BOX, POLYGON, TEXT)  # kinds that lie somewhere in the image
Size = tuple[int, int]


def class_name(value: str) -> str:
    """A class's name as it is kept: composed (NFC), and without spaces around it."""
    name = unicodedata.normalize("NFC", value.strip())
    if not name:
        raise UsageError("A class needs a name.", "It is empty.", "Write one.")
    if "\0" in name or any("\ud800" <= letter <= "\udfff" for letter in name):
        found = "It holds a NUL, or bytes that are no UTF-8."
        raise UsageError("This name of a class can't be kept.", found, "Write it in letters.")
    return name


def sound(connection: Connection, labels: Sequence[Label]) -> list[Label]:
    """The labels as they are kept. Raises `UsageError` with all that can't be said, and why."""
    sizes = _sizes(connection, labels)
    good, bad = [], []
    for label in labels:
        try:
            good.append(kept(label, sizes))
        except UsageError as error:
            bad.append(f"'{label.value}' ({label.kind}) of {label.image[:12]}: {error}")
    if bad:
        raise UsageError(
            f"{len(bad):,} of {len(labels):,} labels can't be said.",
            gathered(bad, LISTED),
            "Mend them all; nothing was changed.",
        )
    return good


def kept(label: Label, sizes: Mapping[str, Size]) -> Label:
    """The label as it is kept; `sizes` has the images that are known, by hash.

    Boxes and outlines are cut at the picture's edge, an outline's box is its bounds, angles are 0 ≤
    angle < 360, and the image of a pair is the one whose hash sorts first. Raises `UsageError`.
    """
    _check(label)
    if label.kind == PAIR or label.other is not None:
        return _pair(label, sizes)
    if label.box is None and not label.points:
        return label
    if label.image not in sizes:
        raise UsageError("The image is not in the workspace.")
    size = sizes[label.image]
    if label.kind == POLYGON:
        points = outlined(label.points, size)
        return replace(label, points=points, box=around(points))
    return label if label.box is None else replace(label, box=inside(label.box, size))


def _check(label: Label) -> None:
    """Raises `UsageError` for what has no sense whatever the image is."""
    if label.score is not None and not math.isfinite(label.score):
        raise UsageError(f"Its score is {label.score}.", "", "It needs a number.")
    if isinstance(label.value, str) and "\0" in label.value:
        raise UsageError("Its value has a NUL character.")
    if label.kind == "class" and not str(label.value).strip():
        raise UsageError("A class needs a name.")
    if label.points and label.kind != POLYGON:
        raise UsageError("It has points.", "", f"They are for the kind {POLYGON}.")
    if label.other is not None and label.kind not in (PAIR, CHECKED):
        raise UsageError("It has another image.", "", f"That is for the kind {PAIR}.")
    if label.kind == BOX and label.box is None:
        raise UsageError("It has no box.")
    if label.kind == POLYGON and not label.points:
        raise UsageError("It has no points.", "", "An outline needs three.")


def _pair(label: Label, sizes: Mapping[str, Size]) -> Label:
    if label.value not in (SAME, DIFFERENT):
        raise UsageError("", "", f"A pair is '{SAME}' or '{DIFFERENT}'.")
    if label.box is not None:
        raise UsageError("A pair has no box.")
    if label.other is None or label.other == label.image:
        raise UsageError("A pair needs another image.", "It names itself." if label.other else "")
    for image in (label.image, label.other):
        if image not in sizes:
            raise UsageError(f"The image {image[:12]} is not in the workspace.")
    first, second = sorted((label.image, label.other))
    return replace(label, image=first, other=second)


def _sizes(connection: Connection, labels: Iterable[Label]) -> dict[str, Size]:
    """Width and height of the images whose size matters, by hash."""
    placed = [one for one in labels if one.box or one.other or one.kind in (*_PLACED, PAIR)]
    wanted = {one.image for one in placed} | {one.other for one in placed if one.other}
    table, sizes = schema.images.c, dict[str, Size]()
    for some in chunks(sorted(wanted)):
        query = select(table.hash, table.width, table.height).where(table.hash.in_(some))
        sizes |= {row.hash: (row.width, row.height) for row in connection.execute(query)}
    return sizes
