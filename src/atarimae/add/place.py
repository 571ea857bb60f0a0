"""A file or folder that is to be added. What is read of it to tell its format is kept for reading.

JSON is read as people save it: UTF-8 with or without BOM, UTF-16, Shift-JIS.
"""

import json
import os
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from xml.etree.ElementTree import Element

from atarimae import files
from atarimae.add import markup
from atarimae.add.folder import walk
from atarimae.errors import UsageError

_LOOKED_AT = 5  # files of a folder that tell its format; broken ones are told by its reader
_LOOKED_INTO = 50  # folders in a folder


class Place:
    """One place on the disk, and what lies there. An archive's is `alone`: it leads nowhere."""

    def __init__(self, path: Path, *, alone: bool = False) -> None:
        self.path = path
        self.alone = alone
        self._inner: dict[str, Place] = {}

    def reaches(self, path: Path) -> bool:
        """Whether what the place refers to is there, and may be looked into."""
        return path.exists() and not (self.alone and not path.is_relative_to(self.path))

    @cached_property
    def is_folder(self) -> bool:
        """Whether it is one, links followed."""
        return self.path.is_dir()

    @property
    def suffix(self) -> str:
        """In lower case, with its dot."""
        return self.path.suffix.lower()

    @cached_property
    def text(self) -> str:
        """What the file holds, decoded."""
        return files.read_text(self.path)

    @cached_property
    def json(self) -> object:
        """The value in a JSON file; NaN and infinities are let in, and refused as numbers."""
        try:
            return json.loads(self.text)
        except json.JSONDecodeError as error:
            found = f"Line {error.lineno}, column {error.colno}: {error.msg}."
        except RecursionError:
            found = "Its values lie too deep in one another."
        except ValueError as error:  # a number of thousands of digits
            found = f"{error}."
        raise UsageError(
            f"{self.path} is no JSON.", found, "Export it again from the tool that wrote it."
        )

    @cached_property
    def xml(self) -> Element:
        """The root element of an XML."""
        return markup.parse(self.path)

    def inner(self, name: str) -> "Place":
        """What lies in this folder under that name, the same each time."""
        return self._inner.setdefault(name, Place(self.path / name))

    def has(self, name: str) -> bool:
        """Whether something lies in this folder under that name."""
        return os.path.exists(self.path / name)  # False too where we may not look

    def named(self, suffix: str) -> list["Place"]:
        """The files of this folder itself with that suffix, in order of name."""
        names = (name for name, is_folder in self._listing if not is_folder)
        return [self.inner(name) for name in names if name.lower().endswith(suffix)]

    def folders(self) -> list["Place"]:
        """The folders in this one, in order of name."""
        return [self.inner(name) for name, is_folder in self._listing if is_folder]

    @cached_property
    def _listing(self) -> list[tuple[str, bool]]:
        """Names, and whether each is a folder's; hidden ones, pipes and devices are passed over."""
        try:
            with os.scandir(self.path) as items:
                told = [item for item in items if item.name[0] != "." and not _is_pipe(item)]
                return sorted((item.name, item.is_dir()) for item in told)
        except OSError:  # told when it is read
            return []

    def below(self, suffix: str) -> Iterator["Place"]:
        """Every file with that suffix below this folder, in order of path."""
        for parts, found in walk(str(self.path), (), frozenset()):
            if isinstance(found, str) and parts[-1].lower().endswith(suffix):
                yield Place(Path(found))

    def samples(self, suffix: str) -> Iterator["Place"]:
        """The first files with that suffix, here and in the folders here: they tell a format."""
        for folder in (self, *self.folders()[:_LOOKED_INTO]):
            yield from folder.named(suffix)[:_LOOKED_AT]

    def json_or_none(self) -> object:
        """The value, or None where it can't be read."""
        try:
            return self.json
        except UsageError:
            return None

    def root_or_none(self) -> str | None:
        """The name of the root element, or None where it can't be read."""
        try:
            return self.xml.tag
        except UsageError:
            return None


def _is_pipe(item: os.DirEntry[str]) -> bool:
    """Reading one would wait for ever; a link that leads nowhere is told when it is read."""
    return not (item.is_file() or item.is_dir() or item.is_symlink())
