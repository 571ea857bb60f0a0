"""Images of which people say different things, and whether they knew of each other."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from itertools import groupby
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, func, select

from atarimae.store import schema
from atarimae.store.names import Names, names_at
from atarimae.store.saying import root
from atarimae.store.state import label_of
from atarimae.types import PAIR, REMARKS, Box


@dataclass(frozen=True, slots=True)
class Side:
    """What one person says of an image, and the edit that brought it."""

    value: str
    by: str
    edit: int
    at: str  # UTC, ISO 8601
    seen: int  # the version that was looked at
    box: Box | None = None  # of an outline its bounds
    other: str | None = None  # the other image of a pair


@dataclass(frozen=True, slots=True)
class Conflict:
    """An image with two classes or more, as people say, the oldest first.

    Of another kind than "class": what people said in place of one label of that kind, or of one
    pair of images.
    """

    image: str
    sides: tuple[Side, ...]
    kind: str = "class"

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
        return {"image": self.image, "kind": self.kind, "at_once": self.at_once, "sides": sides}


def of_classes(
    connection: Connection, images: Sequence[str] | None = None, names: Names | None = None
) -> list[Conflict]:
    """Those of images' classes, by image; of some images where they are named.

    `names` are what classes are read as, where the caller knows.
    """
    label, names = schema.labels.c, names or names_at(connection)
    which = label.kind == "class"
    if images is not None:
        which &= label.image.in_(images)
    found = _grouped(connection, names, which, label.image, label.value, lambda row: row.image)
    return [one for one in found if len({side.value for side in one.sides}) > 1]


def of_places(connection: Connection, images: Sequence[str] | None = None) -> list[Conflict]:
    """Boxes, outlines and texts that were changed at once; of some images where they are named."""
    label, names = schema.labels.c, names_at(connection)
    which: ColumnElement[bool] = label.kind.not_in(("class", PAIR, *REMARKS))
    if images is not None:
        which &= label.image.in_(images)
    line = func.coalesce(label.instead, label.first, label.id)
    found = _grouped(connection, names, which, line, label.by, root)
    return [one for one in found if one.at_once]


def conflicts(connection: Connection) -> list[Conflict]:
    """Every conflict, by image; of one image its classes first.

    Of boxes, outlines and texts only those that were changed at once: two that go back to one
    stand beside each other rightly where somebody made two of it. Two names of one class are none.
    """
    label, names = schema.labels.c, names_at(connection)
    pair = label.kind == PAIR
    found = [
        *of_classes(connection),
        *of_places(connection),
        *_grouped(
            connection, names, pair, label.image + label.other, label.value,
            lambda row: (row.image, row.other),
        ),
    ]  # fmt: skip
    return sorted(found, key=lambda conflict: conflict.image)  # stable: in the order above


def _grouped(
    connection: Connection,
    names: Names,
    which: ColumnElement[bool],
    by: ColumnElement[Any],
    differs: ColumnElement[Any],
    key: Callable[[Any], Any],
) -> Iterable[Conflict]:
    """People's live labels of one group that are not all alike in a column, oldest first."""
    label, edit, origin = schema.labels, schema.edits, _ORIGIN
    people = (which, label.c.score.is_(None), label.c.removed.is_(None))
    several: Select[Any] = (
        select(by).where(*people).group_by(by).having(func.min(differs) != func.max(differs))
    )
    age = func.coalesce(label.c.first, label.c.id)
    query = (
        select(label, edit.c.id.label("edit"), edit.c.at, edit.c.seen)
        .join(origin, origin.c.id == age)  # one that came back was said when it first came
        .join(edit, edit.c.id == origin.c.added)
        .where(*people, by.in_(several))
        .order_by(by, age)
    )
    rows: Sequence[Any] = connection.execute(query).all()
    for _, found in groupby(rows, key):
        sides = list(found)
        yield Conflict(sides[0].image, tuple(_side(one, names) for one in sides), sides[0].kind)


_ORIGIN = schema.labels.alias()  # made once: that takes longer than the query


def _side(row: Any, names: Names) -> Side:
    seen = row.edit - 1 if row.seen is None else row.seen
    said = label_of(row)
    return Side(
        names.said(said.kind, said.value), said.by, row.edit, row.at, seen, said.box, said.other
    )
