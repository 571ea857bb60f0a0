"""Files that tests record, and what they compare."""

import hashlib

from atarimae.store import Row
from atarimae.types import Data, File, Image


def row(path: str, content: str, *labels: str, **columns: str) -> Row:
    """A file that holds `content`; `columns` are what its source states of it."""
    digest = image(content)
    found = Image(digest, 8, 6, "PNG", len(content))
    return Row(File(path, digest, **columns), found, labels, frozenset(columns))


def image(content: str) -> str:
    """The hash of the image that holds `content`."""
    return hashlib.sha256(content.encode()).hexdigest()


def state(data: Data) -> tuple[object, ...]:
    """What is the same after an undo and a redo."""
    return data.files, data.labels, data.version.hash


def paths(data: Data) -> list[str]:
    return [file.path for file in data.files]


def said(data: Data, path: str) -> tuple[str, ...]:
    """The classes of the file at a path."""
    (file,) = (file for file in data.files if file.path == path)
    return data.classes(file)
