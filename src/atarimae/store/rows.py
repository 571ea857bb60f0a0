"""Rows of files and labels begin and end: written many at a time."""

import operator
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import chain
from typing import Any

from sqlalchemy import Connection, Dialect, Table, insert, select, update

AT_ONCE = 500  # values in one statement; SQLite takes 999 in its oldest builds


def insert_rows(
    connection: Connection, table: Table, names: Sequence[str], rows: Iterable[tuple[object, ...]]
) -> None:
    """Insert rows of the named columns, past SQLAlchemy's work for each of them.

    That took half the time of recording 5,000 files; these values are what drivers take.
    """
    statement = _compiled(connection.dialect, table, tuple(names))
    if not statement.positional:
        _insert_named(connection, table, names, rows)
        return
    order = statement.positiontup or ()
    picked = operator.itemgetter(*map(names.index, order))
    values = list(rows) if tuple(order) == tuple(names) else [picked(row) for row in rows]
    if values and connection.dialect.name == "postgresql":
        _insert_many(connection, statement.string, values)
    elif values:
        connection.exec_driver_sql(statement.string, values)


def end_rows(connection: Connection, table: Table, ids: Sequence[int], edit: int) -> None:
    """Let the rows of those ids live no longer, from the edit on."""
    for some in chunks(ids):
        ending = update(table).where(table.c.id.in_(some)).values(removed=edit)
        connection.execute(ending)


def rows_where(connection: Connection, table: Table, name: str, values: Iterable[Any]) -> list[Any]:
    """The rows that live now and have one of the values in the named column, oldest first."""
    column, found = table.c[name], list[Any]()
    for some in chunks(list(dict.fromkeys(values))):
        query = select(table).where(column.in_(some), table.c.removed.is_(None))
        found += connection.execute(query)
    return sorted(found, key=age)


def age(row: Any) -> int:
    """Rows are ordered by it: one that came back keeps its place."""
    return int(row.first or row.id)


def chunks(values: Sequence[Any]) -> Iterator[Sequence[Any]]:
    """The values, as many at a time as one statement takes."""
    return (values[start : start + AT_ONCE] for start in range(0, len(values), AT_ONCE))


@lru_cache(maxsize=64)
def _compiled(dialect: Dialect, table: Table, names: tuple[str, ...]) -> Any:
    """Compiling takes longer than inserting a row."""
    return insert(table).inline().compile(dialect=dialect, column_keys=list(names))


def _insert_many(
    connection: Connection, statement: str, rows: Sequence[tuple[object, ...]]
) -> None:
    """Many rows in one statement: a server is asked once, and not for each of them."""
    head, values = statement.rsplit(" VALUES ", 1)
    for some in chunks(rows):
        text = f"{head} VALUES {', '.join([values] * len(some))}"
        connection.exec_driver_sql(text, tuple(chain.from_iterable(some)))


def _insert_named(
    connection: Connection, table: Table, names: Sequence[str], rows: Iterable[tuple[object, ...]]
) -> None:
    """For drivers that take values by name; psycopg sends many at once by itself."""
    values = [dict(zip(names, row, strict=True)) for row in rows]
    if values:
        connection.execute(insert(table), values)
