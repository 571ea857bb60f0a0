"""The tables are made in a new store, and brought up to date in an older one.

Tables, columns and indexes are added, nothing is taken away or rewritten: the numbers of the edits,
and with them the versions that runs name, stay what they are. The second format brought what edits
rest on, the third labels of other kinds than classes and upright boxes, the fourth facts of
classes, queues and agreements.
"""

from sqlalchemy import Connection, Engine, column, delete, insert, inspect, select, table, update
from sqlalchemy.schema import CreateColumn

from atarimae.errors import AtarimaeError
from atarimae.store import schema


def prepare(engine: Engine) -> None:
    """Make the tables, or bring them up to date; nothing is written where they are."""
    with engine.connect() as connection:
        if _format(connection) == schema.FORMAT:
            return
    # As a writer: of two processes that open a new store at once, the second finds it made.
    with engine.execution_options(writes=True).begin() as connection:
        found = _format(connection)
        if found == schema.FORMAT:
            return
        if found is not None and found > schema.FORMAT:
            raise AtarimaeError(
                "The store is of a newer atarimae.",
                f"Its format is {found}; this one knows {schema.FORMAT}.",
                "Update atarimae.",
            )
        schema.metadata.create_all(connection)
        if found is not None:
            _update(connection)
        if found == 1:
            _returned(connection)
        connection.execute(delete(schema.format_))
        connection.execute(insert(schema.format_).values(number=schema.FORMAT))


def _format(connection: Connection) -> int | None:
    """The format of the tables; None in a store that is new."""
    there = inspect(connection)
    if there.has_table(schema.format_.name):
        return connection.scalar(select(schema.format_.c.number))
    return 1 if there.has_table(schema.edits.name) else None


def _update(connection: Connection) -> None:
    """Add the columns and the indexes that an older format had not."""
    quote = connection.dialect.identifier_preparer.format_table
    for known in (schema.edits, schema.files, schema.labels):
        there = {one["name"] for one in inspect(connection).get_columns(known.name)}
        for new in (one for one in known.columns if one.name not in there):
            text = CreateColumn(new).compile(dialect=connection.dialect)
            connection.exec_driver_sql(f"ALTER TABLE {quote(known)} ADD COLUMN {text}")
    for known in schema.metadata.sorted_tables:
        for index in known.indexes:
            index.create(connection, checkfirst=True)


def _returned(connection: Connection) -> None:
    """Rows that an undo brought back were listed in a table of their own, each with the one before.

    The chains are followed to their first row. The table stays, and is not read again.
    """
    old = table("returned", column("table"), column("row"), column("was"))
    for known in (schema.files, schema.labels):
        listed = connection.execute(select(old).where(old.c.table == known.name))
        was = {row.row: row.was for row in listed}
        for row in was:
            first = row
            while first in was:
                first = was[first]
            connection.execute(update(known).where(known.c.id == row).values(first=first))
