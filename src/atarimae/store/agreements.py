"""Agreements: several people are asked about the same images, none seeing what others say.

What they answer is kept apart from the labels: it is no edit, and the version of the data stays as
it is. Only where an answer is chosen in the end does it become a label, by an edit like any other.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, func, select

from atarimae.errors import UsageError, unknown_name
from atarimae.store import schema
from atarimae.store.history import now, stamp, undone
from atarimae.store.queues import Opened
from atarimae.store.rows import insert_rows
from atarimae.types import BOX, Box
from atarimae.workspace import person

CLASS = "class"
LISTED = 5  # of what is wrong, that an error names; it counts the rest
ASKED, OPINIONS, SETTLED = schema.agreements, schema.opinions, schema.settled

Said = tuple[tuple[str, Box | None], ...]  # classes, each with its box where boxes are asked for


@dataclass(frozen=True, slots=True)
class Agreement:
    """What several people are asked: about which images, and which classes there are."""

    id: int
    kind: str  # class: one of the classes, or none of them; box: all boxes of these classes
    classes: tuple[str, ...]  # from low to high where they have an order
    images: tuple[str, ...]  # hashes, in the order they are asked about
    seed: int
    ordered: bool = False
    by: str = ""
    at: str = ""  # UTC, ISO 8601


@dataclass(frozen=True, slots=True)
class Opinion:
    """What one person says of one image. Nothing said: it is of none of the classes."""

    image: str
    by: str
    said: Said
    at: str = ""


@dataclass(frozen=True, slots=True)
class Settled:
    """What was chosen for an image in the end; `edit` None where it was labelled so already."""

    image: str
    said: Said
    by: str
    edit: int | None


class Agreements:
    """The agreements of a store. Each method is one transaction."""

    def __init__(self, read: Opened, write: Opened) -> None:
        self._read = read
        self._write = write

    def begin(self, wanted: Agreement) -> Agreement:
        """Ask; the number that it has is given with it."""
        by, at = wanted.by or person(), stamp(now())
        with self._write() as connection:
            number = (connection.scalar(select(func.max(ASKED.c.id))) or 0) + 1
            names = ("id", "kind", "ordered", "classes", "images", "seed", "by", "at")
            lists = (json.dumps(list(one), ensure_ascii=False) for one in (
                wanted.classes, wanted.images,
            ))  # fmt: skip
            row = (number, wanted.kind, int(wanted.ordered), *lists, wanted.seed, by, at)
            insert_rows(connection, ASKED, names, [row])
        return self.of(number)

    def all(self) -> list[Agreement]:
        """Every agreement, the oldest first."""
        with self._read() as connection:
            return [_agreement(row) for row in connection.execute(select(ASKED).order_by("id"))]

    def of(self, number: int) -> Agreement:
        """The agreement of that number; `UsageError` where there is none."""
        with self._read() as connection:
            row = connection.execute(select(ASKED).where(ASKED.c.id == number)).first()
            if row is None:
                there = map(str, connection.scalars(select(ASKED.c.id)))
                raise unknown_name("agreement", str(number), there)
        return _agreement(row)

    def answer(self, number: int, given: Sequence[Opinion]) -> int:
        """Keep what somebody says, in place of what they said before of the same images.

        Raises `UsageError` where something is not asked, and keeps nothing then. What was chosen
        of an image before is not changed by an answer that comes late.
        """
        check(self.of(number), given)
        at = stamp(now())
        with self._write() as connection:
            for one in given:
                same = (OPINIONS.c.agreement == number, OPINIONS.c.by == one.by)
                connection.execute(delete(OPINIONS).where(*same, OPINIONS.c.image == one.image))
            last = {(one.by, one.image): one for one in given}
            rows = [(number, one.by, one.image, _text(one.said), at) for one in last.values()]
            insert_rows(connection, OPINIONS, ("agreement", "by", "image", "said", "at"), rows)
        return len(rows)

    def opinions(self, number: int, by: str | None = None) -> list[Opinion]:
        """What people said, or one of them, by name and image."""
        query = select(OPINIONS).where(OPINIONS.c.agreement == number)
        if by is not None:
            query = query.where(OPINIONS.c.by == by)
        with self._read() as connection:
            rows = connection.execute(query.order_by(OPINIONS.c.by, OPINIONS.c.image))
            return [Opinion(row.image, row.by, _said(row.said), row.at) for row in rows]

    def settle(self, number: int, chosen: Sequence[Settled]) -> None:
        """Note what was chosen of images, and by which edit."""
        at = stamp(now())
        with self._write() as connection:
            for one in chosen:
                same = (SETTLED.c.agreement == number, SETTLED.c.image == one.image)
                connection.execute(delete(SETTLED).where(*same))
            names = ("agreement", "image", "said", "edit", "by", "at")
            rows = [(number, o.image, _text(o.said), o.edit, o.by, at) for o in chosen]
            insert_rows(connection, SETTLED, names, rows)

    def settled(self, number: int) -> dict[str, Settled]:
        """What was chosen, by image; not what an undo took back."""
        query = select(SETTLED).where(SETTLED.c.agreement == number).order_by(SETTLED.c.image)
        with self._read() as connection:
            gone = set(undone(connection))
            return {
                row.image: Settled(row.image, _said(row.said), row.by, row.edit)
                for row in connection.execute(query)
                if row.edit not in gone
            }


def check(asked: Agreement, given: Sequence[Opinion], others: Sequence[str] = ()) -> None:
    """`UsageError` with all that is no answer to what is asked; `others` is what else is wrong."""
    images, wrong = set(asked.images), list(others)
    for one in given:
        if not one.by.strip():
            raise UsageError("Who answers?", "The answers have no name.", "Give one with --who.")
        if one.image not in images:
            wrong.append(f"image {one.image[:12]}… is not among those asked about")
        for name, box in one.said:
            if name not in asked.classes:
                wrong.append(f"'{name}' is none of the classes")
            if (box is None) is (asked.kind == BOX):
                wrong.append(f"'{name}' of image {one.image[:12]}… has {_lacks(box)}")
        if asked.kind == CLASS and len(one.said) > 1:
            wrong.append(f"image {one.image[:12]}… has {len(one.said)} classes, and one is asked")
    if wrong:
        told = list(dict.fromkeys(wrong))
        more = f"; and {len(told) - LISTED:,} more" if len(told) > LISTED else ""
        raise UsageError(
            f"These are no answers to agreement {asked.id}.",
            f"{'; '.join(told[:LISTED])}{more}.",
            f"It asks for a {asked.kind} of {len(images):,} images: {', '.join(asked.classes)}.",
        )


def _lacks(box: Box | None) -> str:
    return "no box" if box is None else "a box, and a class is asked"


def _agreement(row: Any) -> Agreement:
    classes, images = (tuple(json.loads(text)) for text in (row.classes, row.images))
    return Agreement(row.id, row.kind, classes, images, row.seed, bool(row.ordered), row.by, row.at)


def _text(said: Said) -> str:
    rows = [[name, None if b is None else [b.x0, b.y0, b.x1, b.y1]] for name, b in said]
    return json.dumps(rows, ensure_ascii=False)


def _said(text: str) -> Said:
    return tuple((name, None if box is None else Box(*box)) for name, box in json.loads(text))
