"""The step: labels of a version and a split, written in one format, whole or not at all."""

import os
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from atarimae.errors import UsageError, unknown_name
from atarimae.export import formats
from atarimae.export.format import Format
from atarimae.export.item import Item
from atarimae.export.left import told
from atarimae.export.picking import Picked, facts, pick
from atarimae.export.placing import Placing
from atarimae.files import writing
from atarimae.store import Refusal, Store
from atarimae.types import BOX, POLYGON, Data, Progress, silent
from atarimae.workspace import Workspace


@dataclass(frozen=True)
class Exported:
    """What was written, what could not be carried, and files that are gone from the disk."""

    format: str
    folder: Path
    edit: int
    files: int
    classes: int
    boxes: int
    outlines: int
    texts: int
    pairs: int
    left: Mapping[str, int]  # by kind, see left.py
    missing: tuple[Refusal, ...]
    again: Path  # what to add to have it back

    def told(self) -> list[str]:
        """What could not be carried, a line a kind."""
        return told(self.left)

    def as_dict(self) -> dict[str, object]:
        """The shape of `export --json`."""
        return {
            "format": self.format,
            "folder": str(self.folder),
            "edit": self.edit,
            "files": self.files,
            "classes": self.classes,
            "boxes": self.boxes,
            "outlines": self.outlines,
            "texts": self.texts,
            "pairs": self.pairs,
            "left_out": dict(self.left),
            "missing": [{"file": r.file, "found": r.found, "fix": r.fix} for r in self.missing],
            "again": str(self.again),
        }


def export(
    workspace: Workspace,
    name: str,
    out: Path,
    *,
    copy: bool = False,
    at: int | None = None,
    split: str | None = None,
    progress: Progress = silent,
) -> Exported:
    """Write what people say of the files into a new folder, in the format of that name.

    `at` is a version; `split` leaves the other files out. With `copy` the pictures are copied.
    """
    format = formats.named(name)
    return write(picked(workspace, at, split), format, out, copy=copy, progress=progress)


def picked(workspace: Workspace, at: int | None, split: str | None) -> Data:
    """The data at a version, of one split or of all."""
    data = Store(workspace).data(at)
    if split is None:
        return data
    if not (found := data.split(split)):
        raise unknown_name("split", split, {f.split for f in data.files if f.split})
    return found


def write(
    data: Data, format: Format, out: Path, *, copy: bool = False, progress: Progress = silent
) -> Exported:
    """The same of data in memory."""
    left: Counter[str] = Counter()
    there = data.where(lambda file: data.path(file).is_file())
    missing = [_missing(file.path) for file in set(data.files) - set(there.files)]
    labels = _picked(there, format, left)
    left.update(facts(there.files, format))
    if "covered" not in format.carries:
        left["covered"] += len({file.image for file in there.files} & data.covered.keys())
    with _whole(out) as build:
        placing = Placing(format, there, build, out, copy)
        items: list[Item] = []
        for count, file in enumerate(there.files, start=1):
            found, image = labels[file.image], data.images[file.image]
            name = placing.place(file, image, found.classes, data.path(file))
            covered = data.covered.get(file.image, frozenset[str]())
            items.append(
                Item(name, file, image, found.classes, found.shapes, found.texts, covered=covered)
            )
            progress(count, len(there), "writing")
        items = _paired(items, labels, left)
        left.update(format.write(build, items) or {})
    shapes = Counter(label.kind for item in items for label in item.shapes)
    return Exported(
        format.name, out, data.version.edit, len(items),
        sum(len(item.classes) for item in items), shapes[BOX], shapes[POLYGON],
        sum(len(item.texts) for item in items), sum(len(item.pairs) for item in items),
        {kind: count for kind, count in left.items() if count},
        tuple(sorted(missing, key=lambda one: one.file)), out / format.again,
    )  # fmt: skip


def _missing(path: str) -> Refusal:
    return Refusal(path, "It is gone from the disk.", "Put it back, and export again.")


def _picked(data: Data, format: Format, left: Counter[str]) -> Mapping[str, Picked]:
    """By image; each is counted once, however many files it has."""
    images = dict.fromkeys(file.image for file in data.files)
    return {
        image: pick(data.labels.get(image, ()), data.images[image], format, left)
        for image in images
    }


def _paired(items: Sequence[Item], labels: Mapping[str, Picked], left: Counter[str]) -> list[Item]:
    """The items with their pairs, the first file of each image alone; both have to be there."""
    names: dict[str, str] = {}
    for item in items:
        names.setdefault(item.image.hash, item.name)
    found = []
    for item in items:
        said = labels[item.image.hash].pairs if names[item.image.hash] == item.name else ()
        left["pairs"] += sum(pair.other not in names for pair in said)
        there = [(pair.value, names[pair.other]) for pair in said if pair.other in names]
        found.append(replace(item, pairs=tuple(there)))
    return found


@contextmanager
def _whole(out: Path) -> Iterator[Path]:
    """A folder beside `out` that takes its name in the end; `out` is new or empty."""
    if out.is_symlink() or out.exists():
        if not out.is_dir():
            raise UsageError(f"{out} is there already.", "It is a file.", "Name a new folder.")
        if any(out.iterdir()):
            raise UsageError(f"{out} is there already.", "It is not empty.", "Name a new folder.")
    with writing(str(out)):
        out.parent.mkdir(parents=True, exist_ok=True)
        build = Path(tempfile.mkdtemp(dir=out.parent, prefix=f".{out.name}."))
    try:
        with writing(str(out)):
            yield build
            build.chmod(0o755)
            os.replace(build, out)
    except BaseException:
        shutil.rmtree(build, ignore_errors=True)
        raise
