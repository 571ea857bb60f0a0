"""A folder a class, as `add` and torchvision's `ImageFolder` read it; folders of splits above them.

Splits are folders only where every file has one and there are two or more: with others among them
they would be read as classes.
"""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from atarimae.errors import UsageError
from atarimae.export.format import Folder, Format
from atarimae.export.item import Item
from atarimae.types import SPLITS, Data, File

_SYSTEM = ("__MACOSX", "Thumbs.db", "desktop.ini")  # what `add` passes over
_LONGEST = 255  # bytes of a folder's name


def is_name(text: str) -> bool:
    """Whether a folder can have the name, and `add` doesn't pass it over."""
    bad = "/" in text or "\0" in text or text.startswith(".") or text in _SYSTEM
    return not bad and len(text.encode()) <= _LONGEST


def folders(data: Data) -> Folder:
    """`train/dassai`, or `dassai` alone; pictures without a class lie above."""
    if _has_splits(data.files):
        return lambda file, classes: "/".join((str(file.split), *classes[:1]))
    above = {data.label(file) for file in data.files}
    if len(above) > 1 and above <= {*SPLITS}:
        raise UsageError(
            "These classes can't be folders.",
            f"They are named {', '.join(sorted(map(str, above)))}: folders of splits.",
            "Export another format.",
        )
    return lambda file, classes: "".join(classes[:1])


def write(_folder: Path, items: Sequence[Item]) -> Counter[str]:
    """The pictures lie where they belong; tells the splits that are lost."""
    lost = (
        0
        if _has_splits([item.file for item in items])
        else sum(item.file.split is not None for item in items)
    )
    return Counter(split=lost)


def _has_splits(files: Sequence[File]) -> bool:
    splits = {file.split for file in files}
    return None not in splits and len(splits) > 1


FORMAT = Format(
    "folder",
    "a folder a class",
    write,
    frozenset(("classes", "split")),
    folders,
    inside=True,
    holds=is_name,
)
