"""The tables. Rows of files, labels and facts live from edit `added` until before edit `removed`.

Nothing is overwritten: the state after edit N is every row with `added` ≤ N that no edit ≤ N
removed. Images and edits are never removed. A row that comes back is a new row; its `first` is the
id of the row that it is the same as. A label that was said in place of another is another; its
`instead` is the id of the first row that it goes back to.
"""

from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    null,
)

FORMAT = 4  # of the tables below; see migration.py

metadata = MetaData()


def _text(length: int | None = None) -> String:
    """Text that is compared by its bytes on every server, whatever its language is set to."""
    return String(length).with_variant(String(length, collation="C"), "postgresql")


# One row: which format the tables have. Stores of the first format have no such table.
format_ = Table("format", metadata, Column("number", Integer, primary_key=True))

edits = Table(
    "edits",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("at", _text(), nullable=False),  # UTC, ISO 8601
    Column("by", _text(), nullable=False),
    Column("action", _text(), nullable=False),
    Column("why", _text(), nullable=False, default=""),
    Column("finding", _text()),  # what a check said, that the edit answers
    Column("run", _text()),  # whose model said so
    Column("seen", Integer),  # the version that its author saw; empty where it was the newest
)

undone = Table(
    "undone",
    metadata,
    Column("edit", Integer, ForeignKey("edits.id"), primary_key=True),
    Column("by", Integer, ForeignKey("edits.id"), primary_key=True),
    Index("undone_by", "by"),
)

images = Table(
    "images",
    metadata,
    Column("hash", _text(64), primary_key=True),
    Column("width", Integer, nullable=False),
    Column("height", Integer, nullable=False),
    Column("format", _text(), nullable=False),
    Column("bytes", BigInteger, nullable=False),
    Column("parent", _text(64)),
)


def _lifetime() -> tuple[Column[int], Column[int], Column[int]]:
    return (
        Column("added", Integer, ForeignKey("edits.id"), nullable=False),
        Column("removed", Integer, ForeignKey("edits.id")),
        Column("first", Integer),
    )


files = Table(
    "files",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("path", _text(), nullable=False),
    Column("image", _text(64), ForeignKey("images.hash"), nullable=False),
    Column("split", _text()),
    Column("role", _text(), nullable=False),
    Column("group", _text()),
    Column("source", _text()),
    *_lifetime(),
    Index("files_image", "image"),
)

labels = Table(
    "labels",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("image", _text(64), ForeignKey("images.hash"), nullable=False),
    Column("kind", _text(), nullable=False),
    Column("value", _text(), nullable=False),
    Column("x0", Float),
    Column("y0", Float),
    Column("x1", Float),
    Column("y1", Float),
    Column("by", _text(), nullable=False),
    Column("score", Float),
    *_lifetime(),
    Column("angle", Float),  # degrees, clockwise; empty where a box is upright
    Column("points", _text()),  # an outline: JSON, [[x, y], …]
    Column("other", _text(64)),  # the other image of a pair
    Column("instead", Integer),
    Index("labels_image", "image"),
)

# What is known of classes, see facts.py: other names, merges, coverage, rounds, the guide.
facts = Table(
    "facts",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("kind", _text(), nullable=False),
    Column("subject", _text(), nullable=False),  # a class, by the name it was said under
    Column("image", _text(64), ForeignKey("images.hash")),
    Column("value", _text(), nullable=False),
    Column("note", _text(), nullable=False),
    Column("x0", Float),
    Column("y0", Float),
    Column("x1", Float),
    Column("y1", Float),
    Column("by", _text(), nullable=False),
    *_lifetime(),
    Index("facts_image", "image"),
    Index("facts_kind", "kind", "subject"),
)

# What people have looked at. It is no edit: nothing of the data changes by it.
looks = Table(
    "looks",
    metadata,
    Column("by", _text(), primary_key=True),
    Column("image", _text(64), ForeignKey("images.hash"), primary_key=True),
    Column("at", _text(), nullable=False),  # UTC, ISO 8601: the first time
)

# Images that somebody wants to be labelled next, by the name of the list. No edit either.
queued = Table(
    "queued",
    metadata,
    Column("queue", _text(), primary_key=True),
    Column("image", _text(64), ForeignKey("images.hash"), primary_key=True),
    Column("place", Integer, nullable=False),  # 0 is labelled first
    Column("x0", Float),  # where in the image it is worth looking; empty for all of it
    Column("y0", Float),
    Column("x1", Float),
    Column("y1", Float),
    Column("why", _text(), nullable=False),
    Column("by", _text(), nullable=False),
    Column("at", _text(), nullable=False),  # UTC, ISO 8601
)

# Several people are asked about the same images. What they answer is no label until one is chosen.
agreements = Table(
    "agreements",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("kind", _text(), nullable=False),  # class or box
    Column("ordered", Integer, nullable=False),  # 1 where the classes have an order
    Column("classes", _text(), nullable=False),  # JSON, in order
    Column("images", _text(), nullable=False),  # JSON, hashes in the order they are asked about
    Column("seed", Integer, nullable=False),
    Column("by", _text(), nullable=False),
    Column("at", _text(), nullable=False),
)

opinions = Table(
    "opinions",
    metadata,
    Column("agreement", Integer, ForeignKey("agreements.id"), primary_key=True),
    Column("by", _text(), primary_key=True),
    Column("image", _text(64), ForeignKey("images.hash"), primary_key=True),
    Column("said", _text(), nullable=False),  # JSON: [[class, null or [x0, y0, x1, y1]], …]
    Column("at", _text(), nullable=False),
)

settled = Table(
    "settled",
    metadata,
    Column("agreement", Integer, ForeignKey("agreements.id"), primary_key=True),
    Column("image", _text(64), ForeignKey("images.hash"), primary_key=True),
    Column("said", _text(), nullable=False),  # as in opinions
    Column("edit", Integer, ForeignKey("edits.id")),  # empty where the labels were so already
    Column("by", _text(), nullable=False),
    Column("at", _text(), nullable=False),
)

refusals = Table(
    "refusals",
    metadata,
    Column("path", _text(), primary_key=True),
    Column("found", _text(), nullable=False),
    Column("fix", _text(), nullable=False),
)


def _index(name: str, column: Column[Any], of: ColumnElement[bool], unique: bool = False) -> None:
    """An index of some rows only: the others take no room in it."""
    Index(name, column, unique=unique, sqlite_where=of, postgresql_where=of)


_index("files_live_path", files.c.path, files.c.removed == null(), unique=True)
for _table in (files, labels, facts):
    Index(f"{_table.name}_added", _table.c.added)
    _index(f"{_table.name}_removed", _table.c.removed, _table.c.removed != null())
    _index(f"{_table.name}_first", _table.c.first, _table.c.first != null())
