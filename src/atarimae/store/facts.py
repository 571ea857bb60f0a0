"""What is known of classes, beside what labels say of images. Each kind uses some of the columns.

| kind | subject | image, box | value | note |
|---|---|---|---|---|
| alias | another name | | of what | |
| merge | a class that went into another | | into which | |
| covered | a class that an image was looked through for | image | | |
| round | a class that is labelled at present | | the round's title | |
| definition | a class | | the text | |
| example, counterexample | a class | image, box | | a remark |
| edge | a class | image, box | the case | the decision |
"""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import Connection, select

from atarimae.store import schema
from atarimae.store.rows import age, end_rows, insert_rows
from atarimae.store.state import alive
from atarimae.types import Box, Label

ALIAS, MERGE, COVERED, ROUND = "alias", "merge", "covered", "round"
DEFINITION, EXAMPLE, COUNTEREXAMPLE, EDGE = "definition", "example", "counterexample", "edge"
NAMING = (ALIAS, MERGE)
GUIDE = (DEFINITION, EXAMPLE, COUNTEREXAMPLE, EDGE)
FACT = ("kind", "subject", "image", "value", "note", "x0", "y0", "x1", "y1", "by")


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing that somebody says of a class."""

    kind: str
    subject: str
    value: str = ""
    by: str = ""
    image: str | None = None
    box: Box | None = None
    note: str = ""

    def told(self) -> str:
        """All but the class, in a line."""
        box = self.box
        where = "" if box is None else f" ({box.x0:g}, {box.y0:g} to {box.x1:g}, {box.y1:g})"
        image = f" {self.image[:12]}{where}" if self.image else ""
        text = " → ".join(part for part in (self.value, self.note) if part)
        return f"{self.kind}{image}{': ' if text else ''}{text}"

    def as_dict(self) -> dict[str, object]:
        """JSON values; what is empty is left out."""
        return {name: value for name, value in asdict(self).items() if value not in (None, "")}


@dataclass(frozen=True, slots=True)
class Change:
    """What an edit makes of facts and labels: rows that end, by their ids, and what begins."""

    gone: Sequence[int] = ()
    come: Sequence[Fact] = ()
    labels_gone: Sequence[int] = ()
    labels_come: Sequence[Label] = ()

    def __bool__(self) -> bool:
        return bool(self.gone or self.come or self.labels_gone or self.labels_come)


def rows_of(connection: Connection, kinds: Iterable[str], edit: int | None = None) -> list[Any]:
    """The rows of these kinds that live after an edit, or now; the oldest first."""
    table = schema.facts
    living = select(table).where(table.c.removed.is_(None)) if edit is None else alive(table, edit)
    found = connection.execute(living.where(table.c.kind.in_(list(kinds))))
    return sorted(found, key=age)


def fact_of(row: Any) -> Fact:
    """The fact in a row."""
    box = None if row.x0 is None else Box(row.x0, row.y0, row.x1, row.y1)
    return Fact(row.kind, row.subject, row.value, row.by, row.image, box, row.note)


def write(connection: Connection, gone: Sequence[int], come: Iterable[Fact], edit: int) -> None:
    """Write the facts of an edit."""
    end_rows(connection, schema.facts, gone, edit)
    insert_rows(connection, schema.facts, (*FACT, "added"), ((*_said(one), edit) for one in come))


def _said(fact: Fact) -> tuple[object, ...]:
    box = fact.box
    corners = (None,) * 4 if box is None else (box.x0, box.y0, box.x1, box.y1)
    return (fact.kind, fact.subject, fact.image, fact.value, fact.note, *corners, fact.by)
