"""What was read of run folders, kept in SQLite so that it need not be read again.

`cache/runs.sqlite` can be deleted at any time: the folders are the truth, and each value is kept
with the stamp of the files that it was made from. Several processes may use it at once; where it
can't be written (a read-only workspace, a full disk, another writer) things are only slower, and a
broken one is made anew. Its journal is SQLite's plain one: WAL can't be read in a read-only folder.
"""

import json
import sqlite3
import time
from collections.abc import Collection, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path

from atarimae.workspace import Workspace

FORMAT = 1  # of the values; an index of another format is made anew
BUSY_SECONDS = 1.0  # how long another writer is waited for, before it is done without
SETTLED = 2_000_000_000  # ns: a file changed within one tick of its clock would look unchanged

TABLE = """CREATE TABLE IF NOT EXISTS kept (
    kind TEXT, run TEXT, stamp TEXT NOT NULL, value BLOB NOT NULL, PRIMARY KEY (kind, run)
) WITHOUT ROWID"""
KEEP = "INSERT OR REPLACE INTO kept VALUES (?, ?, ?, ?)"
FORGET = "DELETE FROM kept WHERE kind = ? AND run = ?"


def path(workspace: Workspace) -> Path:
    """Where the workspace's index is, or would be."""
    return workspace.cache / "runs.sqlite"


def get(
    workspace: Workspace, kind: str, runs: Collection[str] | None = None
) -> dict[str, tuple[str, bytes]]:
    """Stamp and value of each run that has one, or of some runs; empty where nothing is kept."""
    chosen = "" if runs is None else " AND run IN (SELECT value FROM json_each(?))"
    wanted = f"SELECT run, stamp, value FROM kept WHERE kind = ?{chosen}"
    given = (kind,) if runs is None else (kind, json.dumps([*runs]))
    with _forgiving(workspace):
        if not path(workspace).is_file():
            return {}
        with closing(_open(workspace, "ro")) as index:
            if _format(index) != FORMAT:
                return {}
            return {run: (stamp, value) for run, stamp, value in index.execute(wanted, given)}
    return {}


def put(
    workspace: Workspace,
    kind: str,
    values: Mapping[str, tuple[str, bytes]],
    gone: Collection[str] = (),
) -> None:
    """Keep stamp and value of some runs, and forget those that are gone."""
    if not values and not gone:
        return
    with _forgiving(workspace):
        path(workspace).parent.mkdir(exist_ok=True)
        with closing(_open(workspace, "rwc")) as index:
            index.execute("BEGIN IMMEDIATE")
            if _format(index) != FORMAT:
                index.execute("DROP TABLE IF EXISTS kept")
                index.execute(f"PRAGMA user_version = {FORMAT}")
            index.execute(TABLE)
            index.executemany(KEEP, [(kind, run, *kept) for run, kept in values.items()])
            index.executemany(FORGET, [(kind, run) for run in gone])
            index.execute("COMMIT")


def is_settled(newest: int) -> bool:
    """Whether a file that was changed last then, in ns, can be known by its stamp."""
    return time.time_ns() - newest > SETTLED


def remove(workspace: Workspace) -> None:
    """Take the index away; it is made anew when runs are listed next."""
    for name in (path(workspace), path(workspace).with_name("runs.sqlite-journal")):
        name.unlink(missing_ok=True)


def _open(workspace: Workspace, mode: str) -> sqlite3.Connection:
    return sqlite3.connect(
        f"{path(workspace).resolve().as_uri()}?mode={mode}",
        uri=True, timeout=BUSY_SECONDS, isolation_level=None,
    )  # fmt: skip


def _format(index: sqlite3.Connection) -> int:
    return int(index.execute("PRAGMA user_version").fetchone()[0])


@contextmanager
def _forgiving(workspace: Workspace) -> Iterator[None]:
    """Whatever is wrong with the index, runs can be read without it."""
    try:
        yield
    except (sqlite3.OperationalError, OSError):  # busy, read-only, no room
        return
    except sqlite3.DatabaseError:  # no SQLite, or damaged
        try:
            remove(workspace)
        except OSError:
            return
