"""What a process that was killed left behind, and what belongs to nothing any more."""

import re
import time
from collections.abc import Iterator
from pathlib import Path

from atarimae.runlog.lock import is_held
from atarimae.store import Store
from atarimae.workspace import Workspace

# As `files.write` and the snapshot name what they have not finished.
KINDS = "json|jsonl|toml|parquet|npy|txt|png|jpg|webp|onnx|safetensors|html|csv|zip|v"
HALF = re.compile(rf"\.(?:.+\.(?:{KINDS})\.[a-z0-9_]{{8}}|snapshot(?:-\d+)?)")
SETTLED = 600  # seconds; what is younger may be being written
UNPACKING = 86_400  # the same for an archive that is unpacked, whose folder's own time stands still


def half_written(workspace: Workspace) -> Iterator[Path]:
    """Temporary files and folders of writers that are gone, in runs, cache and archives."""
    for folder in (workspace.runs, workspace.cache):
        for path in folder.rglob(".*"):
            writing = folder == workspace.runs and is_held(_run(workspace, path))
            if HALF.fullmatch(path.name) and is_old(path) and not writing:
                yield path
    yield from (p for p in workspace.archives.glob(".unpacking-*") if is_old(p, UNPACKING))


def unborn(workspace: Workspace) -> Iterator[Path]:
    """Folders of runs whose process was killed before they began: a log, and no run.json."""
    for log in workspace.runs.glob("*/metrics.jsonl"):
        begun = (log.parent / "run.json").exists()
        if not begun and is_old(log.parent) and not is_held(log.parent):
            yield log.parent


def unshown(workspace: Workspace) -> Iterator[Path]:
    """Pyramids of images that no file of the data holds any more."""
    pyramids = list((workspace.cache / "tiles").glob("*/*/[!.]*"))
    held = {file.image for file in Store(workspace).data().files} if pyramids else set()
    yield from (path for path in pyramids if path.stem not in held)


def is_old(path: Path, settled: float = SETTLED) -> bool:
    """Whether nobody is writing it any more, as far as its time tells."""
    try:
        return time.time() - path.lstat().st_mtime > settled
    except OSError:
        return False


def _run(workspace: Workspace, path: Path) -> Path:
    return workspace.runs / path.relative_to(workspace.runs).parts[0]
