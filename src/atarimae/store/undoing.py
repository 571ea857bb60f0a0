"""Edits are taken back by another edit, which can be taken back in turn.

A row and those that bring it back are one line: they are the same file, label or fact. Lines
that edits have touched are made live or not, as they were before the first of these edits.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection, Table, select, update

from atarimae.errors import AtarimaeError, UsageError, unknown_name
from atarimae.store import history, names, schema
from atarimae.store.changing import FILE
from atarimae.store.facts import FACT
from atarimae.store.history import Edit
from atarimae.store.rows import age, chunks, end_rows, insert_rows, rows_where
from atarimae.store.saying import INSTEAD, SAID
from atarimae.store.state import last_edit, models

UNDO, REDO = "undo", "redo"
_KEPT = {
    schema.files: FILE, schema.labels: (*SAID, "by", "score", INSTEAD), schema.facts: FACT
}  # fmt: skip
# Who says the same of the same image or class, says it once.
_SAYS = {
    schema.labels: ("image", (*SAID, "by", "score")), schema.facts: ("subject", FACT)
}  # fmt: skip


def undo(connection: Connection, edits: Sequence[int], made: Edit) -> Edit:
    """Take back, as edit `made`, what the edits brought, and bring back what they took away.

    Files that were changed by other edits since are a conflict, and an error, and so are names of
    classes; labels and other facts that have gone since are gone already.
    """
    new = made.id
    _refuse_unknown(edits, new - 1)
    pairs = ((edit, new) for edit in edits)
    insert_rows(connection, schema.undone, ("edit", "by"), pairs)
    files = _taken_back(connection, schema.files, new)
    _refuse_changed(connection, files, edits)
    labels, facts = (_taken_back(connection, one, new) for one in (schema.labels, schema.facts))
    for lines in (files, labels, facts):
        end_rows(connection, lines.table, [row.id for row in lines.ending], new)
        _bring_back(connection, lines, new)
    if not any(lines.ending or lines.returning for lines in (files, labels, facts)):
        raise _nothing_left(connection, edits, new)
    if facts.returning:
        names.check(connection)
    return replace(
        made, files_added=len(files.returning), files_removed=len(files.ending),
        labels_added=len(labels.returning), labels_removed=len(labels.ending),
        facts_added=len(facts.returning), facts_removed=len(facts.ending),
    )  # fmt: skip


def undo_labels_by(connection: Connection, name: str, made: Edit) -> Edit:
    """Take back, as edit `made`, every label that a model said under that name."""
    table = schema.labels
    is_theirs = (table.c.by == name) & table.c.score.is_not(None) & table.c.removed.is_(None)
    ending = update(table).where(is_theirs).values(removed=made.id)
    number = connection.execute(ending).rowcount
    if not number:
        raise unknown_name("model with labels", name, models(connection))
    return replace(made, labels_removed=number)


def action(connection: Connection, edits: Sequence[int]) -> str:
    """The word for taking these back: of undos alone it is a redo."""
    _refuse_unknown(edits, last_edit(connection))
    table = schema.edits.c
    words: set[str] = set()
    for some in chunks(edits):
        words |= set(connection.scalars(select(table.action).where(table.id.in_(some)).distinct()))
    return REDO if words == {UNDO} else UNDO


def to_redo(connection: Connection, edit: int | None) -> int:
    """The undo to take back: of that number, or which undid that edit; else the newest edit."""
    last = last_edit(connection)
    number = last if edit is None else edit
    _refuse_unknown([number], last)
    undos = history.undone(connection)
    if history.action(connection, number) == UNDO:
        if number in undos:
            found = f"Edit {undos[number]} redid it."
            raise AtarimaeError(f"Edit {number} is redone already.", found, "See 'atarimae edits'.")
        return number
    if number not in undos:
        raise AtarimaeError(
            "There is nothing to redo.", f"Edit {number} was not undone.",
            "Name an undo, or an edit that was undone; see 'atarimae edits'.",
        )  # fmt: skip
    table = schema.undone.c
    together = len(connection.scalars(select(table.edit).where(table.by == undos[number])).all())
    if together > 1:
        raise AtarimaeError(
            f"Edit {number} can't be redone alone.",
            f"Edit {undos[number]} undid {together:,} edits together.",
            f"Redo all of them with 'atarimae redo {undos[number]}'.",
        )
    return undos[number]


@dataclass(frozen=True)
class _Lines:
    """What an undo does to one table."""

    table: Table
    ending: Sequence[Any]  # rows that live
    returning: Sequence[Any]  # rows that live no longer, one a line
    ended: Sequence[int]  # lines that were to end, and have ended before


def _taken_back(connection: Connection, table: Table, new: int) -> _Lines:
    """What makes the lines that the edits undone by `new` touched what they were before."""
    undone = select(schema.undone.c.edit).where(schema.undone.c.by == new)
    touched: dict[int, tuple[int, bool, Any]] = {}  # by line: the first edit, whether it removed
    for name in ("added", "removed"):
        for row in connection.execute(select(table).where(table.c[name].in_(undone))):
            found = (getattr(row, name), name == "removed", row)
            touched[age(row)] = min(touched.get(age(row), found), found, key=lambda one: one[0])
    live = _live(connection, table, touched)
    ending = [live[line] for line, (_, back, _) in touched.items() if not back and line in live]
    returning = [row for line, (_, back, row) in touched.items() if back and line not in live]
    if returning and table in _SAYS:
        returning = _unsaid(connection, table, returning, {row.id for row in ending})
    ended = [line for line, (_, back, _) in touched.items() if not back and line not in live]
    return _Lines(table, ending, sorted(returning, key=lambda row: row.id), ended)


def _live(connection: Connection, table: Table, lines: Collection[int]) -> Mapping[int, Any]:
    """By line, its row that lives, where one does."""
    rows = [row for name in ("id", "first") for row in rows_where(connection, table, name, lines)]
    return {age(row): row for row in rows}


def _unsaid(
    connection: Connection, table: Table, rows: Sequence[Any], ending: Collection[int]
) -> list[Any]:
    """The labels that nobody says by now, each once: one that was said again is not doubled."""

    about, names = _SAYS[table]

    def said(row: Any) -> tuple[object, ...]:
        return tuple(getattr(row, name) for name in names)

    now = rows_where(connection, table, about, (getattr(row, about) for row in rows))
    there = {said(row) for row in now if row.id not in ending}
    oldest = {said(row): row for row in sorted(rows, key=age, reverse=True)}
    return [row for statement, row in oldest.items() if statement not in there]


def _bring_back(connection: Connection, lines: _Lines, new: int) -> None:
    kept = _KEPT[lines.table]
    rows = ((*(getattr(row, name) for name in kept), new, age(row)) for row in lines.returning)
    insert_rows(connection, lines.table, (*kept, "added", "first"), rows)


def _refuse_changed(connection: Connection, files: _Lines, edits: Sequence[int]) -> None:
    """An error where another edit than an undo has been at the files since."""
    ending = {row.id for row in files.ending}
    there = rows_where(connection, schema.files, "path", (row.path for row in files.returning))
    clashes = {row.path: row.added for row in there if row.id not in ending}
    places: dict[str, Any] = {}
    for row in files.returning:  # two of one place: there was another edit between these
        other = places.setdefault(row.path, row)
        if other is not row:
            clashes[row.path] = max(row.added, other.added)
    clashes |= _changed_since(connection, files.ended, set(edits))
    if clashes:
        path, since = min(clashes.items(), key=lambda one: (-one[1], one[0]))
        more = f", and {len(clashes) - 1:,} more files have changed" if len(clashes) > 1 else ""
        raise AtarimaeError(
            f"{_named(edits)} can't be undone alone.",
            f"Edit {since} changed {path} since{more}.",
            f"Undo edit {since} first.",
        )


def _changed_since(
    connection: Connection, lines: Sequence[int], edits: Collection[int]
) -> dict[str, int]:
    """By path, the edit that ended a line: neither one of these edits nor an undo."""
    table, joined = schema.files, schema.edits
    last: dict[int, Any] = {}
    for some in chunks(lines):
        for name in ("id", "first"):
            query = (
                select(table, joined.c.action)
                .join(joined, joined.c.id == table.c.removed)
                .where(table.c[name].in_(some))
                .order_by(table.c.id)
            )
            last |= {age(row): row for row in connection.execute(query)}
    return {
        row.path: row.removed
        for row in last.values()
        if row.removed not in edits and row.action != UNDO
    }


def _refuse_unknown(edits: Sequence[int], last: int) -> None:
    unknown = [edit for edit in edits if not 0 < edit <= last]
    if unknown or not edits:
        raise UsageError(
            f"No edit '{unknown[0] if unknown else ''}'.",
            f"There are edits 1 to {last:,}." if last else "There is no edit yet.",
            "See 'atarimae edits'.",
        )


def _nothing_left(connection: Connection, edits: Sequence[int], new: int) -> AtarimaeError:
    by = history.undone(connection, before=new).get(edits[0])
    alone = len(edits) == 1
    return AtarimaeError(
        f"{_named(edits)} {'has' if alone else 'have'} nothing left to undo.",
        f"Edit {by} undid {'it' if alone else 'them'}."
        if by
        else "What it brought has gone since.",
        "See 'atarimae edits'.",
    )


def _named(edits: Sequence[int]) -> str:
    if len(edits) == 1:
        return f"Edit {edits[0]}"
    return f"Edits {min(edits)} to {max(edits)} ({len(edits):,})"
