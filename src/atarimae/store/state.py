"""The state of the tables at one edit."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Select, Table, func, or_, select

from atarimae.store import schema
from atarimae.types import Box, File, Image, Label


def last_edit(connection: Connection) -> int:
    """The number of the newest edit; 0 before the first."""
    return connection.scalar(select(func.max(schema.edits.c.id))) or 0


def alive(table: Table, edit: int) -> Select[Any]:
    """The rows of files or labels that are there after the edit."""
    return select(table).where(
        table.c.added <= edit, or_(table.c.removed.is_(None), table.c.removed > edit)
    )


def files_at(connection: Connection, edit: int) -> list[File]:
    """The files after the edit, in order of path."""
    query = alive(schema.files, edit).order_by(schema.files.c.path)
    return [
        File(row.path, row.image, row.split, row.role, row.group, row.source)
        for row in connection.execute(query)
    ]


def moved(then: Sequence[File], now: Sequence[File]) -> dict[str, str]:
    """Where the files of an older version lie now, if they lie elsewhere."""
    paths = {file.path for file in now}
    places = {file.image: file.path for file in now}
    return {
        file.path: places[file.image]
        for file in then
        if file.path not in paths and file.image in places
    }


def all_images(connection: Connection) -> dict[str, Image]:
    """Every image ever seen, by hash."""
    return {row.hash: Image(*row) for row in connection.execute(select(schema.images))}


def label_of(row: Any) -> Label:
    """The label in a row."""
    box = None if row.x0 is None else Box(row.x0, row.y0, row.x1, row.y1)
    return Label(row.image, row.value, row.kind, box, row.by, row.score)
