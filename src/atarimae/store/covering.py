"""For which classes images were looked through to the end, and which are looked for at present.

Where an image is not covered for a class, that it has no such label says nothing.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select

from atarimae.errors import UsageError, unknown_name
from atarimae.store import schema
from atarimae.store.facts import COVERED, ROUND, Change, Fact, rows_of
from atarimae.store.names import Names, names_at
from atarimae.store.renaming import Known
from atarimae.store.rows import age, rows_where


@dataclass(frozen=True, slots=True)
class Round:
    """The classes that are labelled at present: who looks through an image looks for these."""

    classes: tuple[str, ...]
    title: str
    by: str


def coverage_at(connection: Connection, edit: int, names: Names) -> dict[str, frozenset[str]]:
    """By image, the classes that it is covered for after an edit."""
    return _coverage(rows_of(connection, [COVERED], edit), names)


def coverage_of(
    connection: Connection, images: Sequence[str], names: Names
) -> dict[str, frozenset[str]]:
    """The classes that each of these images is covered for now; it may be none."""
    rows = rows_where(connection, schema.facts, "image", images)
    found = _coverage([row for row in rows if row.kind == COVERED], names)
    return dict.fromkeys(images, frozenset[str]()) | found


def _coverage(rows: Iterable[Any], names: Names) -> dict[str, frozenset[str]]:
    things: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        things[row.image].add(names.thing(row.subject))
    known: dict[frozenset[str], frozenset[str]] = {}
    for own in {frozenset(own) for own in things.values()}:
        classes = map(names.of, own)
        known[own] = frozenset(name for name in classes if names.parts(name) <= own)
    found = {image: known[frozenset(own)] for image, own in things.items()}
    return {image: classes for image, classes in found.items() if classes}


@dataclass(frozen=True, slots=True)
class Looked:
    """Somebody looked through an image for a class to the end."""

    name: str
    by: str
    at: str  # UTC, ISO 8601


def looked(connection: Connection, image: str) -> list[Looked]:
    """Who looked through an image for what, and when; by class as it was said, oldest first."""
    fact, edit = schema.facts, schema.edits
    query = (
        select(fact, edit.c.at)
        .join(edit, edit.c.id == fact.c.added)
        .where(fact.c.image == image, fact.c.kind == COVERED, fact.c.removed.is_(None))
    )
    names = names_at(connection)
    rows = sorted(connection.execute(query), key=age)
    return [Looked(names.thing(row.subject), row.by, row.at) for row in rows]


def covered(
    connection: Connection, images: Sequence[str], classes: Sequence[str], by: str
) -> Change:
    """Say that somebody looked through images for classes to the end; for the round's if none."""
    known = Known(connection)
    wanted = _classes(connection, known, classes)
    things = sorted({part for name in wanted for part in known.names.parts(name)})
    there = {
        (row.image, known.names.thing(row.subject))
        for row in rows_where(connection, schema.facts, "image", images)
        if row.kind == COVERED and row.by == by
    }
    return Change(
        come=[
            Fact(COVERED, thing, by=by, image=image)
            for image in dict.fromkeys(images)
            for thing in things
            if (image, thing) not in there
        ]
    )


def uncovered(connection: Connection, images: Sequence[str], classes: Sequence[str]) -> Change:
    """Take that back, whoever said it."""
    known = Known(connection)
    wanted = set(_classes(connection, known, classes))
    rows = rows_where(connection, schema.facts, "image", images)
    of = known.names.of
    return Change(gone=[r.id for r in rows if r.kind == COVERED and of(r.subject) in wanted])


def round_at(connection: Connection, edit: int | None = None) -> Round | None:
    """What is looked for after an edit, or now."""
    rows, names = rows_of(connection, [ROUND], edit), names_at(connection, edit)
    if not rows:
        return None
    classes = tuple(dict.fromkeys(names.of(row.subject) for row in rows))
    return Round(classes, rows[0].value, rows[0].by)


def begun(
    connection: Connection, classes: Sequence[str], title: str, by: str, *, new: bool
) -> Change:
    """Begin a round about classes, in place of the one before; with `new` also about such that
    nothing has yet. Without classes the round before ends, and none begins."""
    known = Known(connection)
    wanted = list(dict.fromkeys(known.names.of(known.spelled(name)) for name in classes))
    if not new:
        _refuse_unknown(known, wanted)
    rows = rows_of(connection, [ROUND])
    if [(known.names.of(row.subject), row.value) for row in rows] == [(c, title) for c in wanted]:
        return Change()
    return Change([row.id for row in rows], [Fact(ROUND, name, title, by) for name in wanted])


def _classes(connection: Connection, known: Known, classes: Iterable[str]) -> Sequence[str]:
    wanted = [known.named(name) for name in classes]
    now = round_at(connection)
    if not wanted and now is None:
        raise UsageError(
            "For which classes?", "No round of labelling has begun.",
            "Name them with --class, or begin a round with: atarimae classes round NAME…",
        )  # fmt: skip
    return wanted or (now.classes if now else ())


def _refuse_unknown(known: Known, classes: Iterable[str]) -> None:
    for name in classes:
        if name not in known:
            error = unknown_name("class", name, known.classes)
            raise UsageError(error.what, error.found, f"{error.fix} Or say --new.")


def left(covered: Mapping[str, frozenset[str]], image: str, classes: Iterable[str]) -> bool:
    """Whether the image is still to be looked through for one of the classes."""
    return not covered.get(image, frozenset()).issuperset(classes)
