"""Files that are written whole or not at all."""

import errno
import fcntl
import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from atarimae.errors import AtarimaeError, UsageError

Binary = IO[bytes]
NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


@contextmanager
def writing(what: str) -> Iterator[None]:
    """Turn an error of the system, such as a full disk, into one in three parts."""
    try:
        yield
    except OSError as error:
        place = f": {error.filename}" if error.filename else ""
        raise AtarimaeError(
            f"{what} can't be written.",
            f"{error.strerror or error}{place}.",
            "Free some space and start again; nothing half-written is left."
            if error.errno in NO_ROOM
            else "Check its rights and place.",
        ) from None


@contextmanager
def having_room(what: str) -> Iterator[None]:
    """The same for a full disk alone, around work that does more than write."""
    try:
        yield
    except OSError as error:
        if error.errno not in NO_ROOM:
            raise
        with writing(what):
            raise


def write(path: Path, content: bytes | str) -> None:
    """Write beside the file and rename: a reader sees the old content or the new, nothing else."""
    with whole(path) as stream:
        stream.write(content.encode() if isinstance(content, str) else content)


@contextmanager
def whole(path: Path) -> Iterator[Binary]:
    """A stream into a file beside it, which takes the file's name when the block is through."""
    with writing(str(path)):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with writing(str(path)), os.fdopen(handle, "wb") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        with writing(str(path)):
            Path(name).chmod(0o644)
            Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def append(path: Path, lines: str) -> None:
    """Append under a lock, in one go; a last line that a crash left half-written is ended first."""
    with writing(str(path)), path.open("ab+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        end = file.seek(0, os.SEEK_END)
        file.seek(max(end - 1, 0))
        torn = file.read(1) not in (b"", b"\n")
        file.write((b"\n" if torn else b"") + lines.encode())
        file.flush()
        os.fsync(file.fileno())


def write_json(path: Path, value: object) -> None:
    """Write a value as indented JSON that people can read, Japanese as it is."""
    write(path, json.dumps(value, ensure_ascii=False, indent=2) + "\n")


def read_text(path: Path) -> str:
    """Text as people save it: UTF-8 with or without BOM, Excel's UTF-16, or Shift-JIS."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise UsageError(
            f"{path} can't be read.",
            f"{error.strerror or error}.",
            "Check the path and its rights.",
        ) from None
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", "replace")  # Excel's "Unicode text"
    for encoding in ("utf-8-sig", "cp932"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise UsageError(
        f"{path} can't be read as text.", "It is neither UTF-8 nor Shift-JIS.", "Save it as UTF-8."
    )


def read_json(path: Path) -> dict[str, object]:
    """Read a JSON object; a file that is none is an error in three parts."""
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise AtarimaeError(
            f"{path} can't be read.", f"{error}.", "Restore the file, or make it anew."
        ) from None
    if not isinstance(value, dict):
        raise AtarimaeError(
            f"{path} can't be read.", f"It holds a {type(value).__name__}.", "An object is needed."
        )
    return value
