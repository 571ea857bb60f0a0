"""The store: one edit a change, appended; the state at any version can be read again."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from sqlalchemy import Connection, select

from atarimae.errors import AtarimaeError
from atarimae.store import changing, following, history, looking, migration, saying, schema, undoing
from atarimae.store import sitting as sittings
from atarimae.store.conflicts import Conflict, conflicts
from atarimae.store.difference import Difference, difference
from atarimae.store.engine import open_engine, told
from atarimae.store.following import News
from atarimae.store.history import ALL, NOTHING, Edit, Origin, Which
from atarimae.store.naming import named_files
from atarimae.store.recording import ADD, Changes, Recording, Refusal, Row, note_refusals
from atarimae.store.rows import end_rows
from atarimae.store.sitting import Sitting
from atarimae.store.state import all_images, files_at, labels_at, last_edit, models, moved
from atarimae.types import REMARKS, Data, File, Image, Label, Version
from atarimae.workspace import Workspace, person


class Store:
    """The store of one workspace. Each method is one transaction.

    Methods that change the data append one edit: `by` is who, the system's user where nobody is
    named, `why` a reason, and `origin` what it rests on. They give None where nothing changes.
    """

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        self.engine = open_engine(workspace.store_url)
        self._conflicts: tuple[int, list[Conflict]] | None = None  # at the newest edit
        with told(self.engine):
            migration.prepare(self.engine)

    def record(
        self, found: Iterable[Row | Refusal], *, why: str = "", by: str | None = None
    ) -> Changes:
        """Record files with their images and labels; all of them or, on an error, none.

        A path that is there with the same image is kept, and takes over what its row states. A
        path whose content changed is replaced. A new path whose image's only files are gone from
        the disk is a moved file, and keeps what was known of it.

        Rows are worked through as they come, before the store is locked; where somebody else has
        written by then, they are worked through again.
        """
        rows: list[Row] = []
        refused: list[Refusal] = []
        with self._read() as connection:
            recording = Recording(connection, self.workspace)
        for one in found:
            if isinstance(one, Refusal):
                refused.append(one)
            else:
                rows.append(one)
                recording.take(one)
        with self._write() as connection:
            if last_edit(connection) != recording.edit:
                recording = Recording(connection, self.workspace)
                for row in rows:
                    recording.take(row)
            changes = recording.changes
            if changes != Changes(present=changes.present, mended=changes.mended):
                edit = history.append(connection, ADD, why, by)
                recording.save(connection, edit.id, edit.by)
            note_refusals(connection, rows, refused)
        return replace(changes, refused=tuple(refused))

    def say(
        self,
        labels: Sequence[Label],
        *,
        action: str,
        why: str = "",
        by: str | None = None,
        origin: Origin = NOTHING,
    ) -> Edit | None:
        """Append labels; None where each was said before by the same."""
        with self._write() as connection:
            come = saying.unsaid(connection, labels)
            return _relabelled(connection, [], come, (action, why, by, origin))

    def relabel(
        self,
        old: Sequence[Label],
        new: Sequence[Label] = (),
        *,
        action: str = "label",
        why: str = "",
        by: str | None = None,
        origin: Origin = NOTHING,
    ) -> Edit | None:
        """Take labels away and say others in their place. One that has gone already is passed over.

        So where two people change the same box at once, both of their boxes stay.
        """
        with self._write() as connection:
            gone, come = saying.still_said(connection, old), saying.unsaid(connection, new)
            return _relabelled(connection, gone, come, (action, why, by, origin))

    def label(
        self,
        classes: Mapping[str, Sequence[str]],
        *,
        also: bool = False,
        why: str = "",
        by: str | None = None,
        origin: Origin = NOTHING,
    ) -> Edit | None:
        """Say of which classes images (by hash) are; with `also`, beside those they have.

        What models say stays. So does what others have said since the version `origin.seen`: both
        are kept then, and `conflicts` has the image until somebody who saw both chooses again.
        """
        who = by or person()
        with self._write() as connection:
            gone, come = saying.chosen(connection, classes, who, origin.seen, also=also)
            return _relabelled(connection, gone, come, ("label", why, by, origin))

    def change(
        self,
        files: Iterable[File],
        *,
        why: str = "",
        by: str | None = None,
        origin: Origin = NOTHING,
    ) -> Edit | None:
        """Set split, role, group and source of files as given, each found by its path.

        `store.change(replace(file, split="val") for file in wanted)`. All of them or, where one is
        not in the data or holds another image by now, none.
        """
        with self._write() as connection:
            gone, come = changing.changed(connection, files)
            if not come:
                return None
            edit = history.append(connection, "change", why, by, origin)
            changing.write(connection, gone, come, edit.id)
            return replace(edit, files_added=len(come), files_removed=len(gone))

    def remove(
        self,
        paths: Iterable[str],
        *,
        why: str = "",
        by: str | None = None,
        origin: Origin = NOTHING,
    ) -> Edit | None:
        """Take files out of the data. Nothing on the disk is touched: undo brings them back."""
        with self._write() as connection:
            gone = changing.removed(connection, paths)
            if not gone:
                return None
            edit = history.append(connection, "remove", why, by, origin)
            changing.write(connection, gone, (), edit.id)
            return replace(edit, files_removed=len(gone))

    def undo(self, *edits: int, why: str | None = None, by: str | None = None) -> Edit:
        """Undo edits together, by another: undoing that one brings everything back."""
        numbers = list(dict.fromkeys(edits))
        reason = why or f"edit{'s' if len(numbers) > 1 else ''} {', '.join(map(str, numbers[:5]))}"
        more = f" and {len(numbers) - 5:,} more" if len(numbers) > 5 and not why else ""
        with self._write() as connection:
            action = undoing.action(connection, numbers)
            made = history.append(connection, action, reason + more, by)
            return undoing.undo(connection, numbers, made)

    def undo_all(self, which: Which, *, by: str | None = None) -> Edit:
        """Undo all edits that are meant, together: what somebody did on an afternoon."""
        with self._read() as connection:
            history.check_names(connection, which)
            numbers = history.numbers(connection, which)
        if not numbers:
            raise AtarimaeError(
                "There is nothing to undo.", "No edit is meant.", "See 'atarimae edits'."
            )
        since = "" if which.since is None else f" since {which.since:%Y-%m-%d %H:%M}"
        until = "" if which.until is None else f" until {which.until:%Y-%m-%d %H:%M}"
        why = f"{len(numbers):,} edits by {which.who or 'anybody'}{since}{until}"
        return self.undo(*numbers, why=why, by=by)

    def redo(self, edit: int | None = None, *, by: str | None = None) -> Edit:
        """Bring back what an undo took: named by its number or by the edit that it undid.

        Where none is named, the newest edit is meant, which has to be an undo.
        """
        with self._read() as connection:
            number = undoing.to_redo(connection, edit)
        return self.undo(number, by=by)

    def undo_labels_by(self, name: str, *, by: str | None = None) -> Edit:
        """Take back all labels of a model together, whichever edits brought them."""
        with self._write() as connection:
            made = history.append(connection, undoing.UNDO, f"labels by {name}", by)
            return undoing.undo_labels_by(connection, name, made)

    def data(self, edit: int | None = None, *, hashed: bool = True) -> Data:
        """The data at a version; the newest one where none is named. Files in order of path.

        Without `hashed` its version has no hash, which takes as long as reading the data.
        """
        with self._read() as connection:
            last = last_edit(connection)
            edit = last if edit is None else edit
            history.check_version(connection, edit)
            files = files_at(connection, edit)
            labels = labels_at(connection, edit)
            images = all_images(connection)
            now = files if edit == last else files_at(connection, last)
        version = Version(edit, content_hash(files, labels) if hashed else "")
        root = self.workspace.root
        return Data(root, version, tuple(files), images, labels, moved(files, now))

    def news(self, edit: int) -> News | None:
        """What edits after that one touched, as it is now; None where it is too much to be news."""
        with self._read() as connection:
            return following.news(connection, edit)

    def sitting(self, since: int, by: str | None = None) -> Sitting:
        """What somebody may undo and redo of what he or she did by hand after version `since`."""
        with self._read() as connection:
            return sittings.sitting(connection, by or person(), since)

    def said_by(self, since: str = "") -> dict[str, int]:
        """By person, labels and confirmations said by hand since a moment (UTC, ISO 8601)."""
        with self._read() as connection:
            return sittings.said_by(connection, since)

    def named(self, words: Sequence[str | Path]) -> list[File]:
        """The files that people name so: by a path, a folder, or an image's hash."""
        return named_files(self.data(), words)

    def difference(self, first: int, second: int) -> Difference:
        """What came, went and changed from one version to another, which may be the older."""
        with self._read() as connection:
            for version in (first, second):
                history.check_version(connection, version)
            return difference(connection, first, second)

    def last_edit(self) -> int:
        """The number of the newest edit; 0 before the first."""
        with self._read() as connection:
            return last_edit(connection)

    def edits(self, which: Which = ALL) -> list[Edit]:
        """The edits, or some of them, oldest first."""
        with self._read() as connection:
            history.check_names(connection, which)
            return history.edits(connection, which)

    def count(self, which: Which = ALL) -> int:
        """How many edits there are of these, whatever `which.last` says."""
        with self._read() as connection:
            return history.count(connection, which)

    def conflicts(self) -> list[Conflict]:
        """Images of which people say different classes, in order of hash; kept until an edit."""
        with self._read() as connection:
            last = last_edit(connection)
            if self._conflicts is None or self._conflicts[0] != last:
                self._conflicts = (last, conflicts(connection))
            return self._conflicts[1]

    def look(self, images: Iterable[str], *, by: str | None = None) -> int:
        """Note that somebody has looked at images; how many of them are new to him or her."""
        with self._write() as connection:
            return looking.note(connection, images, by or person())

    def seen(self, by: str | None = None, *, before: str | None = None) -> frozenset[str]:
        """The images that somebody has looked at; before a moment (UTC, ISO 8601) if one is named.

        The system's user where nobody is named.
        """
        with self._read() as connection:
            return looking.seen(connection, by or person(), before)

    def seen_by(self, image: str) -> Mapping[str, str]:
        """Who has looked at an image, and when first (UTC, ISO 8601): the earliest first."""
        with self._read() as connection:
            return looking.seen_by(connection, image)

    def models(self) -> dict[str, int]:
        """Who said the labels with a score, and how many there are of each."""
        with self._read() as connection:
            return models(connection)

    def images(self) -> dict[str, Image]:
        """Every image ever seen, by hash."""
        with self._read() as connection:
            return all_images(connection)

    def refusals(self) -> list[Refusal]:
        """Files that were refused and have not been taken since, by path."""
        query = select(schema.refusals).order_by(schema.refusals.c.path)
        with self._read() as connection:
            return [Refusal(row.path, row.found, row.fix) for row in connection.execute(query)]

    @contextmanager
    def _read(self) -> Iterator[Connection]:
        with told(self.engine, "read"), self.engine.connect() as connection:
            yield connection

    @contextmanager
    def _write(self) -> Iterator[Connection]:
        writing = self.engine.execution_options(writes=True)
        with told(self.engine), writing.begin() as connection:
            yield connection


def _relabelled(
    connection: Connection,
    gone: Sequence[int],
    come: Sequence[Label],
    reason: tuple[str, str, str | None, Origin],
) -> Edit | None:
    """Write labels that go and come as one edit, where there are any."""
    if not gone and not come:
        return None
    edit = history.append(connection, *reason)
    end_rows(connection, schema.labels, gone, edit.id)
    saying.say(connection, come, edit.id)
    return replace(edit, labels_added=len(come), labels_removed=len(gone))


def content_hash(files: Iterable[File], labels: Mapping[str, Sequence[Label]]) -> str:
    """SHA-256 of what the data says: who said it, paths and the order of files left out."""
    lines = sorted(
        json.dumps(
            [
                [file.image, file.split, file.role, file.group, file.source],
                # In the order they were said: where a task wants one class, the first counts.
                [
                    [said.kind, said.value, str(said.box), str(said.score)]
                    for said in labels.get(file.image, ())
                    if said.kind not in REMARKS  # that somebody looked changes no data
                ],
            ],
            ensure_ascii=True,
        )
        for file in files
    )
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()
