"""Classes get other names, are merged, and are taken apart again: no label is touched."""

from collections.abc import Iterable, Sequence

from sqlalchemy import Connection, select

from atarimae.errors import AtarimaeError, UsageError, unknown_name
from atarimae.store import schema
from atarimae.store.facts import ALIAS, COVERED, GUIDE, MERGE, NAMING, ROUND, Change, Fact, rows_of
from atarimae.store.names import NO_CLASS, Names, names_at
from atarimae.store.soundness import class_name


class Known:
    """The names that classes have now, and what each of them means."""

    def __init__(self, connection: Connection) -> None:
        self.names: Names = names_at(connection)
        label, fact = schema.labels.c, schema.facts.c
        said = select(label.value).where(label.removed.is_(None), label.kind.not_in(NO_CLASS))
        told = select(fact.subject).where(
            fact.removed.is_(None), fact.kind.in_((COVERED, ROUND, *GUIDE))
        )
        self.own = {
            *filter(None, connection.scalars(said.distinct())),
            *connection.scalars(told.distinct()),
            *self.names.aliases.values(), *self.names.merges.values(),
        }  # fmt: skip

    @property
    def classes(self) -> set[str]:
        """Every class, by the name that it is read as."""
        return {self.names.of(name) for name in self.own}

    def spelled(self, name: str) -> str:
        """The name as it is kept: as it is known already, else composed and without spaces."""
        return name if name in self else class_name(name)

    def named(self, name: str) -> str:
        """The class that a known name means; an error where there is none."""
        told = self.spelled(name)
        if told not in self:
            raise unknown_name("class", told, self.classes)
        return self.names.of(told)

    def __contains__(self, name: str) -> bool:
        return name in self.own or name in self.names.aliases or name in self.names.merges


def aliased(connection: Connection, others: Sequence[str], of: str, by: str) -> Change:
    """Let other names be read as a class. None of them may be a class of its own."""
    known = Known(connection)
    target, come = known.named(of), list[Fact]()
    for name in dict.fromkeys(map(known.spelled, others)):
        if known.names.of(name) == target:
            continue
        _refuse_other(known, name, target)
        come.append(Fact(ALIAS, name, target, by))
    return Change(come=come)


def renamed(connection: Connection, old: str, new: str, by: str) -> Change:
    """Call a class by another name; the old one stays another name of it."""
    known = Known(connection)
    told, new = known.spelled(old), known.spelled(new)
    if known.named(told) != told:
        raise UsageError(
            f"'{told}' is another name of '{known.named(told)}'.", "", "Rename that one."
        )
    if known.names.of(new) != told:
        _refuse_other(known, new, told)
        return Change(come=[Fact(ALIAS, told, new, by)])
    if new == told:
        return Change()
    if new in known.names.merges:
        raise AtarimaeError(
            f"'{told}' can't be called '{new}'.",
            f"'{new}' was a class of its own, which was merged into it.",
            "Undo that merge, and merge the other way round.",
        )
    back = [row.id for row in rows_of(connection, NAMING) if row.subject == new]
    return Change(gone=back, come=[Fact(ALIAS, told, new, by)])


def merged(connection: Connection, classes: Sequence[str], into: str, by: str) -> Change:
    """Make one class of several.

    Where `into` is a new name, the first class is called so, and the others go into it.
    """
    known = Known(connection)
    target = known.names.of(known.spelled(into))
    sources = [name for name in dict.fromkeys(map(known.named, classes)) if name != target]
    if not sources:
        raise UsageError(
            "There is nothing to merge.", f"All of them are '{target}'.", "Name another class."
        )
    if target in known:
        return Change(come=[Fact(MERGE, name, target, by) for name in sources])
    first, *others = sources
    if not others:
        raise UsageError(
            f"There is no class '{target}' to merge '{first}' into.", "",
            f"Call it so with: atarimae classes rename {first} {target}",
        )  # fmt: skip
    return Change(
        come=[Fact(ALIAS, first, target, by), *(Fact(MERGE, name, target, by) for name in others)]
    )


def separated(connection: Connection, words: Iterable[str]) -> Change:
    """Let names be classes of their own again: another name, or a class that was merged."""
    known = Known(connection)
    rows = {row.subject: row.id for row in rows_of(connection, NAMING)}
    wanted = [known.spelled(word) for word in words]
    for name in wanted:
        if name not in rows:
            raise unknown_name("other name or merged class", name, rows)
    return Change(gone=[rows[name] for name in dict.fromkeys(wanted)])


def _refuse_other(known: Known, name: str, target: str) -> None:
    """An error where the name means something else already."""
    if known.names.of(name) != name:
        raise AtarimaeError(
            f"'{name}' is read as '{known.names.of(name)}' already.",
            "A name means one class.",
            f"Take that back first with: atarimae classes separate {name}",
        )
    if name in known:
        raise AtarimaeError(
            f"There is a class '{name}' already.",
            "It has labels, or something is said of it.",
            f"If both are one class: atarimae classes merge {name} --into {target}",
        )
