"""Single tiles out of a pyramid's file, without unpacking it."""

import os
import re
import struct
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

Name = tuple[int, int, int]  # level, column, row

ENTRY = re.compile(r"t_files/(\d+)/(\d+)_(\d+)\.(png|jpg)")
KINDS = {"png": "image/png", "jpg": "image/jpeg"}
HEAD = 30  # bytes of an entry's own header before its name, by the zip specification
ROOM = 256  # bytes for that name and what may come after it
KEPT = 16  # pyramids whose lists of tiles stay in memory


@dataclass(frozen=True, slots=True)
class Tile:
    """A picture's bytes and what they are."""

    content: bytes
    kind: str


def read(path: Path, name: Name) -> Tile | None:
    """One tile; None where the pyramid has none there, or is not made.

    The file is opened for each, so that a cache that is deleted meanwhile leaves nothing open.
    """
    try:
        with path.open("rb", buffering=0) as file:
            status = os.fstat(file.fileno())
            places = _places(path, status.st_mtime_ns, status.st_size)
            if name not in places:
                return None
            start, size, kind = places[name]
            file.seek(start)
            block = file.read(HEAD + ROOM + size)
    except (FileNotFoundError, zipfile.BadZipFile):
        return None
    skipped = HEAD + sum(struct.unpack_from("<HH", block, 26))
    return Tile(block[skipped : skipped + size], kind)


def names(path: Path) -> list[Name]:
    """Every tile that a pyramid has."""
    status = path.stat()
    return list(_places(path, status.st_mtime_ns, status.st_size))


@lru_cache(maxsize=KEPT)
def _places(path: Path, _changed: int, _size: int) -> Mapping[Name, tuple[int, int, str]]:
    """Where each tile's entry begins, its bytes and its kind."""
    with zipfile.ZipFile(path) as pyramid:
        found = ((ENTRY.fullmatch(entry.filename), entry) for entry in pyramid.infolist())
        return {
            (int(named[1]), int(named[2]), int(named[3])): (
                entry.header_offset, entry.file_size, KINDS[named[4]],
            )
            for named, entry in found
            if named
        }  # fmt: skip
