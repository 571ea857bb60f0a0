"""Copies inside the workspace, named by content and origin."""

import hashlib
import os
import shutil
import tempfile
from dataclasses import replace
from pathlib import Path

from atarimae.add.entry import Entry
from atarimae.add.reading import stored_path
from atarimae.errors import AtarimaeError
from atarimae.store import Row
from atarimae.workspace import Workspace

_SUFFIX = {"JPEG": "jpg", "TIFF": "tif"}


def copy_in(workspace: Workspace, entry: Entry, row: Row) -> Row:
    """The row with the path of its copy, `images/ab/abcd…-0123cdef.png`.

    The name's second part is of the origin's path: another file with the same content gets a
    copy of its own, since its split and source are its own. A copy that is there is left alone.
    """
    copy = workspace.images / row.image.hash[:2] / _name(row)
    if not copy.exists():
        _copy(entry.path, copy)
    path = stored_path(str(copy), str(workspace.root))
    return replace(row, file=replace(row.file, path=path))


def _name(row: Row) -> str:
    origin = hashlib.sha256(row.file.path.encode()).hexdigest()[:8]
    suffix = _SUFFIX.get(row.image.format, row.image.format.lower())
    return f"{row.image.hash}-{origin}.{suffix}"


def _copy(origin: str, copy: Path) -> None:
    """Whole or not at all: written beside its place, then renamed."""
    temporary = None
    try:
        copy.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=copy.parent, prefix=".")
        os.close(handle)
        shutil.copyfile(origin, temporary)
        Path(temporary).chmod(0o644)
        os.replace(temporary, copy)
    except OSError as error:
        raise AtarimaeError(
            f"{origin} can't be copied to {copy.parent}.",
            f"{error.strerror or error}.",
            "Make room or check the rights, and add again; nothing was recorded.",
        ) from None
    finally:
        if temporary:
            Path(temporary).unlink(missing_ok=True)
