"""The step: read what sources hold, refuse what is unreadable, record the rest at once."""

import gc
import os
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from atarimae.add.archive import Unpacking
from atarimae.add.boxing import Read, within
from atarimae.add.copying import copy_in
from atarimae.add.entry import Entry, Found
from atarimae.add.left import told
from atarimae.add.reading import read_entries, stored_path
from atarimae.add.sources import entries
from atarimae.add.table import read_frame
from atarimae.store import Refusal, Row, Store
from atarimae.store.content import content_hash
from atarimae.types import Data, Image, Label, Progress, Version, silent
from atarimae.workspace import MAX_PIXELS, Workspace

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Report:
    """What adding did, in numbers of files; `present` counts the moved and the changed too."""

    added: int
    present: int
    moved: int
    changed: int
    refused: tuple[Refusal, ...]
    ignored: int
    mended: int = 0  # files and labels that an edit took out before: they stay out
    # By kind: what labels said beyond what a label can hold.
    left: Mapping[str, int] = field(default_factory=dict)
    formats: Mapping[str, str] = field(default_factory=dict)  # by source
    covered: int = 0  # classes that images are newly covered for

    def told(self) -> list[str]:
        """What was left out, a line a kind."""
        return told(self.left)

    def as_dict(self) -> dict[str, object]:
        """The shape of `add --json`."""
        return {
            "added": self.added,
            "present": self.present,
            "refused": [{"file": r.file, "found": r.found, "fix": r.fix} for r in self.refused],
            "moved": self.moved,
            "changed": self.changed,
            "ignored": self.ignored,
            "mended": self.mended,
            "left_out": dict(self.left),
            "formats": dict(self.formats),
            "covered": self.covered,
        }


def add(
    workspace: Workspace,
    sources: Sequence[Path],
    *,
    labels: Path | None = None,
    format: str | None = None,
    copy: bool = False,
    progress: Progress = silent,
) -> Report:
    """Add the pictures of folders, files of labels and single files; one edit, or none if it is
    broken off.

    Raises `UsageError` for sources that are nothing of the kind and for bad files of labels. Files
    that can't be read are refused one by one, and the rest goes in. `format` is told by each
    source's content if not given.
    """
    with _rarely_collected(), Unpacking(workspace.archives) as unpacking:
        found = entries(*sources, labels=labels, format=format, unpack=unpacking.unpack)
        return _record(workspace, found, ", ".join(map(str, sources)), copy, progress)


def add_frame(
    workspace: Workspace, frame: "pd.DataFrame", *, copy: bool = False, progress: Progress = silent
) -> Report:
    """The same of a table in memory; its files are looked for from here, then in the workspace."""
    found = read_frame(frame, (Path.cwd(), workspace.root))
    return _record(workspace, found, "a DataFrame", copy, progress)


class Saves(Protocol):
    """A Dataset or DatasetDict of Hugging Face's library."""

    def save_to_disk(self, path: str) -> None:
        """Write it as Arrow tables."""


def add_dataset(workspace: Workspace, dataset: Saves, *, progress: Progress = silent) -> Report:
    """The same of a data set of Hugging Face's library: its pictures are copied."""
    with tempfile.TemporaryDirectory() as folder:
        saved = Path(folder) / "dataset"
        dataset.save_to_disk(str(saved))
        return add(workspace, [saved], progress=progress)


def _record(workspace: Workspace, found: Found, why: str, copy: bool, progress: Progress) -> Report:
    store = Store(workspace)
    read = _read(workspace, found, store.images(), copy, progress)
    changes = store.record(read, why=why)
    present = changes.present + changes.moved + changes.changed
    return Report(
        changes.added, present, changes.moved, changes.changed, changes.refused, found.ignored,
        changes.mended, left=found.left, formats=found.formats, covered=changes.covered,
    )  # fmt: skip


def _read(
    workspace: Workspace, found: Found, known: Mapping[str, Image], copy: bool, progress: Progress
) -> Iterator[Row | Refusal]:
    """What the store is to know of the files, one after the other, as they are read."""
    root = workspace.root
    for refusal in found.refused:
        yield replace(refusal, file=stored_path(refusal.file, str(root)))
    read: Iterable[Read] = read_entries(found.entries, root, known, workspace.max_pixels, progress)
    if any(entry.has_shapes for entry in found.entries):
        read = within(read)  # all of them, before anything is copied
    unpacked = f"{os.path.realpath(workspace.archives)}{os.sep}"
    for entry, one in read:
        copied = copy and isinstance(one, Row) and not entry.path.startswith(unpacked)
        yield copy_in(workspace, entry, one) if copied and isinstance(one, Row) else one


@contextmanager
def _rarely_collected() -> Iterator[None]:
    """The garbage collector runs once in a hundred thousand new records, not in 700.

    Records make no cycles, and it would go through all of them and every loaded module time and
    again: a tenth of the time that 5,000 small pictures take.
    """
    before = gc.get_threshold()
    gc.set_threshold(100_000, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)


def load(
    entries: Sequence[Entry],
    root: Path,
    max_pixels: int = MAX_PIXELS,
    progress: Progress = silent,
) -> tuple[Data, list[Refusal]]:
    """The same files as data in memory, at edit 0, without a store; paths relative to `root`."""
    root = root.resolve()
    read = [one for _, one in within(read_entries(entries, root, {}, max_pixels, progress))]
    rows = [one for one in read if isinstance(one, Row)]
    refused = [one for one in read if isinstance(one, Refusal)]
    files = tuple(row.file for row in rows)
    names: dict[str, dict[Label, None]] = defaultdict(dict)  # a set that keeps its order
    for row in rows:
        names[row.image.hash].update(dict.fromkeys(row.said))
    said = {image: tuple(labels) for image, labels in names.items()}
    looked = {row.image.hash: frozenset(row.covered) for row in rows if row.covered}
    version = Version(0, content_hash(files, said, looked))
    images = {row.image.hash: row.image for row in rows}
    return Data(root, version, files, images, said, covered=looked), refused
