"""The store: one edit a change, appended; the state at any version can be read again."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    Connection,
    Engine,
    create_engine,
    event,
    insert,
    select,
)
from sqlalchemy.exc import DatabaseError

from atarimae.errors import AtarimaeError
from atarimae.store import history, schema
from atarimae.store.history import Edit
from atarimae.store.recording import Changes, Recording, Refusal, Row, note_refusals, say, unsaid
from atarimae.store.state import alive, all_images, files_at, last_edit, moved
from atarimae.types import CHECKED, Data, File, Image, Label, Version
from atarimae.workspace import Workspace, person

BUSY_SECONDS = 120  # how long one writer waits for another


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
            recording = Recording(connection, self.workspace)
        for one in found:
            if isinstance(one, Refusal):
                refused.append(one)
            else:
                rows.append(one)
                recording.take(one)
        with self._write() as connection:
            if last_edit(connection) != recording.edit:
                recording = Recording(connection, self.workspace)
                for row in rows:
                    recording.take(row)
            changes = recording.changes
            if changes != Changes(present=changes.present):
                recording.save(connection, _append(connection, "add", why, by), by or person())
            note_refusals(connection, rows, refused)
        return replace(changes, refused=tuple(refused))

    def data(self, edit: int | None = None) -> Data:
        """The data at a version; the newest one where none is named. Files in order of path."""
        with self._read() as connection:
            last = last_edit(connection)
            edit = last if edit is None else edit
            files = files_at(connection, edit)
            rows = connection.execute(alive(schema.labels, edit).order_by(schema.labels.c.id))
            said = history.in_order(connection, rows)
            images = all_images(connection)
            now = files if edit == last else files_at(connection, last)
        labels = {image: tuple(found) for image, found in said.items()}
        version = Version(edit, content_hash(files, labels))
        root = self.workspace.root
        return Data(root, version, tuple(files), images, labels, moved(files, now))

    def last_edit(self) -> int:
        """The number of the newest edit; 0 before the first."""
        with self._read() as connection:
            return last_edit(connection)

    def edits(self) -> list[Edit]:
        """Every edit, oldest first."""
        with self._read() as connection:
            return history.edits(connection)

    def say(
        self, labels: Sequence[Label], *, action: str, why: str = "", by: str | None = None
    ) -> Edit | None:
        """Append labels as one edit; None where each was said before by the same."""
        with self._write() as connection:
            fresh = unsaid(connection, labels)
            if not fresh:
                return None
            say(connection, fresh, _append(connection, action, why, by))
            return history.edits(connection)[-1]

    def undo(self, edit: int, *, by: str | None = None) -> Edit:
        """Undo one edit, by another: undoing that one brings everything back."""
        with self._write() as connection:
            new = _append(connection, history.UNDO, f"edit {edit}", by)
            history.undo(connection, edit, new)
            return history.edits(connection)[-1]

    def undo_labels_by(self, name: str, *, by: str | None = None) -> Edit:
        """Take back all labels of a model together, whichever edits brought them."""
        with self._write() as connection:
            new = _append(connection, history.UNDO, f"labels by {name}", by)
            history.undo_labels_by(connection, name, new)
            return history.edits(connection)[-1]

    def models(self) -> dict[str, int]:
        """Who said the labels with a score, and how many there are of each."""
        with self._read() as connection:
            return history.models(connection)

    def images(self) -> dict[str, Image]:
        """Every image ever seen, by hash."""
        with self._read() as connection:
            return all_images(connection)

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
                    if said.kind != CHECKED  # that somebody looked changes no data
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
