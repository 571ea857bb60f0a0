"""Old experiments become runs: all of a table, each once, and each whole."""

import hashlib
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import tomli_w

from atarimae import files
from atarimae.runlog import notes
from atarimae.runlog.oldtable import Old, Table
from atarimae.runlog.writer import ALPHABET
from atarimae.workspace import Workspace

ORIGIN = "import"


@dataclass(frozen=True)
class Imported:
    """What became of a table."""

    added: tuple[str, ...]  # ids of the new runs
    present: int  # rows that were imported before
    changed: tuple[str, ...]  # names of rows that were, and said something else then; left as is
    columns: Mapping[str, str]  # what each column was taken for

    def as_dict(self) -> dict[str, object]:
        """JSON values."""
        return {
            "added": list(self.added), "present": self.present, "changed": list(self.changed),
            "columns": dict(self.columns),
        }  # fmt: skip


def import_runs(workspace: Workspace, table: Table) -> Imported:
    """Write a run for each row that was not imported before.

    They are written beside the runs and then moved there one by one, so that no run is ever seen
    half-written; a table whose import was cut off is imported again, and the rest is added.
    """
    known = _known(workspace)
    fresh = [old for old in table.rows if old.key not in known]
    changed = [
        str(old.name) for old in table.rows if known.get(old.key, old.content) != old.content
    ]
    added: list[str] = []
    if fresh:
        with files.writing("The runs"):
            workspace.runs.mkdir(parents=True, exist_ok=True)
            place = Path(tempfile.mkdtemp(dir=workspace.runs, prefix=".import-"))
        try:
            now = datetime.now(UTC)
            made = [_write(workspace, table, old, place, now) for old in fresh]
            with files.writing("The runs"):
                for folder in made:
                    folder.rename(workspace.runs / folder.name)
                    added.append(folder.name)
        finally:
            shutil.rmtree(place, ignore_errors=True)
    present = len(table.rows) - len(fresh) - len(changed)
    return Imported(tuple(added), present, tuple(changed), table.columns)


def _known(workspace: Workspace) -> dict[str, str]:
    """The rows that were imported before: content by key."""
    known = {}
    for path in workspace.runs.glob("*/run.json"):
        told = files.read_json(path).get("imported")
        if isinstance(told, dict):
            known[str(told["key"])] = str(told["content"])
    return known


def _write(workspace: Workspace, table: Table, old: Old, place: Path, now: datetime) -> Path:
    # Milliseconds by line: rows of one day stay in their order.
    created = (old.created or now) + timedelta(milliseconds=old.line)
    folder = _folder(workspace, place, created, old.key)
    moment = created.isoformat(timespec="milliseconds")
    start: dict[str, object] = {
        "id": folder.name, "task": workspace.task, "because": old.because, "stage": "log",
        "seed": old.seed, "parent": None, "created": moment, "data": None, "device": None,
        "threads": None, "origin": ORIGIN,
        "imported": {
            "from": table.source, "line": old.line, "name": old.name, "key": old.key,
            "content": old.content, "at": now.isoformat(timespec="milliseconds"),
        },
    }  # fmt: skip
    scores = [
        {"metric": name, "value": value, "low": None, "high": None,
         "convention": {"imported from": table.source, "column": name}}
        for name, value in old.scores.items()
    ]  # fmt: skip
    result: dict[str, object] = {
        "status": "done", "finished": moment, "seconds": None, "scores": scores, "costs": {},
        "verdict": None,
    }  # fmt: skip
    if old.recipe:
        files.write(folder / "recipe.toml", tomli_w.dumps(old.recipe))
    for text in old.notes:
        notes.append(folder, text)
    if old.name:
        notes.append(folder, tags=[old.name])
    files.write_json(folder / "result.json", result)
    files.write_json(folder / "run.json", start)
    return folder


def _folder(workspace: Workspace, place: Path, created: datetime, key: str) -> Path:
    """A new folder, named as `start` names one; its mark comes from the key."""
    digest = hashlib.sha256(key.encode()).digest()
    letters = "".join(ALPHABET[byte % len(ALPHABET)] for byte in digest)
    for length in range(4, len(letters)):
        name = f"{created.astimezone():%y%m%d-%H%M%S}-{letters[:length]}"
        if not (workspace.runs / name).exists() and not (place / name).exists():
            with files.writing(f"Run {name}"):
                (place / name).mkdir()
            return place / name
    raise AssertionError("a SHA-256 that is there already")
