"""The edits that were made, and undoing them: by another edit, which can be undone in turn."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import Connection, Table, bindparam, func, insert, select, update

from atarimae.errors import AtarimaeError, unknown_name
from atarimae.store import schema
from atarimae.store.state import label_of
from atarimae.types import Label

UNDO = "undo"


@dataclass(frozen=True, slots=True)
class Edit:
    """One edit, and how many files and labels came and went with it."""

    id: int
    at: str  # UTC, ISO 8601
    by: str
    action: str
    why: str
    files_added: int = 0
    files_removed: int = 0
    labels_added: int = 0
    labels_removed: int = 0
    undone_by: int | None = None  # the edit that undid it, where that still holds

    def as_dict(self) -> dict[str, object]:
        """JSON values."""
        return asdict(self)


def edits(connection: Connection) -> list[Edit]:
    """Every edit, oldest first."""
    files, labels = schema.files.c, schema.labels.c
    counts = {
        name: _counted(connection, column)
        for name, column in (
            ("files_added", files.added), ("files_removed", files.removed),
            ("labels_added", labels.added), ("labels_removed", labels.removed),
        )
    }  # fmt: skip
    undone = _undone(connection)
    return [
        Edit(
            row.id, row.at, row.by, row.action, row.why, undone_by=undone.get(row.id),
            **{name: found.get(row.id, 0) for name, found in counts.items()},
        )
        for row in connection.execute(select(schema.edits).order_by(schema.edits.c.id))
    ]  # fmt: skip


def undo(connection: Connection, edit: int, new: int) -> None:
    """Take back, as edit `new`, what an edit brought, and bring back what it took away.

    Files that were changed since are a conflict, and an error; labels that have gone since are
    gone already.
    """
    if not 0 < edit < new:
        raise unknown_name("edit", str(edit), map(str, range(1, new)))
    _refuse_changed(connection, edit)
    gone = sum(_remove(connection, table, edit, new) for table in (schema.files, schema.labels))
    back = _revive(connection, schema.files, edit, new)
    if gone + back + _revive(connection, schema.labels, edit, new) == 0:
        by = _undone(connection).get(edit)
        found = f"Edit {by} undid it." if by else "What it brought has gone since."
        raise AtarimaeError(
            f"Edit {edit} has nothing left to undo.", found, "See 'atarimae edits'."
        )
    connection.execute(insert(schema.undone).values(edit=edit, by=new))


def undo_labels_by(connection: Connection, name: str, new: int) -> None:
    """Take back, as edit `new`, every label that a model said under that name."""
    table = schema.labels
    is_theirs = (table.c.by == name) & table.c.score.is_not(None) & table.c.removed.is_(None)
    if not connection.execute(update(table).where(is_theirs).values(removed=new)).rowcount:
        raise unknown_name("model with labels", name, models(connection))


def models(connection: Connection) -> dict[str, int]:
    """Who said the labels with a score, and how many there are of each."""
    table = schema.labels
    query = (
        select(table.c.by, func.count())
        .where(table.c.score.is_not(None), table.c.removed.is_(None))
        .group_by(table.c.by)
    )
    return {row[0]: row[1] for row in connection.execute(query)}


def in_order(connection: Connection, rows: Iterable[Any]) -> dict[str, list[Label]]:
    """The labels in rows, by image, oldest first; one that an undo brought back keeps its place."""
    was = _was(connection, schema.labels)
    said: dict[str, list[Label]] = defaultdict(list)
    for row in sorted(rows, key=lambda row: _line(was, row.id)[-1]):
        said[row.image].append(label_of(row))
    return said


def _counted(connection: Connection, column: Any) -> Mapping[int, int]:
    query = select(column, func.count()).group_by(column)
    return {row[0]: row[1] for row in connection.execute(query)}


def _undone(connection: Connection) -> dict[int, int]:
    """By edit, the edit that undid it and was not undone itself."""
    holds: dict[int, int] = {}
    table = schema.undone
    # Newest first: whether an undo still holds is known before what it undid is asked for.
    for row in connection.execute(select(table).order_by(table.c.by.desc())):
        if row.by not in holds:
            holds.setdefault(row.edit, row.by)
    return holds


def _was(connection: Connection, table: Table) -> dict[int, int]:
    """By the id of a row that an undo brought back, the id of the row that it is the same as."""
    query = select(schema.returned).where(schema.returned.c.table == table.name)
    return {row.row: row.was for row in connection.execute(query)}


def _line(was: Mapping[int, int], row: int) -> list[int]:
    """The row, the one that it is the same as, and so on back to the first."""
    line = [row]
    while line[-1] in was:
        line.append(was[line[-1]])
    return line


def _brought(connection: Connection, table: Table, edit: int) -> list[Any]:
    """The rows that an edit added, each as the last row that is the same."""
    next_ = {then: now for now, then in _was(connection, table).items()}
    back = select(schema.returned.c.row).where(schema.returned.c.table == table.name)
    likely = select(table).where((table.c.added == edit) | table.c.id.in_(back))
    rows = {row.id: row for row in connection.execute(likely)}
    last = {_line(next_, row.id)[-1] for row in rows.values() if row.added == edit}
    return [rows[row] for row in sorted(last)]


def _refuse_changed(connection: Connection, edit: int) -> None:
    """An error where another edit than an undo has been at the files since."""
    table = schema.files
    undos = set(connection.scalars(select(schema.edits.c.id).where(schema.edits.c.action == UNDO)))
    brought = _brought(connection, table, edit)
    own = {row.id for row in brought}
    clashes = {row.path: row.removed for row in brought if row.removed and row.removed not in undos}
    took = set(connection.scalars(select(table.c.path).where(table.c.removed == edit)))
    live = connection.execute(select(table).where(table.c.removed.is_(None)))
    clashes |= {row.path: row.added for row in live if row.path in took and row.id not in own}
    if clashes:
        path, since = min(clashes.items(), key=lambda one: (-one[1], one[0]))
        more = f", and {len(clashes) - 1:,} more files have changed" if len(clashes) > 1 else ""
        raise AtarimaeError(
            f"Edit {edit} can't be undone alone.",
            f"Edit {since} changed {path} since{more}.",
            f"Undo edit {since} first.",
        )


def _remove(connection: Connection, table: Table, edit: int, new: int) -> int:
    there = [{"row": r.id} for r in _brought(connection, table, edit) if r.removed is None]
    if there:
        ending = update(table).where(table.c.id == bindparam("row")).values(removed=new)
        connection.execute(ending, there)
    return len(there)


def _revive(connection: Connection, table: Table, edit: int, new: int) -> int:
    """Rows as they were, living from `new` on; a label that is said again by now is not doubled."""
    names = [column.name for column in table.c if column.name not in ("id", "added", "removed")]
    gone = select(table).where(table.c.removed == edit).order_by(table.c.id)
    rows: Sequence[Any] = connection.execute(gone).all()
    if rows and table is schema.labels:
        now = connection.execute(select(table).where(table.c.removed.is_(None)))
        there = {tuple(getattr(row, name) for name in names) for row in now}
        rows = [row for row in rows if tuple(getattr(row, name) for name in names) not in there]
    for row in rows:
        values = {name: getattr(row, name) for name in names}
        made = connection.execute(insert(table).values(**values, added=new)).inserted_primary_key
        assert made is not None
        told = {"table": table.name, "row": made[0], "was": row.id}
        connection.execute(insert(schema.returned).values(**told))
    return len(rows)
