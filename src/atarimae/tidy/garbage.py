"""How much disk each run takes, and what can go without losing a score, a model that is used, or
anything that was written by hand.

Score files, metrics, notes and snapshots always stay: they are what a verdict rests on.
"""

import shutil
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from atarimae import bundle, files, runlog
from atarimae.errors import AtarimaeError
from atarimae.predict.tiles import weights_key
from atarimae.runlog import Run
from atarimae.runlog.lock import is_held
from atarimae.score.gate import ANYWAY, REJECTED
from atarimae.score.verdict import HURT
from atarimae.task import Task
from atarimae.tidy.leftovers import half_written, unborn, unshown
from atarimae.workspace import Workspace

STAGES = ("folds", "holdout", "smoke", "log")


@dataclass(frozen=True, slots=True)
class Item:
    """A file or folder that can go."""

    path: str  # relative to the workspace
    bytes: int
    why: str

    def as_dict(self) -> dict[str, object]:
        """JSON values."""
        return asdict(self)


@dataclass(frozen=True)
class Garbage:
    """What runs and cache take, and what of it can go, or has gone."""

    runs: dict[str, int]  # bytes by run
    cache: int  # bytes
    items: tuple[Item, ...]
    deleted: bool

    @property
    def bytes(self) -> int:
        """Of all items together."""
        return sum(item.bytes for item in self.items)

    def as_dict(self) -> dict[str, object]:
        """JSON values."""
        return {
            "runs": [{"id": id, "bytes": size} for id, size in self.runs.items()],
            "cache": self.cache,
            "items": [item.as_dict() for item in self.items],
            "bytes": self.bytes,
            "deleted": self.deleted,
        }


def gc(
    workspace: Workspace,
    task: Task,
    *,
    rejected: bool = False,
    older: int | None = None,
    delete: bool = False,
) -> Garbage:
    """What can go; with `delete` it goes.

    Always: leftovers of killed processes, checkpoints of failed and done runs, cached outputs,
    tiles and graphs that no run needs, tiles of images that no file holds any more. With `rejected`
    also the models, folds' too, of runs that hurt or at which the gate rejected the idea, with
    `older` those of runs older than that many days; never those of a best run, a shipped one or
    one that is going on.
    """
    known = runlog.runs(workspace)
    models = _models(workspace, known, rejected, older)
    going = {path for path, _ in models}
    found = [
        *((path, "left by a process that was killed") for path in half_written(workspace)),
        *((path, "a run that was killed before it began") for path in unborn(workspace)),
        *_checkpoints(known),
        *models,
        *_cached(workspace, task, known, going),
        *((path, "tiles of an image that is not in the data") for path in unshown(workspace)),
    ]
    items = tuple(Item(_named(workspace, path), size(path), why) for path, why in found)
    taken = {run.id: size(run.folder) for run in known}
    before = Garbage(taken, size(workspace.cache), items, delete)
    if delete:
        for path, _ in found:
            _delete(workspace, path)
    return before


def size(path: Path) -> int:
    """Bytes of a file, or of all files in a folder; links are not followed."""
    try:
        if path.is_dir() and not path.is_symlink():
            return sum(size(inside) for inside in path.iterdir())
        return path.lstat().st_size
    except OSError:
        return 0


def _checkpoints(known: list[Run]) -> Iterator[tuple[Path, str]]:
    for run in known:
        if run.status == "failed" or run.is_done:
            for folder in run.folder.rglob("checkpoint"):
                yield folder, f"a checkpoint of a run that is {run.status}"


def _models(
    workspace: Workspace, known: list[Run], rejected: bool, older: int | None
) -> list[tuple[Path, str]]:
    kept = {run.id for stage in STAGES if (run := runlog.find_best(workspace, stage))}
    kept |= {run.id for run in known if (run.folder / "shipped.json").exists()}
    before = datetime.now(UTC) - timedelta(days=older or 0)
    found = []
    for run in known:
        if run.id in kept or run.status == "running":
            continue
        why = _turned_down(run) if rejected else None
        if not why and older is not None and datetime.fromisoformat(run.created) < before:
            why = f"a run of more than {older} days ago"
        if why:
            found += [(model, f"the model of {why}") for model in _models_of(run)]
    return found


def _turned_down(run: Run) -> str | None:
    """By its verdict, or by the gate of the stages."""
    if (run.verdict or {}).get("verdict") == HURT:
        return "a run that hurt"
    rejected = (run.gate or {}).get("decision") in (REJECTED, ANYWAY)
    return "a run that the gate rejected" if rejected else None


def _models_of(run: Run) -> list[Path]:
    """The run's own, or one a fold."""
    return [path for path in (run.model, *run.folder.glob("folds/*/model")) if path.is_dir()]


def _cached(
    workspace: Workspace, task: Task, known: list[Run], going: set[Path]
) -> Iterator[tuple[Path, str]]:
    """Cached outputs and graphs that belong to no model; none where a model can't be read, or
    while a run is going on whose model is not there yet."""
    needed = None if any(run.status == "running" for run in known) else _needed(task, known, going)
    if needed is None:
        return
    keys, digests = needed
    for outputs in (workspace.cache / "outputs").glob("*"):
        if outputs.name not in keys:
            yield outputs, "cached outputs that no run needs"
    for mined in (workspace.cache / "mined").glob("*"):
        if mined.name not in keys:
            yield mined, "tiles that no run's model has embedded"
    for graph in (workspace.cache / "graphs").glob("*.onnx"):
        if bundle.digest(graph) not in digests:
            yield graph, "a cached graph that no run needs"


def _needed(task: Task, known: list[Run], going: set[Path]) -> tuple[set[str], set[str]] | None:
    """Names of outputs and tiles, and hashes of graphs, of all models that stay; None where one
    can't be read."""
    keys, digests = set[str](), set[str]()
    for run in known:
        for folder in _models_of(run):
            if folder in going or not (folder / "model.json").is_file():
                continue
            try:
                model = bundle.read_model(folder)
                predictor = task.predictor(model)
                keys |= {predictor.key[:24], weights_key(predictor, model)[:24]}
            except (AtarimaeError, OSError, KeyError):
                return None
            digests |= {bundle.digest(graph) for graph in model.graphs.values()}
    return keys, digests


def _delete(workspace: Workspace, path: Path) -> None:
    """Delete inside runs and cache, and what of an archive was never unpacked, alone; and nothing
    of a run that has begun meanwhile."""
    inside = path.relative_to(workspace.root).parts
    half = inside[0] == workspace.archives.name and inside[1].startswith(".unpacking-")
    assert inside[0] in ("runs", "cache") or half, path
    if inside[0] == "runs" and is_held(workspace.runs / inside[1]):
        return
    with files.writing(str(path)):
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


def _named(workspace: Workspace, path: Path) -> str:
    return path.relative_to(workspace.root).as_posix()
