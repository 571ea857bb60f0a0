"""Images of which people say different things, and whether they knew of each other."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import groupby

from sqlalchemy import Connection, func, select

from atarimae.store import schema
from atarimae.store.rows import chunks


@dataclass(frozen=True, slots=True)
class Side:
    """What one person says of an image, and the edit that brought it."""

    value: str
    by: str
    edit: int
    at: str  # UTC, ISO 8601
    seen: int  # the version that was looked at


@dataclass(frozen=True, slots=True)
class Conflict:
    """An image with two classes or more, as people say, the oldest first."""

    image: str
    sides: tuple[Side, ...]

    @property
    def at_once(self) -> bool:
        """Somebody had not seen what another says."""
        return any(
            late.seen < early.edit < late.edit and late.by != early.by
            for late in self.sides
            for early in self.sides
        )

    def as_dict(self) -> dict[str, object]:
        """JSON values."""
        sides = [asdict(side) for side in self.sides]
        return {"image": self.image, "at_once": self.at_once, "sides": sides}


def conflicts(connection: Connection, images: Sequence[str] | None = None) -> list[Conflict]:
    """Every conflict, by image; of some images where they are named."""
    if images is None:
        return _conflicts(connection)
    return [one for some in chunks(images) for one in _conflicts(connection, some)]


def _conflicts(connection: Connection, images: Sequence[str] | None = None) -> list[Conflict]:
    label, edit = schema.labels, schema.edits
    people = [label.c.kind == "class", label.c.score.is_(None), label.c.removed.is_(None)]
    if images is not None:
        people.append(label.c.image.in_(images))
    several = (
        select(label.c.image)
        .where(*people)
        .group_by(label.c.image)
        .having(func.min(label.c.value) != func.max(label.c.value))
    )
    age = func.coalesce(label.c.first, label.c.id)
    query = (
        select(label.c.image, label.c.value, label.c.by, edit.c.id, edit.c.at, edit.c.seen)
        .join(edit, edit.c.id == label.c.added)
        .where(*people, label.c.image.in_(several))
        .order_by(label.c.image, age)
    )
    rows: Sequence[tuple[str, str, str, int, str, int | None]] = [
        tuple(row) for row in connection.execute(query)
    ]
    return [
        Conflict(image, tuple(_side(*row[1:]) for row in found))
        for image, found in groupby(rows, key=lambda row: row[0])
    ]


def _side(value: str, by: str, edit: int, at: str, seen: int | None) -> Side:
    return Side(value, by, edit, at, edit - 1 if seen is None else seen)
