"""Labels that are said and taken back."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection

from atarimae.store import schema
from atarimae.store.rows import insert_rows, rows_where
from atarimae.types import Label

SAID = ("image", "kind", "value", "x0", "y0", "x1", "y1")


def unsaid(connection: Connection, labels: Iterable[Label]) -> list[Label]:
    """Those that nobody of the same name says already, each once; whatever their score."""
    fresh = {_spoken(label): label for label in labels}
    for row in _live(connection, fresh.values()):
        fresh.pop(_spoken_in(row), None)
    return list(fresh.values())


def still_said(connection: Connection, labels: Sequence[Label]) -> list[int]:
    """The rows that say these; what has gone since is passed over."""
    wanted = {_spoken(label) for label in labels}
    return [row.id for row in _live(connection, labels) if _spoken_in(row) in wanted]


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
    rows = rows_where(connection, schema.labels, "image", classes)
    people = [row for row in rows if row.kind == "class" and row.score is None]
    there = {(row.image, row.value) for row in people}
    gone = [
        row.id
        for row in people
        if not also and row.value not in classes[row.image] and _known_to(row, by, seen)
    ]
    come = [
        Label(image, value, by=by)
        for image, values in classes.items()
        for value in dict.fromkeys(values)
        if (image, value) not in there
    ]
    return gone, come


def say(connection: Connection, labels: Iterable[Label], edit: int) -> None:
    """Write labels of an edit."""
    rows = ((*_said(label), label.by, label.score, edit) for label in labels)
    insert_rows(connection, schema.labels, (*SAID, "by", "score", "added"), rows)


def _known_to(row: Any, by: str, seen: int | None) -> bool:
    return seen is None or row.added <= seen or row.by == by


def _live(connection: Connection, labels: Iterable[Label]) -> list[Any]:
    return rows_where(connection, schema.labels, "image", (label.image for label in labels))


def _said(label: Label) -> tuple[object, ...]:
    box = label.box
    corners = (None,) * 4 if box is None else (box.x0, box.y0, box.x1, box.y1)
    return (label.image, label.kind, label.value, *corners)


def _spoken(label: Label) -> tuple[object, ...]:
    return (*_said(label), label.by)


def _spoken_in(row: Any) -> tuple[object, ...]:
    return tuple(getattr(row, name) for name in (*SAID, "by"))
