"""The store: one edit a change, appended; the state at any version can be read again."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from sqlalchemy import Connection, select

from atarimae.errors import AtarimaeError, UsageError
from atarimae.store import (
    changing,
    deciding,
    facts,
    following,
    history,
    looking,
    migration,
    saying,
    schema,
    undoing,
)
from atarimae.store import sitting as sittings
from atarimae.store.agreements import Agreements
from atarimae.store.conflicts import Conflict, conflicts
from atarimae.store.content import content_hash
from atarimae.store.covering import coverage_at
from atarimae.store.difference import Difference, difference
from atarimae.store.engine import open_engine, told
from atarimae.store.facts import Change
from atarimae.store.following import News
from atarimae.store.history import ALL, NOTHING, Edit, Origin, Which
from atarimae.store.names import names_at
from atarimae.store.naming import named_files
from atarimae.store.proposals import Proposal, proposals
from atarimae.store.queues import Queues
from atarimae.store.recording import ADD, Changes, Recording, Refusal, Row, note_refusals
from atarimae.store.rows import end_rows, rows_where
from atarimae.store.sitting import Sitting
from atarimae.store.soundness import class_name, sound
from atarimae.store.state import (
    all_images,
    files_at,
    label_of,
    labels_at,
    last_edit,
    models,
    moved,
)
from atarimae.types import Data, File, Image, Label, Version
from atarimae.workspace import Workspace, person

Found = TypeVar("Found")


class Store:
    """The store of one workspace. Each method is one transaction.

    Methods that change the data append one edit: `by` is who, the system's user where nobody is
    named, `why` a reason, and `origin` what it rests on. They give None where nothing changes.
    """

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        self.engine = open_engine(workspace.store_url)
        self.queues = Queues(self._read, self._write)
        self.agreements = Agreements(self._read, self._write)
        self._conflicts: tuple[int, list[Conflict]] | None = None  # at the newest edit
        self._proposals: tuple[int, list[Proposal]] | None = None  # likewise
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
        """Append labels of any kind; None where each was said before by the same.

        Raises `UsageError` with all that no image can hold: see `soundness`.
        """
        with self._write() as connection:
            come = saying.unsaid(connection, sound(connection, labels))
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

        So where two people change the same box at once, both of their boxes stay, and `conflicts`
        has them until one of the two goes.
        """
        who = by or person()
        with self._write() as connection:
            fresh = sound(connection, new)
            gone, instead = saying.replaced(connection, old, fresh, who)
            roots = dict(zip(fresh, instead, strict=True))
            come = saying.unsaid(connection, fresh)
            return _relabelled(connection, gone, come, (action, why, by, origin), roots)

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
        named = {image: [*map(class_name, values)] for image, values in classes.items()}
        with self._write() as connection:
            gone, come = saying.chosen(connection, named, who, origin.seen, also=also)
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

    def tell(
        self,
        action: str,
        work: Callable[[Connection, str], Change],
        *,
        why: str = "",
        by: str | None = None,
        origin: Origin = NOTHING,
    ) -> Edit | None:
        """Append what `work` makes of the facts about classes, and of labels, as one edit.

        It is given the connection and who says it: see `Classes` and `Guide`, which call this.
        """
        with self._write() as connection:
            change = work(connection, by or person())
            if not change:
                return None
            edit = history.append(connection, action, why, by, origin)
            facts.write(connection, change.gone, change.come, edit.id)
            end_rows(connection, schema.labels, change.labels_gone, edit.id)
            saying.say(connection, change.labels_come, edit.id)
        return replace(
            edit, facts_added=len(change.come), facts_removed=len(change.gone),
            labels_added=len(change.labels_come), labels_removed=len(change.labels_gone),
        )  # fmt: skip

    def read(self, read: Callable[[Connection], Found]) -> Found:
        """What `read` finds of the facts about classes, at one moment."""
        with self._read() as connection:
            return read(connection)

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
        edits = "1 edit" if len(numbers) == 1 else f"{len(numbers):,} edits"
        why = f"{edits} by {which.who or 'anybody'}{since}{until}"
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
            names = names_at(connection, edit)
            labels = {
                image: names.read(said) for image, said in labels_at(connection, edit).items()
            }
            covered = coverage_at(connection, edit, names)
            images = all_images(connection)
            now = files if edit == last else files_at(connection, last)
        version = Version(edit, content_hash(files, labels, covered) if hashed else "")
        root = self.workspace.root
        places = moved(files, now)
        return Data(root, version, tuple(files), images, labels, places, covered=covered)

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

    def said(self, image: str) -> tuple[int, tuple[Label, ...]]:
        """The newest version, and all labels of one image (by hash), oldest first."""
        with self._read() as connection:
            rows = rows_where(connection, schema.labels, "image", [image])
            return last_edit(connection), names_at(connection).read(list(map(label_of, rows)))

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
        """Images of which people say different things, in order of hash; kept until an edit.

        Different classes, different boxes, outlines or texts in place of the same one, and pairs
        that are the same to one and different to another.
        """
        with self._read() as connection:
            last = last_edit(connection)
            if self._conflicts is None or self._conflicts[0] != last:
                self._conflicts = (last, conflicts(connection))
            return self._conflicts[1]

    def proposals(self, edit: int | None = None) -> list[Proposal]:
        """What models proposed, and what became of each, at a version; the newest is kept."""
        with self._read() as connection:
            last = last_edit(connection)
            if edit is not None and edit != last:
                return proposals(connection, at=edit)
            if self._proposals is None or self._proposals[0] != last:
                self._proposals = (last, proposals(connection))
            return self._proposals[1]

    def proposals_of(self, image: str) -> list[Proposal]:
        """The same of one image, at the newest version; nothing else is read."""
        with self._read() as connection:
            return proposals(connection, image=image)

    def proposal(self, id: int) -> Proposal:
        """One of them, at the newest version. Raises `UsageError` where there is none."""
        with self._read() as connection:
            found = [one for one in proposals(connection, [id]) if one.id == id]
        if not found:
            raise UsageError(
                f"No proposal '{id}'.", "It is not there, or was undone.",
                "See 'atarimae proposals'.",
            )  # fmt: skip
        return found[0]

    def decide(
        self,
        ids: Sequence[int],
        action: str,
        into: Label | None = None,
        *,
        why: str = "",
        by: str | None = None,
        origin: Origin = NOTHING,
    ) -> Edit | None:
        """Accept or reject proposals, or edit them `into` a label, of whatever image it is said.

        What somebody else has decided by now is passed over; an error where all of it was.
        """
        who = by or person()
        with self._write() as connection:
            gone, come = deciding.decision(connection, ids, into, action, who)
            said = list(come)
            return _relabelled(connection, gone, said, (action, why, by, origin), come)

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
    instead: Mapping[Label, int | None] | None = None,
) -> Edit | None:
    """Write labels that go and come as one edit, where there are any."""
    if not gone and not come:
        return None
    edit = history.append(connection, *reason)
    end_rows(connection, schema.labels, gone, edit.id)
    saying.say(connection, come, edit.id, instead)
    return replace(edit, labels_added=len(come), labels_removed=len(gone))
