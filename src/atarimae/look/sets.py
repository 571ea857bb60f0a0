"""Chosen sets of images: named by their content, so that a link to one means the same for good."""

import hashlib
import re
from collections.abc import Collection
from threading import Lock

from atarimae import files
from atarimae.errors import AtarimaeError
from atarimae.web.frame import WebError
from atarimae.workspace import Workspace

DIGITS = 16  # of the SHA-256 of its images, in a set's name
NAME = re.compile(f"[0-9a-f]{{{DIGITS}}}")
MOST = 200_000  # images of one set
REMEMBERED = 8  # sets that are held in memory


class Sets:
    """The chosen sets of a workspace: `sets/ID.txt`, an image's hash a line, in order of hash."""

    def __init__(self, workspace: Workspace) -> None:
        self.folder = workspace.root / "sets"
        self._lock = Lock()
        self._held: dict[str, frozenset[str]] = {}

    def keep(self, images: Collection[str]) -> str:
        """Write the set of these images where it is not there yet; gives its name."""
        if not images:
            raise AtarimaeError("A set needs images.", "None was chosen.", "Choose at least one.")
        text = "\n".join(sorted(set(images))) + "\n"
        name = named(text)
        path = self.folder / f"{name}.txt"
        if not path.is_file():
            files.write(path, text)
        return name

    def images(self, name: str) -> frozenset[str]:
        """The images of a set, by its name."""
        with self._lock:
            if name not in self._held:
                if len(self._held) >= REMEMBERED:
                    self._held.clear()
                self._held[name] = self._read(name)
            return self._held[name]

    def _read(self, name: str) -> frozenset[str]:
        path = self.folder / f"{name}.txt"
        try:
            text = path.read_text() if NAME.fullmatch(name) else None
        except (OSError, UnicodeDecodeError):
            text = None
        if text is None:
            raise WebError(
                404, "set", "There is no such set of images.", f"It is asked for as '{name[:40]}'.",
                "Choose the images again, on the map say.",
            )  # fmt: skip
        if named(text) != name:
            raise WebError(
                409, "set", "The set of images was changed.", f"{path} is not what its name says.",
                "Restore the file, or choose the images again.",
            )  # fmt: skip
        return frozenset(text.split())


def named(text: str) -> str:
    """The name of a set that is written so."""
    return hashlib.sha256(text.encode()).hexdigest()[:DIGITS]
