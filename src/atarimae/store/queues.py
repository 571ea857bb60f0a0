"""Queues: images to be labelled next, each list under a name, in an order.

A queue is no edit, as it says nothing of the data: making one leaves the version as it is. It lies
in the store and not in a file, so that a team on one server works through one list.
"""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, delete, func, select

from atarimae.errors import UsageError, unknown_name
from atarimae.store import schema
from atarimae.store.history import now, stamp
from atarimae.store.rows import insert_rows
from atarimae.types import Box
from atarimae.workspace import person

Opened = Callable[[], AbstractContextManager[Connection]]
TABLE = schema.queued
COLUMNS = ("queue", "image", "place", "x0", "y0", "x1", "y1", "why", "by", "at")


@dataclass(frozen=True, slots=True)
class Queued:
    """An image, where in it something is to be seen, and why it is in the queue."""

    image: str  # hash
    box: Box | None = None  # None for all of it
    why: str = ""
    by: str = ""
    at: str = ""  # UTC, ISO 8601


class Queues:
    """The queues of a store. Each method is one transaction."""

    def __init__(self, read: Opened, write: Opened) -> None:
        self._read = read
        self._write = write

    def names(self) -> dict[str, int]:
        """The queues by name, and how many images are in each."""
        query = select(TABLE.c.queue, func.count()).group_by(TABLE.c.queue).order_by(TABLE.c.queue)
        with self._read() as connection:
            return {row[0]: row[1] for row in connection.execute(query)}

    def of(self, name: str) -> list[Queued]:
        """What is in a queue, in order. Raises `UsageError` where there is none of that name."""
        query = select(TABLE).where(TABLE.c.queue == name).order_by(TABLE.c.place)
        with self._read() as connection:
            rows = connection.execute(query).all()
        if not rows:
            raise unknown_name("queue", name, self.names())
        return [_queued(row) for row in rows]

    def put(self, name: str, wanted: Sequence[Queued], *, by: str | None = None) -> int:
        """Put images at the end of a queue, which is made if need be; how many are new to it."""
        if not name.strip():
            raise UsageError("The queue has no name.", "", "Give it one with --queue NAME.")
        who, at, mine = by or person(), stamp(now()), TABLE.c.queue == name
        with self._write() as connection:
            there = set(connection.scalars(select(TABLE.c.image).where(mine)))
            last = connection.scalar(select(func.max(TABLE.c.place)).where(mine))
            first = 0 if last is None else last + 1
            fresh: dict[str, Queued] = {}
            for one in wanted:
                if one.image not in there:
                    fresh.setdefault(one.image, one)
            rows = [
                (name, one.image, first + place, *_corners(one.box), one.why, who, at)
                for place, one in enumerate(fresh.values())
            ]
            insert_rows(connection, TABLE, COLUMNS, rows)
        return len(rows)

    def drop(self, name: str) -> int:
        """Forget a queue; how many images were in it. The images stay as they are."""
        with self._write() as connection:
            gone = connection.execute(delete(TABLE).where(TABLE.c.queue == name)).rowcount
        if not gone:
            raise unknown_name("queue", name, self.names())
        return gone


def _corners(box: Box | None) -> tuple[float | None, ...]:
    return (None,) * 4 if box is None else (box.x0, box.y0, box.x1, box.y1)


def _queued(row: Any) -> Queued:
    box = None if row.x0 is None else Box(row.x0, row.y0, row.x1, row.y1)
    return Queued(row.image, box, row.why, row.by, row.at)
