"""What is different between two versions: files, labels and facts that came, went and changed."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from sqlalchemy import Connection, Table, or_, select

from atarimae.store import schema
from atarimae.store.facts import Fact, fact_of
from atarimae.store.names import Names, names_at
from atarimae.store.rows import age, rows_where
from atarimae.store.state import file_of, label_of
from atarimae.types import File, Label


@dataclass(frozen=True, slots=True)
class Relabelled:
    """One image's labels of one kind, where some went and others came."""

    image: str
    kind: str
    before: tuple[Label, ...]
    after: tuple[Label, ...]


@dataclass(frozen=True)
class Difference:
    """From one version to another. A file is known by its path, a label by its image and kind."""

    first: int
    second: int
    came: tuple[File, ...]
    went: tuple[File, ...]
    moved: tuple[tuple[File, File], ...]  # the image is the same, the path is another
    changed: tuple[tuple[File, File], ...]  # the path is the same
    labels_came: tuple[Label, ...]
    labels_went: tuple[Label, ...]
    labels_changed: tuple[Relabelled, ...]
    facts_came: tuple[Fact, ...] = ()  # of classes
    facts_went: tuple[Fact, ...] = ()
    paths: Mapping[str, str] = field(default_factory=dict)  # by labelled image, where it lies now

    def as_dict(self) -> dict[str, object]:
        """The shape of `diff --json`."""
        return {
            "first": self.first,
            "second": self.second,
            "files": {
                "came": [asdict(file) for file in self.came],
                "went": [asdict(file) for file in self.went],
                "moved": [_pair(pair) for pair in self.moved],
                "changed": [_pair(pair) for pair in self.changed],
            },
            "labels": {
                "came": [asdict(label) for label in self.labels_came],
                "went": [asdict(label) for label in self.labels_went],
                "changed": [asdict(change) for change in self.labels_changed],
            },
            "facts": {
                "came": [fact.as_dict() for fact in self.facts_came],
                "went": [fact.as_dict() for fact in self.facts_went],
            },
        }


def difference(connection: Connection, first: int, second: int) -> Difference:
    """What is different at the second version; only what edits between them touched is read."""
    went, came = _sides(connection, schema.files, first, second)
    old, new = ({row.path: file_of(row) for row in rows} for rows in (went, came))
    changed = [(old.pop(path), new.pop(path)) for path in sorted(old.keys() & new.keys())]
    moved = _moved(old, new)
    names = (names_at(connection, first), names_at(connection, second))
    labels = _labels(*_sides(connection, schema.labels, first, second), *names)
    facts_went, facts_came = _sides(connection, schema.facts, first, second)
    images = (one.image for kind in labels for one in kind)
    lie = {row.image: row.path for row in rows_where(connection, schema.files, "image", images)}
    return Difference(
        first, second, _by_path(new.values()), _by_path(old.values()), tuple(moved),
        tuple(pair for pair in changed if pair[0] != pair[1]), *labels,
        tuple(map(fact_of, facts_came)), tuple(map(fact_of, facts_went)), lie,
    )  # fmt: skip


def _sides(
    connection: Connection, table: Table, first: int, second: int
) -> tuple[list[Any], list[Any]]:
    """The rows that are there at the first version only, and at the second only."""
    low, high = sorted((first, second))
    born, died = (table.c[name].between(low + 1, high) for name in ("added", "removed"))
    rows = sorted(connection.execute(select(table).where(or_(born, died))), key=age)
    then = [row for row in rows if _is_alive(row, first) and not _is_alive(row, second)]
    now = [row for row in rows if _is_alive(row, second) and not _is_alive(row, first)]
    lines = {age(row) for row in then} & {age(row) for row in now}  # taken away and brought back
    return _others(then, lines), _others(now, lines)


def _is_alive(row: Any, edit: int) -> bool:
    return row.added <= edit and (row.removed is None or row.removed > edit)


def _others(rows: Iterable[Any], lines: set[int]) -> list[Any]:
    return [row for row in rows if age(row) not in lines]


def _moved(old: dict[str, File], new: dict[str, File]) -> list[tuple[File, File]]:
    """Files that went and came with the same image; they are taken out of both."""
    places = {file.image: path for path, file in sorted(old.items(), reverse=True)}
    found = []
    for path, file in sorted(new.items()):
        before = places.pop(file.image, None)
        if before is not None:
            found.append((old.pop(before), new.pop(path)))
    return found


def _labels(
    went: Sequence[Any], came: Sequence[Any], then: Names, now: Names
) -> tuple[tuple[Label, ...], tuple[Label, ...], tuple[Relabelled, ...]]:
    """What came, what went, and the images where both happened, kind by kind."""
    both: dict[tuple[str, str], tuple[list[Label], list[Label]]] = defaultdict(lambda: ([], []))
    for side, (rows, names) in enumerate(((went, then), (came, now))):
        for row in rows:
            both[row.image, row.kind][side].extend(names.read([label_of(row)]))
    same = [(key, gone, come) for key, (gone, come) in both.items()]
    return (
        tuple(label for _, gone, come in same if not gone for label in come),
        tuple(label for _, gone, come in same if not come for label in gone),
        tuple(
            Relabelled(*key, tuple(gone), tuple(come))
            for key, gone, come in same
            if gone and come and gone != come
        ),
    )


def _by_path(files: Iterable[File]) -> tuple[File, ...]:
    return tuple(sorted(files, key=lambda file: file.path))


def _pair(pair: tuple[File, File]) -> dict[str, object]:
    return {"before": asdict(pair[0]), "after": asdict(pair[1])}
