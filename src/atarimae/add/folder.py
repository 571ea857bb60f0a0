"""A folder of pictures: with a sub-folder per class, or flat.

photos/dassai/1.jpg        label dassai
photos/dassai/old/2.jpg    label dassai: the first level below the source
photos/3.jpg               no label
photos/train/dassai/1.jpg  split train, label dassai, where photos holds nothing but folders
                           named train, val or test, and at least two of them
"""

import os
import re
from collections.abc import Iterator
from pathlib import Path

from atarimae.add.entry import Entry, Found, is_picture, text
from atarimae.store import Refusal
from atarimae.types import SPLITS
from atarimae.workspace import SETTINGS

_SYSTEM = frozenset(("__MACOSX", "Thumbs.db", "desktop.ini"))


def read_folder(folder: Path, *, labelled: bool = True) -> Found:
    """Every picture below `folder`, in order of path; labels from its sub-folders if `labelled`.

    Hidden files and what systems leave behind are passed over. So are the runs, the cache and
    the copies of a workspace. Links are followed, but not in circles.
    """
    entries: list[Entry] = []
    refused: list[Refusal] = []
    ignored = 0
    splits = labelled and _is_split(folder)
    for parts, found in walk(str(folder), (), frozenset()):
        if isinstance(found, Refusal):
            refused.append(found)
        elif is_picture(parts[-1]):
            entries.append(_entry(found, parts[:-1] if labelled else (), splits))
        else:
            ignored += 1
    return Found(tuple(entries), tuple(refused), ignored)


def walk(
    folder: str, parts: tuple[str, ...], above: frozenset[str]
) -> Iterator[tuple[tuple[str, ...], str | Refusal]]:
    """Files with their names from the source down; folders that can't be listed as refusals."""
    folder = os.path.realpath(folder)  # the one path of a file, whichever links lead to it
    if folder in above:
        return
    try:
        with os.scandir(folder) as listing:
            items = sorted(listing, key=lambda item: item.name)
    except OSError as error:
        yield parts, _unlistable(folder, error)
        return
    for item in items:
        if item.name.startswith(".") or item.name in _SYSTEM:
            continue
        if not _is_folder(item):
            yield (*parts, item.name), item.path
        elif not _is_ours(Path(folder), item.name):
            yield from walk(item.path, (*parts, item.name), above | {folder})


def _is_folder(item: os.DirEntry[str]) -> bool:
    try:
        return item.is_dir()
    except OSError:  # a link in a circle: a file that will be refused
        return False


def _unlistable(folder: str, error: OSError) -> Refusal:
    """The refusal of a folder that the system does not let us list."""
    found = f"The folder can't be listed: {(error.strerror or 'unknown error').lower()}."
    return Refusal(folder, found, "Check its rights and owner, and add it again.")


def _is_ours(folder: Path, name: str) -> bool:
    """Whether a sub-folder holds what atarimae itself wrote: copies, archives, runs, cache."""
    if name in ("runs", "cache", "archives"):
        return (folder / SETTINGS).is_file()
    is_copies = folder.name == "images" and re.fullmatch("[0-9a-f]{2}", name) is not None
    return is_copies and (folder.parent / SETTINGS).is_file()


def _is_split(folder: Path) -> bool:
    try:
        names = {item.name for item in os.scandir(folder) if not item.name.startswith(".")}
    except OSError:
        return False
    return len(names) > 1 and names <= set(SPLITS)


def _entry(path: str, folders: tuple[str, ...], splits: bool) -> Entry:
    split = folders[0] if splits and folders else None
    rest = folders[1:] if splits else folders
    label = text(rest[0]) if rest else ""
    given = frozenset(("split",)) if split else frozenset()
    return Entry(path, (label,) if label else (), split, given=given)
