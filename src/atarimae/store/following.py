"""What edits after a version touched, as it is now: for those who hold that version in memory."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column, Connection, select

from atarimae.store import schema
from atarimae.store.conflicts import Conflict, of_classes
from atarimae.store.covering import coverage_of
from atarimae.store.facts import COVERED, GUIDE
from atarimae.store.names import Names, names_at
from atarimae.store.rows import chunks, rows_where
from atarimae.store.state import file_of, label_of, last_edit
from atarimae.types import File, Image, Label

MOST = 1000  # rows of a kind, beyond which reading everything again is the shorter way


@dataclass(frozen=True, slots=True)
class News:
    """What is other than at an older version. What is not named is as it was there."""

    edit: int  # the newest
    files: Mapping[str, File | None]  # by path; None where it left the data
    labels: Mapping[str, tuple[Label, ...]]  # by image: all that is said of it, oldest first
    images: Mapping[str, Image]  # those of the files above
    conflicts: Mapping[str, Conflict | None]  # at once, of a class: of images with labels above
    covered: Mapping[str, frozenset[str]]  # by image, all classes that it was looked through for


def news(connection: Connection, edit: int) -> News | None:
    """What edits after `edit` touched; None where they touched more than `MOST`, or a class.

    What a class means may change what is read of many images. The guide changes nothing.
    """
    moved = _touched(connection, edit, schema.files.c.path)
    said = _touched(connection, edit, schema.labels.c.image)
    facts = _touched(connection, edit, schema.facts.c.kind, schema.facts.c.image)
    if moved is None or said is None or facts is None:
        return None
    if not {kind for kind, _ in facts} <= {*GUIDE, COVERED}:
        return None
    paths, images = [path for (path,) in moved], [image for (image,) in said]
    files = dict.fromkeys(paths) | {
        row.path: file_of(row) for row in rows_where(connection, schema.files, "path", paths)
    }
    names = names_at(connection)
    return News(
        last_edit(connection),
        files,
        _labels(connection, images, names),
        _images(connection, [file.image for file in files.values() if file]),
        dict.fromkeys(images) | by_image(of_classes(connection, images, names)),
        coverage_of(connection, list(dict.fromkeys(image for _, image in facts if image)), names),
    )


def by_image(found: Iterable[Conflict]) -> dict[str, Conflict]:
    """The conflicts about an image's class that arose at once."""
    return {one.image: one for one in found if one.at_once}


def _touched(connection: Connection, edit: int, *what: Column[Any]) -> list[tuple[Any, ...]] | None:
    """What the rows that came or went are of, each once; None where they are more than `MOST`."""
    found: dict[tuple[Any, ...], None] = {}
    table = what[0].table
    for column in (table.c.added, table.c.removed):
        # Not DISTINCT: for that SQLite would go through every row, in the order of another index.
        rows = connection.execute(select(*what).where(column > edit).limit(MOST + 1)).all()
        if len(rows) > MOST:
            return None
        found |= dict.fromkeys(map(tuple, rows))
    return list(found)


def _labels(
    connection: Connection, images: Sequence[str], names: Names
) -> dict[str, tuple[Label, ...]]:
    said: dict[str, list[Label]] = defaultdict(list)
    for row in rows_where(connection, schema.labels, "image", images):
        said[row.image].append(label_of(row))
    return {image: names.read(said.get(image, ())) for image in images}


def _images(connection: Connection, hashes: Sequence[str]) -> dict[str, Image]:
    found: dict[str, Image] = {}
    for some in chunks(list(dict.fromkeys(hashes))):
        query = select(schema.images).where(schema.images.c.hash.in_(some))
        found |= {row.hash: Image(*row) for row in connection.execute(query)}
    return found
