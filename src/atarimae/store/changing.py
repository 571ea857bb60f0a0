"""Files of the data that change their split, role, group or source, or leave the data."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection

from atarimae.errors import AtarimaeError, UsageError, unknown_name
from atarimae.store import schema
from atarimae.store.rows import end_rows, insert_rows, rows_where
from atarimae.store.state import file_of
from atarimae.types import ROLES, SPLITS, File

FILE = File.__slots__
NAMED = 5  # files that an error names; it counts the rest


def changed(connection: Connection, files: Iterable[File]) -> tuple[list[int], list[File]]:
    """The rows that end and the files that begin where files are to be as given, each by its path.

    Raises `UsageError` where one is not in the data, or another image lies there by now.
    """
    wanted = {file.path: file for file in files}
    _check(wanted.values())
    rows = _rows(connection, wanted)
    other = [path for path, file in wanted.items() if rows[path].image != file.image]
    if other:
        raise AtarimaeError(
            f"{_few(other)} can't be changed.",
            "Another image lies there by now.",
            "Read the data again, and choose again.",
        )
    fresh = {path: file for path, file in wanted.items() if file != file_of(rows[path])}
    return [rows[path].id for path in fresh], list(fresh.values())


def removed(connection: Connection, paths: Iterable[str]) -> list[int]:
    """The rows that end where the files at these paths leave the data."""
    return [row.id for row in _rows(connection, paths).values()]


def write(connection: Connection, gone: Sequence[int], come: Iterable[File], edit: int) -> None:
    """Write the files of an edit."""
    end_rows(connection, schema.files, gone, edit)
    live = ((*(getattr(file, name) for name in FILE), edit) for file in come)
    insert_rows(connection, schema.files, (*FILE, "added"), live)


def _rows(connection: Connection, paths: Iterable[str]) -> dict[str, Any]:
    """The live row at each path; an error names those that have none."""
    wanted = list(dict.fromkeys(paths))
    rows = {row.path: row for row in rows_where(connection, schema.files, "path", wanted)}
    missing = [path for path in wanted if path not in rows]
    if missing:
        raise UsageError(
            f"{_few(missing)} {'is' if len(missing) == 1 else 'are'} not in the data.",
            "Nothing was changed.",
            "Paths are written as in 'atarimae at last --list'.",
        )
    return rows


def _check(files: Iterable[File]) -> None:
    for file in files:
        if file.split not in (None, *SPLITS):
            raise unknown_name("split", file.split, SPLITS)
        if file.role not in ROLES:
            raise unknown_name("role", file.role, ROLES)


def _few(paths: Sequence[str]) -> str:
    more = len(paths) - NAMED
    return ", ".join(paths[:NAMED]) + (f" and {more:,} more" if more > 0 else "")
