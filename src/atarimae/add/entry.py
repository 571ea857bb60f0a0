"""One file as its source states it, before it is read."""

import os
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from atarimae.errors import UsageError, unknown_name
from atarimae.store import Refusal
from atarimae.types import BOX, ROLES, SPLITS, Box, Label

READABLE = (".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".apng", ".webp", ".bmp", ".dib", ".tif",
            ".tiff", ".gif")  # fmt: skip
# Not read, but whoever has such pictures should hear of it.
REFUSED = (".heic", ".heif", ".avif", ".jxl", ".jp2", ".psd", ".svg", ".ico")
STATED = ("split", "role", "group", "source")  # what may be said of a file
# How other tools call the splits.
_OTHER_SPLITS = {"training": "train", "valid": "val", "validation": "val", "dev": "val",
                 "testing": "test"}  # fmt: skip


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
    shares: tuple[tuple[str, Box], ...] = ()  # the same, in shares of the width and the height
    # Labels of other kinds, which name no image; a box with points is told by its corners.
    others: tuple[Label, ...] = ()
    traced: tuple[Label, ...] = ()  # the same, in shares of the width and the height
    pairs: tuple[tuple[str, str], ...] = ()  # what two pictures are, and the path of the other
    covered: tuple[str, ...] = ()  # classes that the picture was looked through for

    @property
    def has_shapes(self) -> bool:
        """Whether labels wait for what only reading the pictures tells: sizes and hashes."""
        return bool(self.boxes or self.shares or self.others or self.traced or self.pairs)


@dataclass(frozen=True, slots=True)
class Found:
    """What a source holds. `ignored` counts files that are no pictures by their names.

    `left` counts what its labels say beyond what a label can hold, by kind: see `left.py`.
    """

    entries: tuple[Entry, ...] = ()
    refused: tuple[Refusal, ...] = ()
    ignored: int = 0
    left: Mapping[str, int] = field(default_factory=dict)
    formats: Mapping[str, str] = field(default_factory=dict)  # by source


def is_picture(name: str) -> bool:
    """Whether the file's name says that it is a picture."""
    return name.lower().endswith(READABLE + REFUSED)


def text(value: str) -> str:
    """A label or name without spaces around it, composed (NFC): one word, one string."""
    return unicodedata.normalize("NFC", value.strip())


def split_of(name: str) -> str | None:
    """The split that a folder's or tag's name says, in any tool's spelling; None for another."""
    name = name.strip().lower()
    name = _OTHER_SPLITS.get(name, name)
    return name if name in SPLITS else None


def stated(said: Mapping[str, object]) -> dict[str, Any]:
    """What is said of a file by name, as fields of `Entry`; empty texts say nothing.

    Raises `UsageError` for a split or role that there is not.
    """
    told = {key: text(value) for key in STATED if isinstance(value := said.get(key), str)}
    told = {key: value for key, value in told.items() if value}
    for key, allowed in (("split", SPLITS), ("role", ROLES)):
        if key in told and told[key] not in allowed:
            raise unknown_name(key, told[key], allowed)
    return {**told, "given": frozenset(told)}


def beyond(said: object, labels: Iterable[str]) -> dict[str, Any]:
    """What `atarimae export` wrote under the key `atarimae`, and the labels, as fields of `Entry`.

    The picture's classes stand there where they are not those that boxes and flags say; those that
    it was looked through for where the format has no place for these.
    """
    if said is None:
        return {"labels": tuple(dict.fromkeys(filter(None, labels)))}
    if not isinstance(said, dict):
        raise UsageError(f"Its 'atarimae' is {str(said)[:60]!r}.", "", "It needs an object.")
    classes = said.get("classes")
    if isinstance(classes, list):
        labels = [text(one) for one in classes if isinstance(one, str)]
    looked = said.get("covered")
    looked = looked if isinstance(looked, list) else []
    covered = [text(one) for one in looked if isinstance(one, str)]
    return {
        "labels": tuple(dict.fromkeys(filter(None, labels))),
        "covered": tuple(dict.fromkeys(filter(None, covered))),
        **stated(said),
    }


def apart(labels: Iterable[Label]) -> dict[str, Any]:
    """Labels in pixels as fields of `Entry`: boxes, and others."""
    found = list(dict.fromkeys(labels))
    plain = {one for one in found if one.kind == BOX and one.box is not None and not one.points}
    return {
        "boxes": tuple((one.value, one.box) for one in found if one in plain),
        "others": tuple(one for one in found if one not in plain),
    }


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
        shares=tuple(dict.fromkeys(old.shares + new.shares)),
        others=tuple(dict.fromkeys(old.others + new.others)),
        traced=tuple(dict.fromkeys(old.traced + new.traced)),
        pairs=tuple(dict.fromkeys(old.pairs + new.pairs)),
        covered=tuple(dict.fromkeys(old.covered + new.covered)),
        given=old.given | new.given,
        line=old.line if old.line is not None else new.line,
        **stated,
    )
