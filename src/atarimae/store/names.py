"""Which class a name means: other names of a class, and classes that were merged.

An alias is another name of the same thing; a class that was merged was a thing of its own. For
what the labels say both are read as the class. For coverage they differ: who looked for one of the
merged classes has not looked for all of them.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import Connection

from atarimae.errors import AtarimaeError
from atarimae.store.facts import ALIAS, MERGE, NAMING, rows_of
from atarimae.types import PAIR, TEXT, Label

NO_CLASS = (TEXT, PAIR)  # kinds of labels whose value is no class


@dataclass(frozen=True)
class Names:
    """Each name leads to at most one other, and never back to itself."""

    aliases: Mapping[str, str] = field(default_factory=dict)  # a name, and of what it is one
    merges: Mapping[str, str] = field(default_factory=dict)  # a class, and into which it went

    def of(self, name: str) -> str:
        """The class that is meant."""
        while (further := self.aliases.get(name, self.merges.get(name))) is not None:
            name = further
        return name

    def thing(self, name: str) -> str:
        """What is meant before anything was merged: only other names are followed."""
        while (further := self.aliases.get(name)) is not None:
            name = further
        return name

    def parts(self, name: str) -> frozenset[str]:
        """The things that are one class by now: itself, and what was merged into it."""
        return frozenset((name, *(one for one in self.merges if self.of(one) == name)))

    def other(self, name: str) -> tuple[str, ...]:
        """All that is read as this class, in order of name."""
        return tuple(sorted(one for one in (*self.aliases, *self.merges) if self.of(one) == name))

    def said(self, kind: str, value: str) -> str:
        """The value of a label of that kind, as it is read."""
        return value if kind in NO_CLASS else self.of(value)

    def read(self, labels: Sequence[Label]) -> tuple[Label, ...]:
        """One image's labels as they are read; what is the same by now is there once."""
        if not (self.aliases or self.merges):
            return tuple(labels)
        return tuple(dict.fromkeys(map(self._read, labels)))

    def _read(self, label: Label) -> Label:
        value = self.said(label.kind, label.value)
        return label if value == label.value else replace(label, value=value)


def names_at(connection: Connection, edit: int | None = None) -> Names:
    """As they are after an edit, or now."""
    return _names(rows_of(connection, NAMING, edit))


def check(connection: Connection) -> None:
    """An error where an undo would let a name mean two classes, or lead back to itself."""
    rows = rows_of(connection, NAMING)
    newest = {row.subject: row for row in sorted(rows, key=lambda row: row.added)}
    for row in rows:
        if newest[row.subject] is not row:
            raise _clash(newest[row.subject], row)
    for row in rows:
        ring, name = [row], row.value
        while name in newest:
            if newest[name] is row:
                older, newer = sorted(ring, key=lambda one: one.added)[-2:]
                raise _clash(newer, older)
            if newest[name] in ring:
                break
            ring.append(newest[name])
            name = newest[name].value


def _clash(row: Any, other: Any) -> AtarimaeError:
    what = f"'{row.subject}' can't be read as '{row.value}' again."
    if row.added == other.added:
        found = f"'{other.subject}' would be '{other.value}' again with it."
        return AtarimaeError(what, found, "Undo one of these edits alone.")
    return AtarimaeError(
        what,
        f"Edit {other.added} said since that '{other.subject}' is '{other.value}'.",
        f"Undo edit {other.added} first.",
    )


def _names(rows: Iterable[Any]) -> Names:
    kinds: dict[str, dict[str, str]] = {ALIAS: {}, MERGE: {}}
    for row in rows:
        kinds[row.kind][row.subject] = row.value
    return Names(kinds[ALIAS], kinds[MERGE])
