"""The small files of a run folder that make up a `Run`; the index keeps them by their stamps.

To have another small file of a run listed fast, name it in `READERS`.
"""

import os
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path

from atarimae import files
from atarimae.errors import AtarimaeError

Records = dict[str, dict[str, object]]  # by file name; a file that is not there is left out


def read(folder: Path) -> Records:
    """What the files say now; a file that can't be read is named by the error."""
    return {
        name: reader(folder / name)
        for name, reader in READERS.items()
        if name == "run.json" or (folder / name).is_file()
    }


def stamp(folder: str, names: Mapping[str, object] | tuple[str, ...]) -> tuple[str, int]:
    """A text that changes whenever one of the files does, and when that was last, in ns.

    Empty where the first of them is not there.
    """
    marks: list[str] = []
    newest = 0
    for name in names:
        try:
            found = os.stat(f"{folder}/{name}")  # pathlib takes twice the time
        except OSError:
            if not marks:
                return "", 0
            marks.append("-")
            continue
        # The inode: a file that was renamed into place may have the old one's size and time.
        marks.append(f"{found.st_mtime_ns}:{found.st_size}:{found.st_ino}")
        newest = max(newest, found.st_mtime_ns)
    return " ".join(marks), newest


def unreadable(path: Path, found: str) -> AtarimaeError:
    """The error for a file that is there and is not what it should be."""
    return AtarimaeError(
        f"{path} can't be read.", found, "Restore the file, or take the run's folder away."
    )


def _toml(path: Path) -> dict[str, object]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise unreadable(path, f"{error}.") from None


READERS: Mapping[str, Callable[[Path], dict[str, object]]] = {
    "run.json": files.read_json,
    "result.json": files.read_json,
    "recipe.toml": _toml,
}
