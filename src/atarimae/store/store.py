"""The store: one edit a change, appended; the state at any version can be read again."""

import hashlib
import json
import operator
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    Connection,
    Engine,
    Select,
    Table,
    create_engine,
    delete,
    event,
    func,
    insert,
    or_,
    select,
    update,
)
from sqlalchemy.exc import DatabaseError

from atarimae.errors import AtarimaeError
from atarimae.store import schema
from atarimae.types import Box, Data, File, Image, Label, Version
from atarimae.workspace import Workspace, person

_IMAGE = Image.__slots__
_FILE = File.__slots__
_image_columns = operator.attrgetter(*_IMAGE)
_file_columns = operator.attrgetter(*_FILE)
_FATES = ("added", "present", "moved", "changed")
BUSY_SECONDS = 120  # how long one writer waits for another


@dataclass(frozen=True, slots=True)
class Row:
    """One file to be recorded. `given` names the columns of `file` that its source states."""

    file: File
    image: Image
    labels: tuple[str, ...] = ()
    given: frozenset[str] = frozenset()


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


class Store:
    """The store of one workspace. Each method is one transaction."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        self.engine = _engine(workspace.store_url)
        # As a writer: two processes that open a new store at once don't both make its tables.
        with _told():
            schema.metadata.create_all(self.engine.execution_options(writes=True))

    def record(
        self, found: Iterable[Row | Refusal], *, why: str = "", by: str | None = None
    ) -> Changes:
        """Record files with their images and labels; all of them or, on an error, none.

        A path that is there with the same image is kept, and takes over what its row states. A
        path whose content changed is replaced. A new path whose image's only files are gone from
        the disk is a moved file, and keeps what was known of it.

        Rows are worked through as they come, before the store is locked; where somebody else has
        written by then, they are worked through again.
        """
        rows: list[Row] = []
        refused: list[Refusal] = []
        with self._read() as connection:
            recording = _Recording(connection, self.workspace)
        for one in found:
            if isinstance(one, Refusal):
                refused.append(one)
            else:
                rows.append(one)
                recording.take(one)
        with self._write() as connection:
            if _last_edit(connection) != recording.edit:
                recording = _Recording(connection, self.workspace)
                for row in rows:
                    recording.take(row)
            changes = recording.changes
            if changes != Changes(present=changes.present):
                recording.save(connection, _append(connection, "add", why, by), by or person())
            _note_refusals(connection, rows, refused)
        return replace(changes, refused=tuple(refused))

    def data(self, edit: int | None = None) -> Data:
        """The data at a version; the newest one where none is named. Files in order of path."""
        with self._read() as connection:
            last = _last_edit(connection)
            edit = last if edit is None else edit
            files = _files(connection, edit)
            said: dict[str, list[Label]] = defaultdict(list)
            for row in connection.execute(_alive(schema.labels, edit).order_by(schema.labels.c.id)):
                said[row.image].append(_label(row))
            images = _images(connection)
            now = files if edit == last else _files(connection, last)
        labels = {image: tuple(found) for image, found in said.items()}
        version = Version(edit, content_hash(files, labels))
        root = self.workspace.root
        return Data(root, version, tuple(files), images, labels, _moved(files, now))

    def last_edit(self) -> int:
        """The number of the newest edit; 0 before the first."""
        with self._read() as connection:
            return _last_edit(connection)

    def images(self) -> dict[str, Image]:
        """Every image ever seen, by hash."""
        with self._read() as connection:
            return _images(connection)

    def refusals(self) -> list[Refusal]:
        """Files that were refused and have not been taken since, by path."""
        query = select(schema.refusals).order_by(schema.refusals.c.path)
        with self._read() as connection:
            return [Refusal(row.path, row.found, row.fix) for row in connection.execute(query)]

    @contextmanager
    def _read(self) -> Iterator[Connection]:
        with _told("read"), self.engine.connect() as connection:
            yield connection

    @contextmanager
    def _write(self) -> Iterator[Connection]:
        with _told(), self.engine.execution_options(writes=True).begin() as connection:
            yield connection


@contextmanager
def _told(what: str = "written to") -> Iterator[None]:
    try:
        yield
    except DatabaseError as error:
        raise AtarimaeError(
            f"The store can't be {what}.",
            f"{error.orig}.",
            "Check disk space and rights, or put back a copy of the store.",
        ) from None


def content_hash(files: Iterable[File], labels: Mapping[str, Sequence[Label]]) -> str:
    """SHA-256 of what the data says: who said it, paths and the order of files left out."""
    lines = sorted(
        json.dumps(
            [
                [file.image, file.split, file.role, file.group, file.source],
                # In the order they were said: where a task wants one class, the first counts.
                [
                    [said.kind, said.value, str(said.box), str(said.score)]
                    for said in labels.get(file.image, ())
                ],
            ],
            ensure_ascii=True,
        )
        for file in files
    )
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def _engine(url: str) -> Engine:
    engine = create_engine(url)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    return engine


def _begin_sqlite(connection: Connection) -> None:
    """Two writers wait for each other from the first statement on; readers wait for nobody."""
    writes = connection.get_execution_options().get("writes")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _prepare_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # transactions are begun by the listener, not the driver
    connection.execute(f"PRAGMA busy_timeout = {BUSY_SECONDS * 1000}")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")


def _last_edit(connection: Connection) -> int:
    return connection.scalar(select(func.max(schema.edits.c.id))) or 0


def _append(connection: Connection, action: str, why: str, by: str | None) -> int:
    result = connection.execute(
        insert(schema.edits).values(
            at=datetime.now(UTC).isoformat(timespec="milliseconds"),
            by=by or person(),
            action=action,
            why=why,
        )
    )
    return int(result.inserted_primary_key[0])  # type: ignore[index]


def _alive(table: Table, edit: int) -> Select[Any]:
    return select(table).where(
        table.c.added <= edit, or_(table.c.removed.is_(None), table.c.removed > edit)
    )


def _files(connection: Connection, edit: int) -> list[File]:
    query = _alive(schema.files, edit).order_by(schema.files.c.path)
    return [
        File(row.path, row.image, row.split, row.role, row.group, row.source)
        for row in connection.execute(query)
    ]


def _moved(then: Sequence[File], now: Sequence[File]) -> dict[str, str]:
    """Where the files of an older version lie now, if they lie elsewhere."""
    paths = {file.path for file in now}
    places = {file.image: file.path for file in now}
    return {
        file.path: places[file.image]
        for file in then
        if file.path not in paths and file.image in places
    }


def _images(connection: Connection) -> dict[str, Image]:
    return {row.hash: Image(*row) for row in connection.execute(select(schema.images))}


def _label(row: Any) -> Label:
    box = None if row.x0 is None else Box(row.x0, row.y0, row.x1, row.y1)
    return Label(row.image, row.value, row.kind, box, row.by, row.score)


def _note_refusals(connection: Connection, rows: Sequence[Row], refused: Sequence[Refusal]) -> None:
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


class _Recording:
    """What recording rows changes, worked out against the state of the store at one edit."""

    def __init__(self, connection: Connection, workspace: Workspace) -> None:
        self.workspace = workspace
        self.edit = _last_edit(connection)
        self.images = {row.hash for row in connection.execute(select(schema.images.c.hash))}
        self.files: dict[str, File] = {}
        self.unchecked: dict[str, list[str]] = defaultdict(list)  # paths by image, may be gone
        for file in _files(connection, self.edit):
            self.files[file.path] = file
            self.unchecked[file.image].append(file.path)
        self.labels = {
            (row.image, row.value)
            for row in connection.execute(_alive(schema.labels, self.edit))
            if row.kind == "class"
        }
        self.new_images: list[Image] = []
        self.new_files: dict[str, File] = {}
        self.retired: list[str] = []
        self.new_labels: list[tuple[str, str]] = []  # image and class
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
        _insert(connection, schema.images, _IMAGE, map(_image_columns, self.new_images))
        live = ((*_file_columns(file), edit) for file in self.new_files.values())
        _insert(connection, table, (*_FILE, "added"), live)
        said = ((image, "class", value, by, edit) for image, value in self.new_labels)
        _insert(connection, schema.labels, ("image", "kind", "value", "by", "added"), said)

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
        for value in row.labels:
            if (row.image.hash, value) in self.labels:
                continue
            self.labels.add((row.image.hash, value))
            self.new_labels.append((row.image.hash, value))


def _insert(
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
