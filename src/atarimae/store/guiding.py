"""The annotation guide: what each class is, with examples and edge cases, as edits."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from difflib import unified_diff
from typing import Any

from sqlalchemy import Connection, or_, select

from atarimae.errors import AtarimaeError, UsageError
from atarimae.shapes import inside
from atarimae.store import schema
from atarimae.store.facts import (
    COUNTEREXAMPLE,
    DEFINITION,
    EDGE,
    EXAMPLE,
    GUIDE,
    Change,
    Fact,
    fact_of,
    rows_of,
)
from atarimae.store.names import Names, names_at
from atarimae.store.renaming import Known
from atarimae.store.rows import age


@dataclass(frozen=True, slots=True)
class Said:
    """A fact of the guide, with the edit that brought it."""

    id: int  # by which it is taken away or replaced
    fact: Fact
    edit: int
    at: str  # UTC, ISO 8601

    def as_dict(self) -> dict[str, object]:
        """JSON values."""
        return {"id": self.id, "edit": self.edit, "at": self.at, **self.fact.as_dict()}


@dataclass(frozen=True, slots=True)
class Entry:
    """What the guide says of one class.

    Several definitions were written at once by people who didn't know of each other, or are those
    of classes that were merged: these have another subject.
    """

    name: str
    definitions: tuple[Said, ...] = ()
    examples: tuple[Said, ...] = ()
    counterexamples: tuple[Said, ...] = ()
    edges: tuple[Said, ...] = ()

    @property
    def all(self) -> tuple[Said, ...]:
        """Everything in it."""
        return (*self.definitions, *self.examples, *self.counterexamples, *self.edges)

    def as_dict(self) -> dict[str, object]:
        """JSON values."""
        kinds = ("definitions", "examples", "counterexamples", "edges")
        return {"class": self.name} | {
            kind: [said.as_dict() for said in getattr(self, kind)] for kind in kinds
        }


@dataclass(frozen=True, slots=True)
class Step:
    """What one edit made of a class's entry."""

    edit: int
    at: str
    by: str
    action: str
    why: str
    came: tuple[Fact, ...]
    went: tuple[Fact, ...]

    def lines(self) -> list[str]:
        """What is different, a line each: + came, - went; of a definition the lines that differ."""
        old, new = (
            "\n".join(fact.value for fact in facts if fact.kind == DEFINITION).splitlines()
            for facts in (self.went, self.came)
        )
        told = list(unified_diff(old, new, n=0, lineterm=""))[2:]
        told = [line for line in told if not line.startswith("@@")]
        for sign, facts in (("-", self.went), ("+", self.came)):
            told += [f"{sign}{fact.told()}" for fact in facts if fact.kind != DEFINITION]
        return told

    def as_dict(self) -> dict[str, object]:
        """JSON values."""
        return {
            "edit": self.edit, "at": self.at, "by": self.by, "action": self.action,
            "why": self.why, "came": [fact.as_dict() for fact in self.came],
            "went": [fact.as_dict() for fact in self.went], "diff": self.lines(),
        }  # fmt: skip


def guide_at(connection: Connection, edit: int) -> dict[str, Entry]:
    """By class, in order of name: those that the guide says something of."""
    names, moments = names_at(connection, edit), _moments(connection)
    found: dict[str, dict[str, list[Said]]] = defaultdict(lambda: defaultdict(list))
    for row in rows_of(connection, GUIDE, edit):
        said = Said(row.id, fact_of(row), row.added, moments.get(row.added, ""))
        found[names.of(row.subject)][row.kind].append(said)
    order = (DEFINITION, EXAMPLE, COUNTEREXAMPLE, EDGE)
    return {
        name: Entry(name, *(tuple(found[name][kind]) for kind in order)) for name in sorted(found)
    }


def defined(
    connection: Connection, name: str, text: str, seen: int | None, by: str, *, new: bool
) -> Change:
    """Write the definition of a class; an empty one takes it away.

    What others have written since version `seen` stays beside it: they didn't know of each other.
    """
    named = _class(connection, name, new)
    text = "\n".join(line.rstrip() for line in text.strip().splitlines())
    rows = _rows(connection, named, [DEFINITION])
    gone = [row for row in rows if seen is None or row.added <= seen or row.by == by]
    kept = [row for row in gone if row.value == text and row.subject == named]
    if kept and len(gone) == 1:
        return Change()
    there = text in [row.value for row in rows if row not in gone]
    come = [Fact(DEFINITION, named, text, by)] if text and not there else []
    return Change([row.id for row in gone], come)


def exhibited(
    connection: Connection, fact: Fact, instead: int | None, by: str, *, new: bool = False
) -> Change:
    """Put an example, a counterexample or an edge case into the guide, in place of another's id.

    One that has gone already is passed over: so where two people change one at once, both stay.
    """
    named = _class(connection, fact.subject, new)
    _check(fact)
    rows = _rows(connection, named, GUIDE)
    fact = _cut(connection, fact)
    fact = replace(fact, subject=named, value=fact.value.strip(), by=by, note=fact.note.strip())
    gone = [row for row in rows if row.id == instead and row.kind == fact.kind]
    if any(replace(fact_of(row), by=by) == fact for row in gone):
        return Change()
    if any(replace(fact_of(row), by=by) == fact for row in rows):  # another says the same
        return Change([row.id for row in gone])
    return Change([row.id for row in gone], [fact])


def taken(connection: Connection, name: str, id: int) -> Change:
    """Take something out of a class's entry by its id."""
    rows = _rows(connection, Known(connection).named(name), GUIDE)
    if id not in [row.id for row in rows]:
        raise AtarimaeError(
            f"The guide says no such thing of '{name}'.", f"Its number is {id}.",
            "It may have gone by now: read the entry again.",
        )  # fmt: skip
    return Change([id])


def history_of(connection: Connection, name: str) -> list[Step]:
    """Every edit that changed a class's entry, oldest first; also under its other names."""
    names = names_at(connection)
    table, edit = schema.facts, schema.edits
    subjects = (name, *names.other(name))
    query = select(table).where(table.c.kind.in_(GUIDE), table.c.subject.in_(subjects))
    came, went = defaultdict[int, list[Any]](list), defaultdict[int, list[Any]](list)
    for row in sorted(connection.execute(query), key=age):
        came[row.added].append(row)
        if row.removed is not None:
            went[row.removed].append(row)
    wanted = or_(
        *(edit.c.id.in_(select(c).where(table.c.kind.in_(GUIDE), table.c.subject.in_(subjects)))
          for c in (table.c.added, table.c.removed))
    )  # fmt: skip
    return [
        Step(
            row.id, row.at, row.by, row.action, row.why,
            tuple(map(fact_of, came[row.id])), tuple(map(fact_of, went[row.id])),
        )
        for row in connection.execute(select(edit).where(wanted).order_by(edit.c.id))
    ]  # fmt: skip


def _class(connection: Connection, name: str, new: bool) -> str:
    known = Known(connection)
    told = known.spelled(name)
    return known.names.of(told) if new else known.named(told)


def _rows(connection: Connection, name: str, kinds: Sequence[str]) -> list[Any]:
    names: Names = names_at(connection)
    return [row for row in rows_of(connection, kinds) if names.of(row.subject) == name]


def _check(fact: Fact) -> None:
    if fact.kind != EDGE and fact.image is None:
        raise UsageError(f"An {fact.kind} is a picture.", "None is named.", "Name an image.")
    if fact.kind == EDGE and not (fact.value.strip() and fact.note.strip()):
        raise UsageError(
            "An edge case needs the case and what was decided.",
            "One of them is empty.", "Write both.",
        )  # fmt: skip
    box = fact.box
    if box is not None and (fact.image is None or not (box.x0 < box.x1 and box.y0 < box.y1)):
        raise UsageError(
            "That is no box in an image.",
            f"It is {box.x0:g}, {box.y0:g} to {box.x1:g}, {box.y1:g}.",
            "Write left, top, right and bottom in pixels.",
        )  # fmt: skip


def _cut(connection: Connection, fact: Fact) -> Fact:
    """With its box cut at the picture's edge; an error where it reaches further."""
    if fact.box is None:
        return fact
    table = schema.images.c
    query = select(table.width, table.height).where(table.hash == fact.image)
    row = connection.execute(query).one()
    return replace(fact, box=inside(fact.box, (row.width, row.height)))


def _moments(connection: Connection) -> dict[int, str]:
    """When the edits were made that brought what the guide says."""
    table, edit = schema.facts, schema.edits
    told = select(table.c.added).where(table.c.kind.in_(GUIDE))
    found = connection.execute(select(edit.c.id, edit.c.at).where(edit.c.id.in_(told)))
    return {row.id: row.at for row in found}
