"""Every file read once, hashed and decoded, in parallel."""

import os
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path

from atarimae.add.entry import Entry
from atarimae.add.parallel import in_parallel
from atarimae.errors import AtarimaeError
from atarimae.predict.source import examine
from atarimae.store import Refusal, Row
from atarimae.types import File, Image, Progress

_CHUNK = 64  # files that a worker takes at once, at most

# An image's columns: records with slots are slow to send between processes.
_Plain = tuple[str, int, int, str, int, str | None]


def read_entries(
    entries: Sequence[Entry],
    root: Path,
    known: Mapping[str, Image],
    max_pixels: int,
    progress: Progress,
) -> tuple[list[tuple[Entry, Row]], list[Refusal]]:
    """What can be recorded, with paths relative to `root`, and what is refused; in order.

    Contents in `known` (by hash) are not decoded again.
    """
    size = min(_CHUNK, 1 + len(entries) // 100)  # so that progress moves by the hundredth
    chunks = [entries[i : i + size] for i in range(0, len(entries), size)]
    taken: list[tuple[Entry, Row]] = []
    refused: list[Refusal] = []
    read = in_parallel(
        lambda chunk: [_read(entry, root, known, max_pixels) for entry in chunk], chunks
    )
    for chunk, results in zip(chunks, read, strict=True):
        for entry, result in zip(chunk, results, strict=True):
            if isinstance(result, Refusal):
                refused.append(result)
            else:
                taken.append((entry, _row(entry, root, Image(*result))))
        progress(len(taken) + len(refused), len(entries), "reading")
    return taken, refused


def stored_path(path: Path, root: Path) -> str:
    """Relative to `root`, with forward slashes; bytes that are not UTF-8 become question marks."""
    folder, name = os.path.split(path)
    relative = f"{_relative(folder, str(root))}/{name}".removeprefix("./")
    return os.fsencode(relative).decode("utf-8", "replace")


@lru_cache(maxsize=4096)
def _relative(folder: str, root: str) -> str:
    return os.path.relpath(folder, root).replace(os.sep, "/")


def _read(
    entry: Entry, root: Path, known: Mapping[str, Image], max_pixels: int
) -> _Plain | Refusal:
    try:
        _check_name(entry.path)
        image = examine(entry.path, max_pixels, known)
        return (image.hash, image.width, image.height, image.format, image.bytes, image.parent)
    except AtarimaeError as error:
        line = f" (line {entry.line} of the CSV)" if entry.line is not None else ""
        found = error.found.removesuffix(".") + line + "."
        return Refusal(stored_path(entry.path, root), found, error.fix)


def _row(entry: Entry, root: Path, image: Image) -> Row:
    path = stored_path(entry.path, root)
    file = File(path, image.hash, entry.split, entry.role, entry.group, entry.source)
    return Row(file, image, entry.labels, entry.given)


def _check_name(path: Path) -> None:
    try:
        str(path).encode("utf-8")
    except UnicodeEncodeError:
        raise AtarimaeError(
            "", "Its name is not UTF-8.", "Rename it, with convmv for example."
        ) from None
