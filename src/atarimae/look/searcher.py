"""The newest bundle of a workspace, loaded once, for the search box."""

from collections.abc import Iterator
from pathlib import Path
from threading import Lock

from atarimae import bundle, files, task
from atarimae.errors import AtarimaeError
from atarimae.predict.ask import Asker
from atarimae.workspace import Workspace

DEPTH = 2  # folders below the workspace that are looked through


def newest_bundle(workspace: Workspace) -> Path | None:
    """The folder of the bundle that was shipped last, None where there is none.

    It lies in the workspace or where `ship` put it, and begins with the workspace's root:
    `root/../bundle`.
    """
    folders = [*_inside(workspace.root), *_shipped(workspace)]
    found = [(_created(folder / "bundle.json"), folder) for folder in folders]
    return max(found)[1] if found else None


def _inside(root: Path) -> Iterator[Path]:
    for depth in range(DEPTH + 1):
        for path in root.glob("*/" * depth + "bundle.json"):
            names = path.relative_to(root).parts
            if not any(name.startswith(".") for name in names):  # one that is being built
                yield path.parent


def _shipped(workspace: Workspace) -> Iterator[Path]:
    for path in workspace.runs.glob("*/shipped.json"):
        try:
            folder = workspace.root / str(files.read_json(path)["bundle"])
        except (AtarimaeError, KeyError):
            continue
        if (folder / "bundle.json").is_file():
            yield folder


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
                f"No run of {self.workspace.root} was shipped.",
                "Make one with 'atarimae ship best --out bundle'.",
            )
        mark = (folder, (folder / "bundle.json").stat().st_mtime_ns)
        if self._loaded is None or self._loaded[0] != mark:
            found = bundle.read(folder)
            self._loaded = (mark, Asker(found, task.load(found.task)))
        return self._loaded[1]
