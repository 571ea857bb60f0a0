"""Labels that are said and taken back."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, select

from atarimae.store import schema
from atarimae.store.names import Names, names_at
from atarimae.store.rows import age, chunks, insert_rows, rows_where
from atarimae.types import Label

SAID = ("image", "kind", "value", "x0", "y0", "x1", "y1", "angle", "points", "other")
INSTEAD = "instead"  # the first label that one goes back to, each said in place of the one before
Said = tuple[object, ...]  # as `SAID`


def unsaid(connection: Connection, labels: Iterable[Label]) -> list[Label]:
    """Those that nobody of the same name says already, each once; whatever their score."""
    names = names_at(connection)
    fresh = {_spoken(label, names): label for label in labels}
    for row in _live(connection, fresh.values()):
        fresh.pop(_spoken_in(row, names), None)
    return list(fresh.values())


def replaced(
    connection: Connection, old: Sequence[Label], new: Sequence[Label], by: str
) -> tuple[list[int], list[int | None]]:
    """The rows that end where old labels are replaced, and what each new one is said instead of.

    What has gone since is passed over, but for this person's own second thought: what he or she
    said in place of it ends. New labels stand for the old ones in order, or all for the only one.
    """
    if not old:
        return [], [None] * len(new)
    images = list(dict.fromkeys(one.image for label in old for one in (label, _ordered(label))))
    rows = _ever(connection, images)
    names = names_at(connection)
    newest = {_spoken_in(row, names): row for row in rows}  # the live one, where one lives
    wanted = [_spoken(label, names) for label in old]
    found = [newest.get(one) for one in wanted]
    roots = [None if row is None else root(row) for row in found]
    live = [row for row in rows if row.removed is None]
    gone = {row.id for row in live if _spoken_in(row, names) in wanted}
    stale = {root(row) for row in found if row is not None and row.removed is not None}
    gone |= {row.id for row in live if row.by == by and row.instead in stale and row.score is None}
    if len(roots) == 1:
        return sorted(gone), roots * len(new)
    return sorted(gone), roots if len(roots) == len(new) else [None] * len(new)


def root(row: Any) -> int:
    """The first label that this one goes back to."""
    return int(row.instead or age(row))


def chosen(
    connection: Connection,
    classes: Mapping[str, Sequence[str]],
    by: str,
    seen: int | None,
    *,
    also: bool,
) -> tuple[list[int], list[Label]]:
    """The rows that end and the labels that begin where images are of these classes.

    What other people have said since version `seen` stays: their choice was not known to this one.
    """
    names = names_at(connection)
    wanted = {image: {names.of(value): value for value in values}
              for image, values in classes.items()}  # fmt: skip
    rows = rows_where(connection, schema.labels, "image", classes)
    people = [row for row in rows if row.kind == "class" and row.score is None]
    there = {(row.image, names.of(row.value)) for row in people}
    gone = [
        row.id
        for row in people
        if not also and names.of(row.value) not in wanted[row.image] and _known_to(row, by, seen)
    ]
    come = [
        Label(image, value, by=by)
        for image, values in wanted.items()
        for name, value in values.items()
        if (image, name) not in there
    ]
    return gone, come


def spoken(said: Said, names: Names) -> Said:
    """The same with the class that is meant in place of its name."""
    image, kind, value, *rest = said
    return (image, kind, names.said(str(kind), str(value)), *rest)


def say(
    connection: Connection,
    labels: Iterable[Label],
    edit: int,
    instead: Mapping[Label, int | None] | None = None,
) -> None:
    """Write labels of an edit; `instead` has what they are said in place of."""
    of = instead or {}
    rows = ((*said(label), label.by, label.score, edit, of.get(label)) for label in labels)
    insert_rows(connection, schema.labels, (*SAID, "by", "score", "added", INSTEAD), rows)


def said(label: Label) -> tuple[object, ...]:
    """The columns that say what a label says, whoever says it."""
    label, box = _ordered(label), label.box
    corners = (None,) * 4 if box is None else (box.x0, box.y0, box.x1, box.y1)
    angle = box.angle or None if box is not None else None
    points = json.dumps(label.points) if label.points else None
    return (label.image, label.kind, label.value, *corners, angle, points, label.other)


def _known_to(row: Any, by: str, seen: int | None) -> bool:
    return seen is None or row.added <= seen or row.by == by


def _live(connection: Connection, labels: Iterable[Label]) -> list[Any]:
    return rows_where(connection, schema.labels, "image", (label.image for label in labels))


def _ever(connection: Connection, images: Sequence[str]) -> list[Any]:
    """Every row of these images that there ever was; those that live come last."""
    table, found = schema.labels, list[Any]()
    for some in chunks(images):
        found += connection.execute(select(table).where(table.c.image.in_(some)))
    return sorted(found, key=lambda row: (row.removed is None, row.id))


def _ordered(label: Label) -> Label:
    """A pair as it is kept: of the image whose hash sorts first."""
    if label.other is None or label.image < label.other:
        return label
    return replace(label, image=label.other, other=label.image)


def _spoken(label: Label, names: Names) -> Said:
    """What tells labels apart, with the class that is meant."""
    return (*spoken(said(label), names), label.by)


def _spoken_in(row: Any, names: Names) -> Said:
    return (*spoken(tuple(getattr(row, name) for name in SAID), names), row.by)
