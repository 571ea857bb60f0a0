"""Repeat a run with other seeds, to see how far its score moves by chance."""

from atarimae import fit, runlog
from atarimae.errors import AtarimaeError, UsageError
from atarimae.fit.stages import FOLDS
from atarimae.runlog import Run
from atarimae.score import noise as stored
from atarimae.score.noise import FEWEST, Noise
from atarimae.score.sisters import measured, sisters
from atarimae.task import Task
from atarimae.types import Progress, silent
from atarimae.workspace import Workspace


def noise(
    workspace: Workspace,
    task: Task,
    name: str,
    *,
    seeds: int = 5,
    device: str = "auto",
    progress: Progress = silent,
) -> Noise:
    """The noise of a run's recipe over `seeds` seeds, its own among them; kept in its folder.

    Sisters that are there already count, so that it can be stopped and gone on with. A recipe
    that trains nothing and gives the same twice has no noise, and two seeds are enough.
    """
    run = runlog.find(workspace, name)
    _check(run, seeds)
    family = _with_seeds(workspace, task, run, 2, device, progress)
    deterministic = _untrained(run) and _same(family)
    if not deterministic:
        family = _with_seeds(workspace, task, run, seeds, device, progress)
    found = measured(family, deterministic=deterministic)
    stored.write(run, found)
    return found


def _check(run: Run, seeds: int) -> None:
    if seeds < FEWEST:
        raise UsageError(
            "Too few seeds to tell noise from.", f"{seeds} is given.", f"Give {FEWEST} or more."
        )
    if not run.recipe or run.seed is None or run.data is None:
        raise AtarimaeError(
            f"Run {run.id} can't be repeated.", "It was logged by a loop of its own.", "Run that."
        )
    if run.score is None or not (run.folder / "parts.parquet").is_file():
        raise AtarimaeError(
            f"Run {run.id} has no score with parts.",
            f"It is {run.status}.",
            "Let it finish, or go on with 'atarimae fit --resume'.",
        )


def _with_seeds(
    workspace: Workspace, task: Task, run: Run, wanted: int, device: str, progress: Progress
) -> list[Run]:
    """The run and its sisters, as many as are wanted or there, after fitting what lacks."""
    family = sisters(run)
    used = {sister.seed for sister in family}
    free = (seed for seed in range(wanted + len(used)) if seed not in used)
    for _ in range(wanted - len(family)):
        seed = next(free)
        _repeat(workspace, task, run, seed, device, progress)
    family = sisters(run)
    if len(family) < wanted:
        raise AtarimaeError(
            f"Run {run.id} can't be repeated as it was.",
            "The same recipe resolves to other settings or conventions today.",
            "Fit it again, and take the noise of that run.",
        )
    return family


def _repeat(
    workspace: Workspace, task: Task, run: Run, seed: int, device: str, progress: Progress
) -> None:
    """Fit the run again with another seed, or go on with a repetition that was stopped."""
    reason = f"noise of {run.id}"
    for other in runlog.runs(workspace):
        if (other.because, other.seed) == (reason, seed) and other.status in (
            "stopped",
            "interrupted",
        ):
            fit.resume(workspace, task, other.id, device=device, progress=progress)
            return
    assert run.data is not None, "_check() asks for data"
    fit.fit(
        workspace,
        task,
        fit.recipe_of(task, run),
        because=reason,
        stage=run.stage,
        seed=seed,
        device=device,
        parent=run.id,
        edit=run.data.edit,
        folds=run.folds or FOLDS,
        progress=progress,
    )


def _untrained(run: Run) -> bool:
    """Whether the run logged no step of training."""
    return not (run.folder / "metrics.jsonl").read_bytes().strip()


def _same(family: list[Run]) -> bool:
    first, second = (runlog.parts(run) for run in family[:2])
    return bool(first.equals(second))
