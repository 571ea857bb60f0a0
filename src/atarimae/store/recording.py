"""What recording files changes, worked out before it is written."""

import operator
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlalchemy import ColumnElement, Connection, Table, delete, insert, select, update

from atarimae.store import schema
from atarimae.store.changing import FILE
from atarimae.store.facts import COVERED, Fact, rows_of, write
from atarimae.store.names import names_at
from atarimae.store.rows import insert_rows
from atarimae.store.saying import SAID, Said, said, spoken
from atarimae.store.soundness import kept
from atarimae.store.state import alive, files_at, last_edit
from atarimae.store.undoing import UNDO
from atarimae.types import BOX, Box, File, Image, Label
from atarimae.workspace import Workspace

ADD = "add"
_IMAGE = Image.__slots__
_image_columns = operator.attrgetter(*_IMAGE)
_file_columns = operator.attrgetter(*FILE)
LOOKED = ("kind", "image", "subject")  # what tells coverage apart, whoever says it
_FATES = ("added", "present", "moved", "changed")


@dataclass(frozen=True, slots=True)
class Row:
    """One file to be recorded. `given` names the columns of `file` that its source states.

    `labels` are classes. `boxes`, which may be turned, each have a class, "" for none. `others` are
    labels of any kind; their image is this one, whatever they name.
    """

    file: File
    image: Image
    labels: tuple[str, ...] = ()
    given: frozenset[str] = frozenset()
    boxes: tuple[tuple[str, Box], ...] = ()
    others: tuple[Label, ...] = ()
    covered: tuple[str, ...] = ()  # classes that the image was looked through for

    @property
    def said(self) -> tuple[Label, ...]:
        """All of its labels, each once."""
        image = self.image.hash
        classes = [Label(image, value) for value in self.labels]
        boxes = [Label(image, value, BOX, box) for value, box in self.boxes]
        others = [replace(label, image=image) for label in self.others]
        return tuple(dict.fromkeys([*classes, *boxes, *others]))


@dataclass(frozen=True, slots=True)
class Refusal:
    """A file that was not taken, and why."""

    file: str
    found: str
    fix: str


@dataclass(frozen=True, slots=True)
class Changes:
    """What recording did: numbers of files, and of labels that are new; files not taken."""

    added: int = 0
    present: int = 0
    moved: int = 0
    changed: int = 0
    labels: int = 0
    refused: tuple[Refusal, ...] = ()
    mended: int = 0  # files and labels that an edit took out before, and that stay out
    covered: int = 0  # classes that images are newly covered for


class Recording:
    """What recording rows changes, worked out against the state of the store at one edit."""

    def __init__(self, connection: Connection, workspace: Workspace) -> None:
        self.workspace = workspace
        self.edit = last_edit(connection)
        self.images = {row.hash for row in connection.execute(select(schema.images.c.hash))}
        self.files: dict[str, File] = {}
        self.unchecked: dict[str, list[str]] = defaultdict(list)  # paths by image, may be gone
        for file in files_at(connection, self.edit):
            self.files[file.path] = file
            self.unchecked[file.image].append(file.path)
        self.names = names_at(connection)
        self.labels = {  # what people say: it is said again where only a model has
            spoken(tuple(getattr(row, name) for name in SAID), self.names)
            for row in connection.execute(alive(schema.labels, self.edit))
            if row.score is None
        }
        self.files_out = _taken_out(connection, schema.files, ("path", "image"))
        people = schema.labels.c.score.is_(None)  # a person may say what was refused to a model
        out = _taken_out(connection, schema.labels, SAID, people)
        self.labels_out = {spoken(label, self.names) for label in out}
        self.covered = {
            (COVERED, row.image, self.names.thing(row.subject))
            for row in rows_of(connection, [COVERED])
        }
        self.covered_out = _taken_out(connection, schema.facts, LOOKED)
        self.new_images: list[Image] = []
        self.new_files: dict[str, File] = {}
        self.retired: list[str] = []
        self.new_labels: list[Said] = []
        self.new_covered: list[Said] = []  # as `LOOKED`
        self.counts: dict[str, int] = defaultdict(int)

    @property
    def changes(self) -> Changes:
        """What the rows that were taken change."""
        added, present, moved, changed = (self.counts[name] for name in _FATES)
        labels, mended = len(self.new_labels), self.counts["mended"]
        covered = len(self.new_covered)
        return Changes(added, present, moved, changed, labels, mended=mended, covered=covered)

    def take(self, row: Row) -> None:
        """Work out what one more row changes."""
        if row.file.path not in self.files and (row.file.path, row.image.hash) in self.files_out:
            self.counts["mended"] += 1
            return
        self._image(row.image)
        self.counts[self._file(row)] += 1
        self._labels(row)
        self._covered(row)

    def save(self, connection: Connection, edit: int, by: str) -> None:
        """Write it as one edit."""
        table = schema.files
        for path in self.retired:
            connection.execute(
                update(table)
                .where(table.c.path == path, table.c.removed.is_(None))
                .values(removed=edit)
            )
        insert_rows(connection, schema.images, _IMAGE, map(_image_columns, self.new_images))
        live = ((*_file_columns(file), edit) for file in self.new_files.values())
        insert_rows(connection, table, (*FILE, "added"), live)
        said = ((*label, by, edit) for label in self.new_labels)
        insert_rows(connection, schema.labels, (*SAID, "by", "added"), said)
        looked = (Fact(COVERED, str(name), by=by, image=str(image))
                  for _, image, name in self.new_covered)  # fmt: skip
        write(connection, (), looked, edit)

    def _image(self, image: Image) -> None:
        if image.hash in self.images:
            return
        self.images.add(image.hash)
        self.new_images.append(image)

    def _file(self, row: Row) -> str:
        old = self.files.get(row.file.path)
        if old is None:
            gone = self._gone(row.image.hash)
            if gone is None:
                self._put(row.file)
                return "added"
            self._retire(gone)
            self._put(_merged(replace(gone, path=row.file.path), row))
            return "moved"
        if old.image != row.image.hash:
            self._retire(old)
            self._put(_merged(replace(old, image=row.image.hash), row))
            return "changed"
        merged = _merged(old, row)
        if merged == old:
            return "present"
        self._retire(old)
        self._put(merged)
        return "changed"

    def _gone(self, image: str) -> File | None:
        """A file of that image that is no longer on the disk; each is looked for once."""
        while self.unchecked.get(image):
            path = self.unchecked[image].pop()
            known = self.files.get(path)
            if known and known.image == image and not (self.workspace.root / path).exists():
                return known
        return None

    def _put(self, file: File) -> None:
        self.files[file.path] = file
        self.new_files[file.path] = file

    def _retire(self, file: File) -> None:
        del self.files[file.path]
        if self.new_files.pop(file.path, None) is None:
            self.retired.append(file.path)

    def _labels(self, row: Row) -> None:
        image, size = row.image.hash, (row.image.width, row.image.height)
        for one in row.said:
            # The other image of a pair may be recorded after this one.
            label = said(kept(one, {image: size, one.other or image: size}))
            meant = spoken(label, self.names)
            if meant in self.labels_out and meant not in self.labels:
                self.counts["mended"] += 1
            elif meant not in self.labels:
                self.labels.add(meant)
                self.new_labels.append(label)

    def _covered(self, row: Row) -> None:
        things = [part for name in row.covered for part in self.names.parts(self.names.of(name))]
        for thing in sorted(set(things)):
            looked = (COVERED, row.image.hash, thing)
            if looked in self.covered_out and looked not in self.covered:
                self.counts["mended"] += 1
            elif looked not in self.covered:
                self.covered.add(looked)
                self.new_covered.append(looked)


def _taken_out(
    connection: Connection, table: Table, names: Sequence[str], *of: ColumnElement[bool]
) -> set[tuple[object, ...]]:
    """What an edit took out on purpose: adding the same source again doesn't bring it back."""
    query = (
        select(table, schema.edits.c.action)
        .join(schema.edits, schema.edits.c.id == table.c.removed)
        .where(*of)
        .order_by(table.c.removed, table.c.id)
    )
    rows = connection.execute(query)
    last = {tuple(getattr(row, name) for name in names): row.action for row in rows}
    return {what for what, action in last.items() if action not in (ADD, UNDO)}


def _merged(old: File, row: Row) -> File:
    return replace(old, **{name: getattr(row.file, name) for name in row.given})


def note_refusals(connection: Connection, rows: Sequence[Row], refused: Sequence[Refusal]) -> None:
    """Keep what was refused, and forget what has been taken since."""
    settled = [row.file.path for row in rows] + [refusal.file for refusal in refused]
    known = {row.path for row in connection.execute(select(schema.refusals.c.path))}
    for path in known.intersection(settled):
        connection.execute(delete(schema.refusals).where(schema.refusals.c.path == path))
    if refused:
        unique = {refusal.file: refusal for refusal in refused}
        connection.execute(
            insert(schema.refusals),
            [{"path": r.file, "found": r.found, "fix": r.fix} for r in unique.values()],
        )
