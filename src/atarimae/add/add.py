"""The step: read what sources hold, refuse what is unreadable, record the rest at once."""

import gc
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from atarimae.add.boxing import Read, within
from atarimae.add.coco import read_coco
from atarimae.add.copying import copy_in
from atarimae.add.entry import Entry, Found, is_picture, merged, placed
from atarimae.add.folder import read_folder
from atarimae.add.reading import read_entries, stored_path
from atarimae.add.table import read_table
from atarimae.errors import UsageError
from atarimae.store import Refusal, Row, Store
from atarimae.store.store import content_hash
from atarimae.types import Data, Image, Label, Progress, Version, silent
from atarimae.workspace import MAX_PIXELS, Workspace


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
        }


def add(
    workspace: Workspace,
    sources: Sequence[Path],
    *,
    labels: Path | None = None,
    copy: bool = False,
    progress: Progress = silent,
) -> Report:
    """Add the pictures of folders, CSVs and single files; one edit, or none if it is broken off.

    Raises `UsageError` for sources that are nothing of the kind and for bad CSVs. Files that
    can't be read are refused one by one, and the rest goes in.
    """
    with _rarely_collected():
        found = entries(*sources, labels=labels)
        store = Store(workspace)
        read = _read(workspace, found, store.images(), copy, progress)
        changes = store.record(read, why=", ".join(map(str, sources)))
    present = changes.present + changes.moved + changes.changed
    return Report(
        changes.added, present, changes.moved, changes.changed, changes.refused, found.ignored,
        changes.mended,
    )  # fmt: skip


def _read(
    workspace: Workspace, found: Found, known: Mapping[str, Image], copy: bool, progress: Progress
) -> Iterator[Row | Refusal]:
    """What the store is to know of the files, one after the other, as they are read."""
    root = workspace.root
    for refusal in found.refused:
        yield replace(refusal, file=stored_path(refusal.file, str(root)))
    read: Iterable[Read] = read_entries(found.entries, root, known, workspace.max_pixels, progress)
    if any(entry.boxes for entry in found.entries):
        read = within(read)  # all of them, before anything is copied
    for entry, one in read:
        yield copy_in(workspace, entry, one) if copy and isinstance(one, Row) else one


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


def entries(*sources: Path, labels: Path | None = None) -> Found:
    """What the sources hold, unread; each file once.

    With `labels`, labels come from that CSV or COCO file alone and sub-folders name nothing; its
    files are looked for in the sources that are folders, then beside it.
    """
    found = [_source(Path(source), labelled=labels is None) for source in sources]
    rows: list[Entry] = []
    if labels is not None:
        roots = [Path(source) for source in sources if Path(source).is_dir()]
        rows = (read_coco if _is_json(labels) else read_table)(labels, roots)
    return Found(
        tuple(merged([entry for part in found for entry in part.entries] + rows)),
        tuple(refusal for part in found for refusal in part.refused),
        sum(part.ignored for part in found),
    )


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
        image = row.image.hash
        names[image].update(dict.fromkeys(Label(image, name) for name in row.labels))
        boxes = (Label(image, name, "box", box) for name, box in row.boxes)
        names[image].update(dict.fromkeys(boxes))
    said = {image: tuple(labels) for image, labels in names.items()}
    version = Version(0, content_hash(files, said))
    return Data(root, version, files, {row.image.hash: row.image for row in rows}, said), refused


def _is_json(path: Path) -> bool:
    return path.suffix.lower() == ".json"


def _source(source: Path, *, labelled: bool) -> Found:
    if source.is_dir():
        return read_folder(source.absolute(), labelled=labelled)
    if source.suffix.lower() == ".csv" and source.exists():
        return Found(tuple(read_table(source)))
    if _is_json(source) and source.exists():
        return Found(tuple(read_coco(source)))
    if is_picture(source.name):  # a missing one is refused when it is read
        return Found((Entry(placed(source.absolute())),))
    raise UsageError(
        f"Nothing to add in {source}.",
        "It is no folder, CSV, COCO file or picture."
        if source.exists()
        else "There is no such file or folder.",
        "Name a folder of pictures, a CSV with file,label, or a picture.",
    )
