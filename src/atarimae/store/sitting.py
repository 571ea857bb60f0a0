"""What one person may take back and bring again, of what he or she did since some version."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from sqlalchemy import Connection, func, select

from atarimae.store import history, schema
from atarimae.store.undoing import REDO, UNDO

MENDING = ("label", "confirm", "flag", "change", "remove")  # what is done by hand


@dataclass(frozen=True, slots=True)
class Sitting:
    """Edits by their number."""

    undoable: tuple[int, ...]  # that still hold, the newest first
    redoable: int | None  # the undo that redo takes back; none after another edit


def sitting(
    connection: Connection, by: str, since: int, actions: Collection[str] = MENDING
) -> Sitting:
    """What somebody did by hand after version `since`: not what `add` or a model brought."""
    undone = history.undone(connection, after=since)
    own = list(_own(connection, by, since, (*actions, UNDO, REDO)))
    holds = [edit for edit, action in own if action in actions and edit not in undone]
    undos = [edit for edit, action in own if action == UNDO and edit not in undone]
    after = max((edit for edit, action in own if action in actions), default=0)
    redo = next((edit for edit in undos if edit > after), None)
    return Sitting(tuple(holds), redo)


def said_by(connection: Connection, since: str = "") -> dict[str, int]:
    """By person, labels and confirmations said by hand since a moment (UTC, ISO 8601); most first.

    One that was taken back since still counts: it was work.
    """
    label, edit = schema.labels, schema.edits
    number = func.count()
    query = (
        select(edit.c.by, number)
        .join(label, label.c.added == edit.c.id)
        .where(edit.c.action.in_(("label", "confirm")), edit.c.at >= since)
        .where(label.c.score.is_(None), label.c.first.is_(None))
        .group_by(edit.c.by)
        .order_by(number.desc(), edit.c.by)
    )
    return {row[0]: row[1] for row in connection.execute(query)}


def _own(
    connection: Connection, by: str, since: int, actions: Collection[str]
) -> Iterator[tuple[int, str]]:
    table = schema.edits.c
    query = (
        select(table.id, table.action)
        .where(table.id > since, table.by == by, table.action.in_(actions))
        .order_by(table.id.desc())
    )
    return ((row.id, row.action) for row in connection.execute(query))
