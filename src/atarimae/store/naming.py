"""Files as people name them: by a path, a folder, or the hash of an image."""

import os
import re
from collections.abc import Sequence
from pathlib import Path

from atarimae.errors import UsageError
from atarimae.types import Data, File

HASH = re.compile("[0-9a-f]{8,64}")
NAMED = 5  # words that an error repeats; it counts the rest


def named_files(data: Data, words: Sequence[str | Path]) -> list[File]:
    """The files of the data that the words name, each once, in order of path.

    A path is one as in the store, or one on the disk; a folder stands for all files in it, eight
    digits of a hash or more for all files of that image. Raises `UsageError` with all words that
    name nothing.
    """
    found: dict[str, File] = {}
    unknown = []
    for word in map(str, words):
        files = _named(data, word)
        found |= {file.path: file for file in files}
        if not files:
            unknown.append(word)
    if unknown:
        more = f" and {len(unknown) - NAMED:,} more" if len(unknown) > NAMED else ""
        listed = "', '".join(unknown[:NAMED])
        raise UsageError(
            f"No file '{listed}'{more} in the data.",
            f"It has {len(data):,} files.",
            "Name a path, a folder or a hash, as 'atarimae at last --list' shows them.",
        )
    return [found[path] for path in sorted(found)]


def _named(data: Data, word: str) -> list[File]:
    places = {word.rstrip("/"), _stored(word, data.root)}
    files = [file for file in data.files if file.path in places]
    if files:
        return files
    folders = tuple(f"{place}/" for place in places)
    files = [file for file in data.files if file.path.startswith(folders)]
    if files or not HASH.fullmatch(word):
        return files
    return [file for file in data.files if file.image.startswith(word)]


def _stored(word: str, root: Path) -> str:
    """A path on the disk as the store would write it."""
    return os.path.relpath(os.path.abspath(word), root).replace(os.sep, "/")
