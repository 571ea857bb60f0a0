"""Which images people have looked at, and when they first did."""

from collections.abc import Iterable, Mapping

from sqlalchemy import Connection, select

from atarimae.store import schema
from atarimae.store.history import now, stamp
from atarimae.store.rows import chunks, insert_rows

LOOKS = schema.looks


def note(connection: Connection, images: Iterable[str], by: str) -> int:
    """Note that somebody has looked at images; how many of them are new to him or her."""
    at, fresh = stamp(now()), list[str]()
    for some in chunks(list(dict.fromkeys(images))):
        query = select(LOOKS.c.image).where(LOOKS.c.by == by, LOOKS.c.image.in_(some))
        there = set(connection.scalars(query))
        fresh += [image for image in some if image not in there]
    insert_rows(connection, LOOKS, ("by", "image", "at"), ((by, image, at) for image in fresh))
    return len(fresh)


def seen(connection: Connection, by: str, before: str | None) -> frozenset[str]:
    """The images that somebody has looked at, until some moment where one is named."""
    query = select(LOOKS.c.image).where(LOOKS.c.by == by)
    if before is not None:
        query = query.where(LOOKS.c.at < before)
    return frozenset(connection.scalars(query))


def seen_by(connection: Connection, image: str) -> Mapping[str, str]:
    """Who has looked at an image, and when first: the earliest first."""
    query = select(LOOKS.c.by, LOOKS.c.at).where(LOOKS.c.image == image).order_by(LOOKS.c.at)
    return {row.by: row.at for row in connection.execute(query)}
