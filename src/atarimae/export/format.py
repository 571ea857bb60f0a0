"""What one format is to `export`."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from atarimae.export.item import Item
from atarimae.types import Data, File

Write = Callable[[Path, Sequence[Item]], Counter[str] | None]
Folder = Callable[[File, tuple[str, ...]], str]
# What a format may carry; each missing one is a kind in `left.py`.
ALL = frozenset(("classes", "several", "boxes", "angles", "polygons", "texts", "unnamed", "apart",
                 "exact", "split", "role", "group", "source"))  # fmt: skip
PAIRS = frozenset(("pairs",))
COVERED = frozenset(("covered",))


def anything(text: str) -> bool:
    """Whether a name or label can be written: all but those with a zero byte."""
    return "\0" not in text


@dataclass(frozen=True, slots=True)
class Format:
    """A format by name.

    `carries` is what of a workspace has a place in it, see `ALL`. `write` writes into an empty
    folder, and returns what it left out beyond that. Pictures are referred to where they lie, or,
    where `inside`, are links in the export's own folder, below it as `folders` says of the data;
    where `once`, no two have the same name, whatever their folders.
    """

    name: str
    text: str
    write: Write
    carries: frozenset[str]
    folders: Callable[[Data], Folder]
    inside: bool = False
    once: bool = False
    holds: Callable[[str], bool] = anything
    again: str = ""  # what in the folder is to be added again; the folder itself if empty


def all_in(folder: str) -> Callable[[Data], Folder]:
    """All pictures in one folder."""
    return lambda _data: lambda _file, _classes: folder
