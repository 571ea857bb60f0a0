"""What recording files changes, worked out before it is written."""

import operator
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection, Table, delete, insert, select, update

from atarimae.store import schema
from atarimae.store.state import alive, files_at, last_edit
from atarimae.types import Box, File, Image, Label
from atarimae.workspace import Workspace

_IMAGE = Image.__slots__
_FILE = File.__slots__
_SAID = ("image", "kind", "value", "x0", "y0", "x1", "y1")
_image_columns = operator.attrgetter(*_IMAGE)
_file_columns = operator.attrgetter(*_FILE)
_FATES = ("added", "present", "moved", "changed")


@dataclass(frozen=True, slots=True)
class Row:
    """One file to be recorded. `given` names the columns of `file` that its source states."""

    file: File
    image: Image
    labels: tuple[str, ...] = ()
    given: frozenset[str] = frozenset()
    boxes: tuple[tuple[str, Box], ...] = ()  # each with its class, "" for none


@dataclass(frozen=True, slots=True)
class Refusal:
    """A file that was not taken, and why."""

    file: str
    found: str
    fix: str


@dataclass(frozen=True, slots=True)
class Changes:
    """What recording did: numbers of files, and of labels that are new; files not taken."""

    added: int = 0
    present: int = 0
    moved: int = 0
    changed: int = 0
    labels: int = 0
    refused: tuple[Refusal, ...] = ()


class Recording:
    """What recording rows changes, worked out against the state of the store at one edit."""

    def __init__(self, connection: Connection, workspace: Workspace) -> None:
        self.workspace = workspace
        self.edit = last_edit(connection)
        self.images = {row.hash for row in connection.execute(select(schema.images.c.hash))}
        self.files: dict[str, File] = {}
        self.unchecked: dict[str, list[str]] = defaultdict(list)  # paths by image, may be gone
        for file in files_at(connection, self.edit):
            self.files[file.path] = file
            self.unchecked[file.image].append(file.path)
        self.labels = {  # what people say: it is said again where only a model has
            tuple(getattr(row, name) for name in _SAID)
            for row in connection.execute(alive(schema.labels, self.edit))
            if row.score is None
        }
        self.new_images: list[Image] = []
        self.new_files: dict[str, File] = {}
        self.retired: list[str] = []
        self.new_labels: list[tuple[object, ...]] = []  # as `_SAID`
        self.counts: dict[str, int] = defaultdict(int)

    @property
    def changes(self) -> Changes:
        """What the rows that were taken change."""
        added, present, moved, changed = (self.counts[name] for name in _FATES)
        return Changes(added, present, moved, changed, len(self.new_labels))

    def take(self, row: Row) -> None:
        """Work out what one more row changes."""
        self._image(row.image)
        self.counts[self._file(row)] += 1
        self._labels(row)

    def save(self, connection: Connection, edit: int, by: str) -> None:
        """Write it as one edit."""
        table = schema.files
        for path in self.retired:
            connection.execute(
                update(table)
                .where(table.c.path == path, table.c.removed.is_(None))
                .values(removed=edit)
            )
        insert_rows(connection, schema.images, _IMAGE, map(_image_columns, self.new_images))
        live = ((*_file_columns(file), edit) for file in self.new_files.values())
        insert_rows(connection, table, (*_FILE, "added"), live)
        said = ((*label, by, edit) for label in self.new_labels)
        insert_rows(connection, schema.labels, (*_SAID, "by", "added"), said)

    def _image(self, image: Image) -> None:
        if image.hash in self.images:
            return
        self.images.add(image.hash)
        self.new_images.append(image)

    def _file(self, row: Row) -> str:
        old = self.files.get(row.file.path)
        if old is None:
            gone = self._gone(row.image.hash)
            if gone is None:
                self._put(row.file)
                return "added"
            self._retire(gone)
            self._put(_merged(replace(gone, path=row.file.path), row))
            return "moved"
        if old.image != row.image.hash:
            self._retire(old)
            self._put(_merged(replace(old, image=row.image.hash), row))
            return "changed"
        merged = _merged(old, row)
        if merged == old:
            return "present"
        self._retire(old)
        self._put(merged)
        return "changed"

    def _gone(self, image: str) -> File | None:
        """A file of that image that is no longer on the disk; each is looked for once."""
        while self.unchecked.get(image):
            path = self.unchecked[image].pop()
            known = self.files.get(path)
            if known and known.image == image and not (self.workspace.root / path).exists():
                return known
        return None

    def _put(self, file: File) -> None:
        self.files[file.path] = file
        self.new_files[file.path] = file

    def _retire(self, file: File) -> None:
        del self.files[file.path]
        if self.new_files.pop(file.path, None) is None:
            self.retired.append(file.path)

    def _labels(self, row: Row) -> None:
        image = row.image.hash
        said = [(image, "class", value, None, None, None, None) for value in row.labels]
        boxes = [(image, "box", value, b.x0, b.y0, b.x1, b.y1) for value, b in row.boxes]
        for label in dict.fromkeys([*said, *boxes]):
            if label not in self.labels:
                self.labels.add(label)
                self.new_labels.append(label)


def unsaid(connection: Connection, labels: Iterable[Label]) -> list[Label]:
    """Those that nobody of the same name says already, each once; whatever their score."""
    table = schema.labels
    rows = connection.execute(select(table).where(table.c.removed.is_(None)))
    there = {tuple(getattr(row, name) for name in (*_SAID, "by")) for row in rows}
    fresh = {(*_said(label), label.by): label for label in labels}
    return [label for statement, label in fresh.items() if statement not in there]


def say(connection: Connection, labels: Iterable[Label], edit: int) -> None:
    """Write labels of an edit."""
    rows = ((*_said(label), label.by, label.score, edit) for label in labels)
    insert_rows(connection, schema.labels, (*_SAID, "by", "score", "added"), rows)


def _said(label: Label) -> tuple[object, ...]:
    box = label.box
    corners = (None,) * 4 if box is None else (box.x0, box.y0, box.x1, box.y1)
    return (label.image, label.kind, label.value, *corners)


def insert_rows(
    connection: Connection, table: Table, names: Sequence[str], rows: Iterable[tuple[object, ...]]
) -> None:
    """Insert rows of the named columns, past SQLAlchemy's work for each of them.

    That took half the time of recording 5,000 files; these values are what drivers take.
    """
    statement = insert(table).compile(dialect=connection.dialect, column_keys=list(names))
    if not statement.positional:
        values: Any = [dict(zip(names, row, strict=True)) for row in rows]
    elif tuple(order := statement.positiontup or ()) == tuple(names):
        values = list(rows)
    else:
        picked = operator.itemgetter(*map(names.index, order))
        values = [picked(row) for row in rows]
    if values:
        connection.exec_driver_sql(statement.string, values)


def _merged(old: File, row: Row) -> File:
    return replace(old, **{name: getattr(row.file, name) for name in row.given})


def note_refusals(connection: Connection, rows: Sequence[Row], refused: Sequence[Refusal]) -> None:
    """Keep what was refused, and forget what has been taken since."""
    settled = [row.file.path for row in rows] + [refusal.file for refusal in refused]
    known = {row.path for row in connection.execute(select(schema.refusals.c.path))}
    for path in known.intersection(settled):
        connection.execute(delete(schema.refusals).where(schema.refusals.c.path == path))
    if refused:
        unique = {refusal.file: refusal for refusal in refused}
        connection.execute(
            insert(schema.refusals),
            [{"path": r.file, "found": r.found, "fix": r.fix} for r in unique.values()],
        )
