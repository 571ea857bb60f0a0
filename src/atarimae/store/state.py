"""The state of the tables at one edit."""

import json
from collections import defaultdict
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
    return [file_of(row) for row in connection.execute(query)]


def labels_at(connection: Connection, edit: int) -> dict[str, tuple[Label, ...]]:
    """The labels after the edit by image, oldest first; one that came back keeps its place."""
    table = schema.labels
    age = func.coalesce(table.c.first, table.c.id)
    said: dict[str, list[Label]] = defaultdict(list)
    for row in connection.execute(alive(table, edit).order_by(age)):
        said[row.image].append(label_of(row))
    return {image: tuple(labels) for image, labels in said.items()}


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


def models(connection: Connection) -> dict[str, int]:
    """Who said the labels with a score, and how many there are of each."""
    table = schema.labels
    query = (
        select(table.c.by, func.count())
        .where(table.c.score.is_not(None), table.c.removed.is_(None))
        .group_by(table.c.by)
    )
    return {row[0]: row[1] for row in connection.execute(query)}


def file_of(row: Any) -> File:
    """The file in a row."""
    return File(row.path, row.image, row.split, row.role, row.group, row.source)


def label_of(row: Any) -> Label:
    """The label in a row."""
    box = None if row.x0 is None else Box(row.x0, row.y0, row.x1, row.y1, row.angle or 0.0)
    points = tuple(map(tuple, json.loads(row.points))) if row.points else ()
    return Label(
        row.image, row.value, row.kind, box, row.by, row.score, points, row.other
    )  # fmt: skip
