"""What one format is to `add`: how it is told from others, and how it is read."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from atarimae.add.entry import Found
from atarimae.add.place import Place


def never(_: Place) -> bool:
    """For formats that are no single file, or no folder."""
    return False


@dataclass(frozen=True, slots=True)
class Format:
    """A format by name. What it is told by must be quick, and must raise nothing for a folder.

    `read` takes a file or folder, and the folders in which pictures are looked for first. It raises
    `UsageError` with all that is bad at once.
    """

    name: str
    read: Callable[[Place, Sequence[Path]], Found]
    is_file: Callable[[Place], bool] = never
    is_folder: Callable[[Place], bool] = never
