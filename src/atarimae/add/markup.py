"""XML as annotation tools write it, and nothing more: no document type, so no entities.

A few lines with entities may stand for gigabytes or for a file of this machine; tools for labels
need none. Text is decoded here, since expat knows no Shift-JIS.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import NoReturn
from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers import expat

from atarimae import files
from atarimae.errors import UsageError

_DEEPEST = 100  # elements in one another; tools write fewer than ten
_DECLARED = re.compile(rb"""^\s*<\?xml[^>]*\bencoding\s*=\s*["']([A-Za-z0-9._-]+)["']""")


def parse(path: Path) -> Element:
    """The root element. Raises `UsageError` for what is no XML, or XML with a document type."""
    reader = _Reader(path)
    try:
        return reader.read(_text(path).encode("utf-8", "replace"))
    except expat.ExpatError as error:
        raise UsageError(
            f"{path} is no XML.",
            f"Line {error.lineno}, column {error.offset + 1}: {expat.ErrorString(error.code)}.",
            "Export it again from the tool that wrote it.",
        ) from None


class _Reader:
    """expat's events, built into elements."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.depth = 0
        self.builder = TreeBuilder()

    def read(self, data: bytes) -> Element:
        # The name wins over what the text declares: it is UTF-8 by now.
        parser = expat.ParserCreate("utf-8")
        parser.buffer_text = True
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self.builder.data
        parser.StartDoctypeDeclHandler = self._refuse
        parser.Parse(data, True)
        return self.builder.close()

    def _start(self, name: str, attributes: Mapping[str, str]) -> None:
        self.depth += 1
        if self.depth > _DEEPEST:
            raise UsageError(
                f"{self.path} can't be read.",
                f"Its elements lie more than {_DEEPEST} deep in one another.",
                "Export it again from the tool that wrote it.",
            )
        self.builder.start(name, dict(attributes))

    def _end(self, name: str) -> None:
        self.depth -= 1
        self.builder.end(name)

    def _refuse(self, *_: object) -> NoReturn:
        raise UsageError(
            f"{self.path} is refused.",
            "It has a document type (<!DOCTYPE …>), which could hide entities.",
            "Delete that line if you trust the file: no tool for labels needs it.",
        )


def _text(path: Path) -> str:
    """In the encoding that the first line declares, where Python knows it."""
    try:
        with path.open("rb") as file:
            declared = _DECLARED.match(file.read(300))
            if declared:
                file.seek(0)
                return file.read().decode(declared[1].decode("ascii"))
    except (OSError, LookupError, UnicodeDecodeError):
        pass  # told, or guessed, by what follows
    return files.read_text(path)
