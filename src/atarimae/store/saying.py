"""Labels that are said and taken back."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection

from atarimae.store import schema
from atarimae.store.names import Names, names_at
from atarimae.store.rows import insert_rows, rows_where
from atarimae.store.state import label_of
from atarimae.types import Label

SAID = ("image", "kind", "value", "x0", "y0", "x1", "y1")
Said = tuple[object, ...]  # as `SAID`


def unsaid(connection: Connection, labels: Iterable[Label]) -> list[Label]:
    """Those that nobody of the same name says already, each once; whatever their score."""
    names = names_at(connection)
    fresh = {_spoken(label, names): label for label in labels}
    for row in _live(connection, fresh.values()):
        fresh.pop(_spoken(label_of(row), names), None)
    return list(fresh.values())


def still_said(connection: Connection, labels: Sequence[Label]) -> list[int]:
    """The rows that say these; what has gone since is passed over."""
    names = names_at(connection)
    wanted = {_spoken(label, names) for label in labels}
    rows = _live(connection, labels)
    return [row.id for row in rows if _spoken(label_of(row), names) in wanted]


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


def _spoken(label: Label, names: Names) -> tuple[object, ...]:
    """What tells labels apart, with the class that is meant."""
    return (*spoken(_said(label), names), label.by)
