"""Is this workspace sound? Each check yields what it found wrong, with what was seen and a fix."""

import json
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import asdict, dataclass

from atarimae import bundle, runlog
from atarimae.errors import AtarimaeError
from atarimae.runlog import index
from atarimae.runlog.listing import KIND, Listed, listed
from atarimae.runlog.lock import NAME as LOCK
from atarimae.runlog.records import READERS, read, stamp
from atarimae.store import Store
from atarimae.tidy.leftovers import half_written, unborn
from atarimae.types import Progress, silent
from atarimae.workspace import Workspace

ROOM = 1_000_000_000  # bytes that should be free
MOST = 20  # images named one by one


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong."""

    check: str
    what: str
    found: str
    fix: str

    def as_dict(self) -> dict[str, str]:
        """JSON values."""
        return asdict(self)


Findings = Iterator[tuple[str, str, str]]  # what, found, fix


def doctor(workspace: Workspace, *, progress: Progress = silent) -> list[Finding]:
    """Every finding of every check; none: the workspace is sound. Nothing is changed."""
    found = []
    for number, (name, check) in enumerate(CHECKS.items()):
        progress(number, len(CHECKS), name)
        try:
            found += [Finding(name, *one) for one in check(workspace)]
        except AtarimaeError as error:
            found.append(Finding(name, error.what, error.found, error.fix))
    progress(len(CHECKS), len(CHECKS))
    return found


def _store(workspace: Workspace) -> Findings:
    path = workspace.root / "store.sqlite"
    if not workspace.store_url.startswith("sqlite:///"):
        Store(workspace).last_edit()  # raises where the server can't be reached
        return
    if not path.is_file():
        return
    fix = "Restore store.sqlite from a copy, or add the images again."
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as store:
            said = [str(row[0]) for row in store.execute("PRAGMA integrity_check(5)")]
            said += [f"{row[0]} {row[1]} points nowhere" for row in store.execute("PRAGMA foreign_key_check")]  # fmt: skip  # noqa: E501
    except sqlite3.DatabaseError as error:
        yield "The store is damaged.", f"{error}.", fix
        return
    if said != ["ok"]:
        yield "The store is damaged.", "; ".join(said[:5]) + ".", fix


def _images(workspace: Workspace) -> Findings:
    """Every file is read: a change that keeps the size is found too."""
    if not (workspace.root / "store.sqlite").is_file() and "sqlite:" in workspace.store_url:
        return
    data = Store(workspace).data()
    missing, changed = [], []
    for file in data.files:
        path = data.path(file)
        try:
            size = path.stat().st_size  # the digest is taken only where it can be the same
            if size != data.images[file.image].bytes or bundle.digest(path) != file.image:
                changed.append(file.path)
        except OSError:
            missing.append(file.path)
    if missing:
        yield (
            f"{len(missing):,} images are missing.",
            _few(missing),
            "Put them back where they were.",
        )
    if changed:
        fix = "Put them back as they were, or add them again as new images."
        yield f"{len(changed):,} images have changed since they were added.", _few(changed), fix


def _runs(workspace: Workspace) -> Findings:
    for one in listed(workspace):
        if one.error is not None:
            yield one.error.what, one.error.found, one.error.fix
            continue
        try:
            runlog.read(one.folder)
        except AtarimaeError as error:
            yield error.what, error.found, error.fix
            continue
        yield from _files(one)


def _files(one: Listed) -> Findings:
    """The tables and the metrics of one run."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    for name in ("parts.parquet", "predictions.parquet"):
        path = one.folder / name
        if path.is_file():
            try:
                pq.read_metadata(path)
            except (OSError, pa.ArrowException) as error:
                yield f"{path} can't be read.", f"{error}.", "Copy it again from where it was made."
    metrics = one.folder / "metrics.jsonl"
    if not metrics.is_file():
        return
    lines = metrics.read_bytes().split(b"\n")
    broken = [number for number, line in enumerate(lines[:-1], 1) if not _is_json(line)]
    if broken:
        found = f"Line {broken[0]} is no JSON, and {len(broken) - 1} more."
        yield f"{metrics} is damaged.", found, "It is read without them; take them out."


def _half(workspace: Workspace) -> Findings:
    fix = "Delete it: atarimae gc --delete"
    for path in half_written(workspace):
        yield f"{path} was never finished.", "A process was killed while it wrote it.", fix
    for path in unborn(workspace):
        yield f"{path} is no run.", "Its process was killed before the run began.", fix


def _locks(workspace: Workspace) -> Findings:
    for one in listed(workspace):
        if (one.folder / LOCK).exists() and not one.alive and "result.json" not in one.records:
            fix = f"Go on with it: atarimae fit --resume {one.folder.name}, or delete its folder."
            yield (
                f"Run {one.folder.name} was interrupted.",
                "Its process is gone, its lock is not.",
                fix,
            )


def _index(workspace: Workspace) -> Findings:
    unlike = []
    for id, (kept, value) in index.get(workspace, KIND).items():
        folder = workspace.runs / id
        try:
            same = stamp(str(folder), READERS)[0] != kept or json.loads(value) == read(folder)
        except (AtarimaeError, ValueError):
            same = False
        if not same:
            unlike.append(id)
    if unlike:
        yield (
            "The index of runs is not what the folders say.",
            _few(unlike),
            "atarimae runs --reindex",
        )


def _disk(workspace: Workspace) -> Findings:
    free = shutil.disk_usage(workspace.root).free
    if free < ROOM:
        found = f"{free / 1e9:.2f} GB are free."
        yield "The disk is nearly full.", found, "Free some space; see atarimae gc."


def _is_json(line: bytes) -> bool:
    try:
        json.loads(line)
    except ValueError:
        return False
    return True


def _few(names: list[str]) -> str:
    more = len(names) - MOST
    return ", ".join(names[:MOST]) + (f" and {more:,} more." if more > 0 else ".")


CHECKS: dict[str, Callable[[Workspace], Findings]] = {
    "store": _store,
    "images": _images,
    "runs": _runs,
    "half-written": _half,
    "locks": _locks,
    "index": _index,
    "disk": _disk,
}
