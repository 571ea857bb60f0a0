"""The tables. Rows of files and labels live from edit `added` until before edit `removed`.

Nothing is overwritten: the state after edit N is every row with `added` ≤ N that no edit ≤ N
removed. Images and edits are never removed.
"""

from sqlalchemy import (
    BigInteger,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    text,
)

metadata = MetaData()

edits = Table(
    "edits",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("at", String, nullable=False),  # UTC, ISO 8601
    Column("by", String, nullable=False),
    Column("action", String, nullable=False),
    Column("why", String, nullable=False, default=""),
)

undone = Table(
    "undone",
    metadata,
    Column("edit", Integer, ForeignKey("edits.id"), primary_key=True),
    Column("by", Integer, ForeignKey("edits.id"), primary_key=True),
)

# Rows of files and labels that an undo brought back, and the row that each is the same as.
returned = Table(
    "returned",
    metadata,
    Column("table", String, primary_key=True),
    Column("row", Integer, primary_key=True),
    Column("was", Integer, nullable=False),
)

images = Table(
    "images",
    metadata,
    Column("hash", String(64), primary_key=True),
    Column("width", Integer, nullable=False),
    Column("height", Integer, nullable=False),
    Column("format", String, nullable=False),
    Column("bytes", BigInteger, nullable=False),
    Column("parent", String(64)),
)


def _lifetime() -> tuple[Column[int], Column[int]]:
    return (
        Column("added", Integer, ForeignKey("edits.id"), nullable=False),
        Column("removed", Integer, ForeignKey("edits.id")),
    )


files = Table(
    "files",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("path", String, nullable=False),
    Column("image", String(64), ForeignKey("images.hash"), nullable=False),
    Column("split", String),
    Column("role", String, nullable=False),
    Column("group", String),
    Column("source", String),
    *_lifetime(),
    Index("files_image", "image"),
)
Index(
    "files_live_path",
    files.c.path,
    unique=True,
    sqlite_where=text("removed IS NULL"),
    postgresql_where=text("removed IS NULL"),
)

labels = Table(
    "labels",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("image", String(64), ForeignKey("images.hash"), nullable=False),
    Column("kind", String, nullable=False),
    Column("value", String, nullable=False),
    Column("x0", Float),
    Column("y0", Float),
    Column("x1", Float),
    Column("y1", Float),
    Column("by", String, nullable=False),
    Column("score", Float),
    *_lifetime(),
    Index("labels_image", "image"),
)

refusals = Table(
    "refusals",
    metadata,
    Column("path", String, primary_key=True),
    Column("found", String, nullable=False),
    Column("fix", String, nullable=False),
)
