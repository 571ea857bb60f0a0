"""What the files of every run say, read again only where they changed."""

import json
import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from atarimae.errors import AtarimaeError
from atarimae.runlog import index, records
from atarimae.runlog.lock import is_held
from atarimae.runlog.records import READERS, Records
from atarimae.workspace import Workspace

KIND = "records"


@dataclass(frozen=True, slots=True)
class Listed:
    """One run folder: what its files say, or why they can't be read."""

    folder: Path
    records: Records
    alive: bool  # a process is writing it
    error: AtarimaeError | None = None


def listed(workspace: Workspace) -> list[Listed]:
    """Every run folder of the workspace, in no order. A folder without run.json is none."""
    names = _folders(workspace.runs)
    kept = index.get(workspace, KIND)
    fresh: dict[str, tuple[str, bytes]] = {}
    found = []
    for name in names:
        folder = workspace.runs / name
        one = _from_index(folder, *kept[name]) if name in kept else None
        one = one or _from_files(folder, fresh)
        if one is not None:
            found.append(one)
    gone = kept.keys() - {one.folder.name for one in found}
    index.put(workspace, KIND, fresh, gone)
    return found


def _folders(runs: Path) -> list[str]:
    try:
        return os.listdir(runs)
    except (FileNotFoundError, NotADirectoryError):
        return []


def _from_index(folder: Path, stamp: str, value: bytes) -> Listed | None:
    """None where a file has changed since."""
    try:
        told = cast(Records, json.loads(value))
    except ValueError:
        return None
    # Whether it is being written is asked before the stamp: a run that ends just now has changed.
    alive = "result.json" not in told and is_held(folder)
    return Listed(folder, told, alive) if records.stamp(str(folder), READERS)[0] == stamp else None


def _from_files(folder: Path, fresh: dict[str, tuple[str, bytes]]) -> Listed | None:
    """None where it is no run. What can be kept in the index is put into `fresh`."""
    alive = is_held(folder)  # before the result: a run that finishes just now is done
    stamp, newest = records.stamp(str(folder), READERS)
    if not stamp:
        return None
    try:
        told = records.read(folder)
    except AtarimaeError as error:
        gone = not (folder / "run.json").exists()  # somebody takes the folder away just now
        return None if gone else Listed(folder, {}, alive, error)
    if index.is_settled(newest):
        with suppress(TypeError):  # TOML has dates, JSON has none
            fresh[folder.name] = stamp, json.dumps(told, ensure_ascii=False).encode()
    return Listed(folder, told, alive)
