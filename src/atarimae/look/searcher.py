"""The newest bundle of a workspace, loaded once, for the search box."""

from pathlib import Path
from threading import Lock

from atarimae import bundle, files, task
from atarimae.errors import AtarimaeError
from atarimae.predict.ask import Asker
from atarimae.workspace import Workspace

DEPTH = 2  # folders below the workspace that are looked through


def newest_bundle(workspace: Workspace) -> Path | None:
    """The folder of the bundle that was shipped last, None where there is none."""
    patterns = ("*/" * depth + "bundle.json" for depth in range(DEPTH + 1))
    found = [
        (_created(path), path.parent)
        for pattern in patterns
        for path in workspace.root.glob(pattern)
    ]
    return max(found)[1] if found else None


def _created(path: Path) -> str:
    try:
        return str(files.read_json(path).get("created", ""))
    except AtarimaeError:
        return ""


class Searcher:
    """Asks the newest bundle, one question at a time."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        self._lock = Lock()
        self._loaded: tuple[tuple[Path, int], Asker] | None = None

    def __call__(self, picture: bytes) -> dict[str, object]:
        """The answer for the bytes of an image file, as JSON values."""
        with self._lock:
            return self._asker()(picture, self.workspace.max_pixels).value

    def _asker(self) -> Asker:
        folder = newest_bundle(self.workspace)
        if folder is None:
            raise AtarimaeError(
                "There is no bundle to search with.",
                f"No folder in {self.workspace.root} holds a bundle.json.",
                "Make one with 'atarimae ship best --out bundle'.",
            )
        mark = (folder, (folder / "bundle.json").stat().st_mtime_ns)
        if self._loaded is None or self._loaded[0] != mark:
            found = bundle.read(folder)
            self._loaded = (mark, Asker(found, task.load(found.task)))
        return self._loaded[1]
