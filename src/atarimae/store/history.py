"""The edits that were made: appended, listed, found again by who made them and when."""

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Select, func, select

from atarimae.errors import AtarimaeError, unknown_name
from atarimae.store import schema
from atarimae.store.moment import moment
from atarimae.store.rows import insert_rows
from atarimae.store.state import last_edit
from atarimae.workspace import person


@dataclass(frozen=True, slots=True)
class Origin:
    """What an edit rests on, beside its author's reason."""

    finding: str | None = None  # what a check of `look` said
    run: str | None = None  # whose model said so
    seen: int | None = None  # the version that the author looked at, where it was not the newest


@dataclass(frozen=True, slots=True)
class Edit:
    """One edit, and how many files, labels and facts came and went with it."""

    id: int
    at: str  # UTC, ISO 8601
    by: str
    action: str
    why: str
    files_added: int = 0
    files_removed: int = 0
    labels_added: int = 0
    labels_removed: int = 0
    undone_by: int | None = None  # the edit that undid it, where that still holds
    finding: str | None = None
    run: str | None = None
    seen: int | None = None
    facts_added: int = 0  # of classes
    facts_removed: int = 0

    def as_dict(self) -> dict[str, object]:
        """JSON values."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Which:
    """Which edits are meant: those of a person, a time, an action; what is not named is any.

    A time counts from `since` until before `until`.
    """

    who: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    action: str | None = None
    last: int | None = None  # only so many, the newest

    @classmethod
    def of(
        cls,
        who: str | None = None,
        since: str | datetime | None = None,
        until: str | datetime | None = None,
        action: str | None = None,
        last: int | None = None,
    ) -> "Which":
        """With moments as people write them."""
        start = None if since is None else moment(since)
        end = None if until is None else moment(until, start)
        return cls(who, start, end, action, last)


NOTHING = Origin()
ALL = Which()


def append(
    connection: Connection, action: str, why: str, by: str | None, origin: Origin = NOTHING
) -> Edit:
    """Begin one more edit, with which nothing has come or gone yet."""
    if origin.seen is not None:
        check_version(connection, origin.seen)
    made = Edit(
        last_edit(connection) + 1,  # no gap after an edit that was rolled back
        stamp(now()), by or person(), action, why,
        finding=origin.finding, run=origin.run, seen=origin.seen,
    )  # fmt: skip
    names = ("id", "at", "by", "action", "why", "finding", "run", "seen")
    row = tuple(getattr(made, name) for name in names)
    insert_rows(connection, schema.edits, names, [row])
    return made


def now() -> datetime:
    """The moment of an edit that is made now."""
    return datetime.now(UTC)


def stamp(at: datetime) -> str:
    """A moment as edits keep it: in UTC, to be compared as text."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds")


def action(connection: Connection, edit: int) -> str:
    """The word of one edit."""
    table = schema.edits.c
    return str(connection.scalars(select(table.action).where(table.id == edit)).one())


def edits(connection: Connection, which: Which = ALL) -> list[Edit]:
    """The edits that are meant, oldest first."""
    table = schema.edits
    query = wanted(which, select(table))
    if which.last is None:
        return _read(connection, query.order_by(table.c.id))
    found = _read(connection, query.order_by(table.c.id.desc()).limit(which.last))
    return found[::-1]


def count(connection: Connection, which: Which = ALL) -> int:
    """How many edits are meant, whatever `last` says."""
    return connection.scalar(wanted(which, select(func.count()).select_from(schema.edits))) or 0


def numbers(connection: Connection, which: Which) -> list[int]:
    """The numbers of the edits that are meant, oldest first."""
    table = schema.edits
    return list(connection.scalars(wanted(which, select(table.c.id)).order_by(table.c.id)))


def wanted(which: Which, query: Select[Any]) -> Select[Any]:
    """The query with the conditions that say which edits are meant."""
    table = schema.edits.c
    conditions = [
        None if which.who is None else table.by == which.who,
        None if which.since is None else table.at >= stamp(which.since),
        None if which.until is None else table.at < stamp(which.until),
        None if which.action is None else table.action == which.action,
    ]
    return query.where(*(one for one in conditions if one is not None))


def check_names(connection: Connection, which: Which) -> None:
    """An error where nobody of that name edits, or no edit is of that action."""
    table = schema.edits.c
    for kind, name, column in (
        ("person", which.who, table.by), ("action", which.action, table.action),
    ):  # fmt: skip
        if name is not None:
            known = set(connection.scalars(select(column).distinct()))
            if name not in known:
                raise unknown_name(kind, name, known, " among the edits")


def check_version(connection: Connection, number: int) -> None:
    """An error where there is no such version."""
    last = last_edit(connection)
    if not 0 <= number <= last:
        raise AtarimaeError(
            f"No version {number}.", f"The newest is {last}.", "See 'atarimae edits'."
        )


def undone(connection: Connection, before: int | None = None, after: int = 0) -> dict[int, int]:
    """By edit, the edit (`before` and `after` those) that undid it and was not undone itself."""
    holds: dict[int, int] = {}
    table = schema.undone
    query = select(table).where(table.c.by > after)
    if before is not None:
        query = query.where(table.c.by < before)
    # Newest first: whether an undo still holds is known before what it undid is asked for.
    for row in connection.execute(query.order_by(table.c.by.desc())):
        if row.by not in holds:
            holds.setdefault(row.edit, row.by)
    return holds


def _read(connection: Connection, query: Select[Any]) -> list[Edit]:
    rows = connection.execute(query).all()
    if not rows:
        return []
    numbers = [row.id for row in rows]
    counts, undos = _counts(connection, numbers), undone(connection)
    return [
        Edit(
            row.id, row.at, row.by, row.action, row.why,
            **{name: found.get(row.id, 0) for name, found in counts.items()},
            undone_by=undos.get(row.id), finding=row.finding, run=row.run, seen=row.seen,
        )
        for row in rows
    ]  # fmt: skip


def _counts(connection: Connection, numbers: Collection[int]) -> dict[str, Mapping[int, int]]:
    """By kind, how many rows came or went with each of these edits."""
    found: dict[str, Mapping[int, int]] = {}
    for table in (schema.files, schema.labels, schema.facts):
        for name in ("added", "removed"):
            column = table.c[name]
            query = (
                select(column, func.count())
                .where(column.between(min(numbers), max(numbers)))
                .group_by(column)
            )
            found[f"{table.name}_{name}"] = {row[0]: row[1] for row in connection.execute(query)}
    return found
