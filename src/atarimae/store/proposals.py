"""What models proposed, and what became of each: told from the edits, and kept nowhere else.

A proposal is a label with a score. A person who decides on it ends its row: an accept says the same
in the person's name, an edit something else, a reject nothing. Whoever simply labels the image
decides too. So an undo of any of these makes it untouched again.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from sqlalchemy import ColumnElement, Connection, case, select

from atarimae.shapes import upright
from atarimae.store import history, schema
from atarimae.store.names import Names, names_at
from atarimae.store.rows import AT_ONCE, age, chunks
from atarimae.store.state import label_of
from atarimae.store.undoing import REDO, UNDO
from atarimae.types import CHECKED, Box, Label

UNTOUCHED, ACCEPTED, EDITED, REJECTED = ("untouched", "accepted", "edited", "rejected")


@dataclass(frozen=True, slots=True)
class Proposal:
    """One label that a model proposed, and what people made of it."""

    id: int  # the same through undo and redo
    label: Label  # `by` is the model
    edit: int  # that brought it
    at: str  # UTC, ISO 8601
    fate: str = UNTOUCHED
    into: tuple[Label, ...] = ()  # what people say in its place; the same where it was accepted
    decided: int | None = None  # the edit that decided
    decided_by: str | None = None
    decided_at: str | None = None
    finding: str | None = None  # what the deciding edit rests on

    @property
    def plain(self) -> Label:
        """What is proposed, without who says it and how sure."""
        return replace(self.label, by="", score=None)

    def as_dict(self) -> dict[str, object]:
        """JSON values."""
        label = self.label
        return {
            "id": self.id, "image": label.image, "kind": label.kind, "label": label.value,
            "box": None if label.box is None else asdict(label.box), "model": label.by,
            "score": label.score, "edit": self.edit, "at": self.at, "fate": self.fate,
            "into": [asdict(one) for one in self.into], "decided": self.decided,
            "decided_by": self.decided_by, "decided_at": self.decided_at, "finding": self.finding,
        }  # fmt: skip


def proposals(
    connection: Connection,
    ids: Sequence[int] | None = None,
    at: int | None = None,
    image: str | None = None,
) -> list[Proposal]:
    """Every proposal that was not taken back, the oldest first.

    Or all of one image; or of the images of some, by their ids. As of the newest edit, or of edit
    `at`. What a model said of an image's class after a person had is none.
    """
    table = schema.labels.c
    names = names_at(connection, at)
    models: ColumnElement[bool] = table.score.is_not(None)
    people: ColumnElement[bool] = table.score.is_(None) & (table.kind != CHECKED)
    if ids is not None and len(ids) <= AT_ONCE:  # of more, all are read
        images = select(table.image).where(table.id.in_(ids))
        models &= table.image.in_(images)
    if image is not None:
        models &= table.image == image
    said = _lines(connection, models, names, at)
    if not said:
        return []
    people &= table.image.in_(select(table.image).where(models))
    spoken = defaultdict[str, list[_Line]](list)
    words = _lines(connection, people, names, at)
    for line in words:
        spoken[line.label.image].append(line)
    undone = history.undone(connection, None if at is None else at + 1)
    told = _Told(_edits(connection, [*said, *words]), undone)
    found = (_proposal(line, spoken[line.label.image], told) for line in said)
    return [one for one in found if one is not None]


def same(one: Label, other: Label) -> bool:
    """Whether two say one thing, whoever says it and how sure."""
    return replace(one, by="", score=None) == replace(other, by="", score=None)


@dataclass(frozen=True)
class _Line:
    """One label with all rows that brought it back; see `undoing`."""

    label: Label
    rows: Sequence[Any]  # oldest first

    @property
    def id(self) -> int:
        return age(self.rows[0])

    @property
    def born(self) -> int:
        return int(self.rows[0].added)

    @property
    def lives(self) -> bool:
        return self.rows[-1].removed is None


@dataclass(frozen=True)
class _Told:
    """What is known of the edits: by number, and which undo of them holds."""

    edits: Mapping[int, Any]
    undone: Mapping[int, int]

    def ended(self, line: _Line) -> int | None:
        """The edit that took the line away, if that was no undo, and was not undone."""
        ends = {row.removed for row in line.rows} - {None}
        meant = [
            edit
            for edit in ends
            if self.edits[edit].action not in (UNDO, REDO) and edit not in self.undone
        ]
        return max(meant, default=None)

    def decided(
        self, line: _Line, fate: str, edit: int | None, into: Iterable[Label] = ()
    ) -> Proposal:
        """The proposal of a line, with what the edit made of it."""
        made = Proposal(line.id, line.label, line.born, self.edits[line.born].at, fate)
        if edit is None:
            return made
        found = self.edits[edit]
        return replace(
            made, into=tuple(into), decided=edit, decided_by=found.by, decided_at=found.at,
            finding=found.finding,
        )  # fmt: skip


def _proposal(line: _Line, spoken: Sequence[_Line], told: _Told) -> Proposal | None:
    ended = told.ended(line)
    if not line.lives and ended is None:
        return None  # taken back
    of_kind = [one for one in spoken if one.lives and one.label.kind == line.label.kind]
    if line.label.kind == "class":
        return _class(line, of_kind, told, ended)
    heirs = [one for one in of_kind if one.rows[0].instead == line.id]
    if line.lives and not heirs:  # somebody drew the very same
        heirs = [one for one in of_kind if one.born > line.born and same(one.label, line.label)]
    if not heirs and not line.lives:
        heirs = _near(line.label, [one for one in of_kind if one.born == ended])
    return _became(line, heirs, told, ended)


def _class(line: _Line, now: Sequence[_Line], told: _Told, ended: int | None) -> Proposal | None:
    """By what people say of the image now: a class that they changed later counts as that."""
    later = [one for one in now if one.born > line.born]
    if line.lives and len(later) < len(now):
        return None  # a person had spoken before
    return _became(line, later, told, ended)


def _became(line: _Line, now: Sequence[_Line], told: _Told, ended: int | None) -> Proposal:
    """By what people say now in its place."""
    right = [one for one in now if one.label.value == line.label.value]
    if line.label.kind != "class":
        right = [one for one in now if same(one.label, line.label)]
    if right:
        return told.decided(line, ACCEPTED, right[0].born, [right[0].label])
    if now:
        return told.decided(line, EDITED, now[0].born, [one.label for one in now])
    return told.decided(line, UNTOUCHED if line.lives else REJECTED, ended)


def _near(label: Label, made: Sequence[_Line]) -> list[_Line]:
    """Of what was said in place of several labels together, what lies where this one did."""
    best = max(made, key=lambda one: _overlap(label.box, one.label.box), default=None)
    return [best] if best is not None and _overlap(label.box, best.label.box) > 0 else []


def _overlap(one: Box | None, other: Box | None) -> float:
    """Of the upright boxes around two boxes, what both cover over what either does."""
    if one is None or other is None:
        return 0.0
    one, other = upright(one), upright(other)
    wide = min(one.x1, other.x1) - max(one.x0, other.x0)
    high = min(one.y1, other.y1) - max(one.y0, other.y0)
    both = max(0.0, wide) * max(0.0, high)
    areas = sum((box.x1 - box.x0) * (box.y1 - box.y0) for box in (one, other))
    return both / (areas - both) if areas > both else 0.0


def _lines(
    connection: Connection, which: ColumnElement[bool], names: Names, at: int | None
) -> list[_Line]:
    """Also those that live no longer, in the order in which they were first said."""
    table = schema.labels
    known: list[ColumnElement[Any]] = list(table.c)
    if at is not None:  # what ended later lived then
        which &= table.c.added <= at
        ended = case((table.c.removed <= at, table.c.removed)).label("removed")
        known = [ended if column is table.c.removed else column for column in table.c]
    rows = defaultdict[int, list[Any]](list)
    for row in connection.execute(select(*known).where(which).order_by(table.c.id)):
        rows[age(row)].append(row)
    return [_Line(names.read([label_of(some[0])])[0], some) for _, some in sorted(rows.items())]


def _edits(connection: Connection, lines: Iterable[_Line]) -> Mapping[int, Any]:
    """The edits that began or ended them."""
    wanted = {edit for line in lines for row in line.rows for edit in (row.added, row.removed)}
    table, found = schema.edits, dict[int, Any]()
    columns = (table.c.id, table.c.at, table.c.by, table.c.action, table.c.finding)
    for some in chunks(sorted(wanted - {None})):
        query = select(*columns).where(table.c.id.in_(some))
        found |= {row.id: row for row in connection.execute(query)}
    return found


def chosen(found: Iterable[Proposal], ids: Collection[int]) -> list[Proposal]:
    """Those of the ids, in the order of the ids."""
    known = {one.id: one for one in found}
    return [known[number] for number in ids if number in known]
