"""One file as its source states it, before it is read."""

import os
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from atarimae.store import Refusal
from atarimae.types import Box

READABLE = (".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".apng", ".webp", ".bmp", ".dib", ".tif",
            ".tiff", ".gif")  # fmt: skip
# Not read, but whoever has such pictures should hear of it.
REFUSED = (".heic", ".heif", ".avif", ".jxl", ".jp2", ".psd", ".svg", ".ico")


@dataclass(frozen=True, slots=True)
class Entry:
    """A file and what its source says of it. `given` names the columns that it states."""

    path: str  # absolute; text, since a Path costs more than reading a small picture's header
    labels: tuple[str, ...] = ()
    split: str | None = None
    role: str = "both"
    group: str | None = None
    source: str | None = None
    given: frozenset[str] = frozenset()
    line: int | None = None  # of the CSV, from 1
    boxes: tuple[tuple[str, Box], ...] = ()  # each with its class, "" for none


@dataclass(frozen=True, slots=True)
class Found:
    """What a source holds. `ignored` counts files that are no pictures by their names."""

    entries: tuple[Entry, ...] = ()
    refused: tuple[Refusal, ...] = ()
    ignored: int = 0


def is_picture(name: str) -> bool:
    """Whether the file's name says that it is a picture."""
    return name.lower().endswith(READABLE + REFUSED)


def text(value: str) -> str:
    """A label or name without spaces around it, composed (NFC): one word, one string."""
    return unicodedata.normalize("NFC", value.strip())


def placed(path: Path) -> str:
    """The one path of a file, whichever way it was reached; its own name stays if it is a link."""
    return os.path.join(os.path.realpath(path.parent), path.name)


def merged(found: Iterable[Entry]) -> list[Entry]:
    """Each file once, in order of appearance: labels are gathered, and later statements win."""
    by_path: dict[str, Entry] = {}
    for entry in found:
        old = by_path.get(entry.path)
        by_path[entry.path] = entry if old is None else _both(old, entry)
    return list(by_path.values())


def _both(old: Entry, new: Entry) -> Entry:
    stated = {name: getattr(new, name) for name in new.given}
    return replace(
        old,
        labels=tuple(dict.fromkeys(old.labels + new.labels)),
        boxes=tuple(dict.fromkeys(old.boxes + new.boxes)),
        given=old.given | new.given,
        line=old.line if old.line is not None else new.line,
        **stated,
    )
