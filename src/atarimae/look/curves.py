"""One run for a page that looks at it while it goes on: its row, its curves, its pictures."""

import hashlib
import math
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote

from atarimae import runlog
from atarimae.look.rows import rows
from atarimae.runlog import Run
from atarimae.runlog.settings import differing
from atarimae.workspace import Workspace

KINDS = {  # what browsers draw and can't run
    ".png": "image/png",
    ".webp": "image/webp",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
}


def told(workspace: Workspace, run: Run) -> dict[str, object]:
    """JSON values: `run`, `curves` as [x, y] by metric (y null for NaN), `pictures` by name."""
    found = runlog.curves(workspace, [run])[run.id]
    return {
        "run": rows([run], [run])[0],
        "curves": {
            name: [[x, y if math.isfinite(y) else None] for x, y in points.tolist()]
            for name, points in found.items()
        },
        "pictures": {
            path.name: f"/runs/{quote(run.id)}/pictures/{quote(path.name)}"
            for path in pictures(run)
        },
    }


def pictures(run: Run) -> list[Path]:
    """What the run has drawn, by name; links are left out, they may point anywhere."""
    folder = run.folder / "pictures"
    if not folder.is_dir():
        return []
    return sorted(
        path
        for path in folder.iterdir()
        if path.suffix in KINDS and path.is_file() and not path.is_symlink()
    )


def stamp(run: Run) -> str:
    """Changes whenever `told` would: an HTTP entity tag."""
    parts: list[object] = [run.status]
    for name in ("metrics.jsonl", "result.json", "notes.jsonl", "pictures"):
        path = run.folder / name
        if path.exists():
            status = path.stat()
            parts += [name, status.st_mtime_ns, status.st_size]
    return f'"{hashlib.sha256(repr(parts).encode()).hexdigest()[:24]}"'


def changed(run: Run, parent: Run | None) -> Mapping[str, object]:
    """What the settings were in the parent, for those that differ."""
    if parent is None:
        return {}
    return {name: both[0] for name, both in differing([parent.recipe, run.recipe]).items()}
