"""Every file read once, hashed and decoded, in parallel."""

import os
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path

from atarimae.add.entry import Entry
from atarimae.errors import AtarimaeError
from atarimae.parallel import in_parallel
from atarimae.predict.source import examine
from atarimae.store import Refusal, Row
from atarimae.types import File, Image, Progress

_CHUNK = 64  # files that a worker takes at once, at most

# A path and an image's columns: records with slots are slow to send between processes.
_Plain = tuple[str, str, int, int, str, int, str | None]


def read_entries(
    entries: Sequence[Entry],
    root: Path,
    known: Mapping[str, Image],
    max_pixels: int,
    progress: Progress,
) -> Iterator[tuple[Entry, Row | Refusal]]:
    """What can be recorded and what is refused, as it is read; paths relative to `root`.

    Contents in `known` (by hash) are not decoded again.
    """
    size = min(_CHUNK, 1 + len(entries) // 100)  # so that progress moves by the hundredth
    chunks = [entries[i : i + size] for i in range(0, len(entries), size)]
    done = 0
    read = in_parallel(
        lambda chunk: [_read(entry, str(root), known, max_pixels) for entry in chunk], chunks
    )
    for chunk, results in zip(chunks, read, strict=True):
        for entry, result in zip(chunk, results, strict=True):
            yield entry, result if isinstance(result, Refusal) else _row(entry, result)
        done += len(chunk)
        progress(done, len(entries), "reading")


def stored_path(path: str, root: str) -> str:
    """Relative to `root`, with forward slashes; bytes that are not UTF-8 become question marks."""
    folder, name = os.path.split(path)
    relative = f"{_relative(folder, root)}/{name}".removeprefix("./")
    return os.fsencode(relative).decode("utf-8", "replace")


@lru_cache(maxsize=4096)
def _relative(folder: str, root: str) -> str:
    return os.path.relpath(folder, root).replace(os.sep, "/")


def _read(entry: Entry, root: str, known: Mapping[str, Image], max_pixels: int) -> _Plain | Refusal:
    path = stored_path(entry.path, root)
    try:
        _check_name(entry.path)
        image = examine(entry.path, max_pixels, known)
    except AtarimaeError as error:
        line = f" (line {entry.line} of the CSV)" if entry.line is not None else ""
        return Refusal(path, error.found.removesuffix(".") + line + ".", error.fix)
    return (
        path, image.hash, image.width, image.height, image.format, image.bytes, image.parent,
    )  # fmt: skip


def _row(entry: Entry, read: _Plain) -> Row:
    image = Image(*read[1:])
    file = File(read[0], image.hash, entry.split, entry.role, entry.group, entry.source)
    return Row(file, image, entry.labels, entry.given, entry.boxes, entry.others, entry.covered)


def _check_name(path: str) -> None:
    try:
        path.encode("utf-8")
    except UnicodeEncodeError:
        raise AtarimaeError(
            "", "Its name is not UTF-8.", "Rename it, with convmv for example."
        ) from None
