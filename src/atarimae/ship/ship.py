"""Make a bundle of a run: built aside, checked in a fresh process, and only then put in place."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from atarimae import bundle, files, runlog
from atarimae.bundle import Bundle
from atarimae.errors import AtarimaeError
from atarimae.predict.crowd import embed
from atarimae.predict.index import Wish, chosen
from atarimae.predict.run import outputs
from atarimae.runlog import Run
from atarimae.ship import card, parity
from atarimae.ship.thumbnails import write_thumbnails
from atarimae.store import Store
from atarimae.task import Model, Task, Transductive
from atarimae.types import Data, Index, Progress, silent
from atarimae.workspace import Workspace


def ship(
    workspace: Workspace,
    task: Task,
    run: Run,
    out: Path,
    *,
    wish: Wish | None = None,
    workers: str | None = None,
    progress: Progress = silent,
) -> Bundle:
    """Write the run's bundle to `out`, with a Dockerfile and a notebook cell beside it.

    Its index is every file with role gallery or both, searched as `wish` asks. Refused, with the
    first diverging step named, where it does not reproduce the run's recorded score and rankings;
    those are of the exact search. With `workers` (`ray`, `ray:HOST:PORT`) a cluster embeds what
    is not in the workspace's cache yet.
    """
    wish = wish or Wish()
    _check(workspace, run, out)
    _check_alone(task, run)
    data = Store(workspace).data()
    if workers is not None:
        embed(
            task, run.model, data.where(lambda file: file.role != "query"), workspace.cache,
            workers, max_pixels=workspace.max_pixels, progress=progress,
        )  # fmt: skip
    with _aside(out) as folder:
        # The graphs hold the weights already.
        without = shutil.ignore_patterns("weights.safetensors")
        shutil.copytree(run.model, folder, dirs_exist_ok=True, ignore=without)
        model = bundle.read_model(folder)
        parity.check_steps(workspace, run, task.predictor(model), folder)
        found = chosen(_index(workspace, task, model, data, progress), wish, progress=progress)
        with found.catalogue.or_dropped():
            index = found.catalogue.save(folder, found.about(wish))
            (folder / "thumbnails").mkdir()
            write_thumbnails(data, index.files, folder / "thumbnails", workspace.max_pixels)
            about = card.about(run, index)
            files.write(folder / "README.md", card.markdown(run, index, model))
            bundle.seal(folder, about)
            progress(0, 1, "checking parity")
            parity.check(workspace, run, folder)
            progress(1, 1, "checking parity")
            _replace(folder, out)
    files.write(out.with_name(f"{out.name}.Dockerfile"), card.dockerfile(out.name))
    files.write(out.with_name(f"{out.name}.notebook.py"), card.notebook_cell(out.name))
    where = os.path.relpath(out, workspace.root)
    files.write_json(run.folder / "shipped.json", {"bundle": where})  # for the page's search
    return bundle.read(out)


def _check(workspace: Workspace, run: Run, out: Path) -> None:
    if run.stage == "folds":
        alone = runlog.holdout_of(workspace, run)
        raise AtarimaeError(
            f"Run {run.id} has no one model to ship.",
            "It is at stage folds: each fold trained a model of its own, to judge the recipe.",
            f"Ship {alone.id}, the holdout run of its recipe."
            if alone
            else "Ship the holdout run of the same recipe; 'atarimae fit' makes one.",
        )
    if run.status != "done" or not (run.model / "model.json").is_file():
        raise AtarimaeError(
            f"Run {run.id} has no model to ship.",
            f"It is {run.status}.",
            "Let it finish, or go on with 'atarimae fit --resume'.",
        )
    if out.exists() and not (out / "bundle.json").is_file() and not _is_empty(out):
        raise AtarimaeError(
            f"{out} is not empty.", "It holds something else than a bundle.", "Name another folder."
        )


def _check_alone(task: Task, run: Run) -> None:
    """A service is asked about one picture at a time."""
    if not isinstance(task, Transductive):
        return
    steps = task.transductive(bundle.read_model(run.model).settings)
    if steps:
        raise AtarimaeError(
            f"Run {run.id} can't answer one query at a time.",
            f"In its settings, {', '.join(steps)} makes an answer depend on other queries.",
            "Fit the recipe again without it, and ship that run.",
        )


def _is_empty(out: Path) -> bool:
    return out.is_dir() and not any(out.iterdir())


@contextmanager
def _aside(out: Path) -> Iterator[Path]:
    """A folder beside `out` that is gone afterwards, whatever happened."""
    with files.writing(str(out)):
        out.parent.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(dir=out.parent, prefix=f".{out.name}."))
        folder.chmod(0o755)
    try:
        with files.having_room(str(out)):
            yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _replace(folder: Path, out: Path) -> None:
    old = folder.with_name(f"{folder.name}.old")
    if out.exists():
        out.replace(old)
    folder.replace(out)
    shutil.rmtree(old, ignore_errors=True)


def _index(workspace: Workspace, task: Task, model: Model, data: Data, progress: Progress) -> Index:
    known = data.where(lambda file: file.role != "query")
    found = outputs(
        task.predictor(model), known, cache=workspace.cache, max_pixels=workspace.max_pixels,
        progress=progress,
    )  # fmt: skip
    return task.index(found, known)
