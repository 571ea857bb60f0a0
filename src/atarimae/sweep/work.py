"""One idea at one stage: what a worker does, in a process of its own or on a cluster."""

import hashlib
import time
from collections.abc import Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, cast

from atarimae import runlog, task, workspace
from atarimae.errors import AtarimaeError
from atarimae.runlog import Run
from atarimae.runlog.lock import Lock
from atarimae.sweep.ideas import BEST, key, of_sweep
from atarimae.sweep.space import Settings
from atarimae.workspace import Workspace

if TYPE_CHECKING:
    from collections.abc import Iterator

WAIT = 60.0  # seconds; for whoever had the same work and is dying


@dataclass(frozen=True)
class Job:
    """An idea that is to go through a stage. It is handed over as JSON."""

    workspace: str  # the folder, which the worker must see under the same name
    sweep: str
    because: str
    varied: Settings  # what makes it the idea that it is
    recipe: Settings
    stage: str
    seed: int
    edit: int  # of the data
    parent: str | None
    idea: str | None  # the first run of the same idea
    device: str

    @property
    def key(self) -> tuple[str, str]:
        """The idea and the stage."""
        return key(self.varied), self.stage

    def as_dict(self) -> dict[str, object]:
        """Plain JSON values."""
        return asdict(self)

    @classmethod
    def of(cls, told: Mapping[str, object]) -> Self:
        """What `as_dict` told."""
        return cls(**cast(dict[str, Any], dict(told)))


def do(told: Mapping[str, object]) -> dict[str, object]:
    """Fit a job's idea, or go on with its run: nobody else does it at the same time.

    Returns the run's id, or the error in three parts. What came of the run is in its folder.
    """
    job = Job.of(told)
    try:
        space = workspace.open_(Path(job.workspace))
        with _claimed(space, job):
            return {"run": _judged(space, job, _run(space, job))}
    except AtarimaeError as error:
        return {"error": error.as_dict()}
    except ModuleNotFoundError as error:
        return {
            "error": {
                "what": "A worker needs more than the base install.",
                "found": f"There is no {error.name} where it runs.",
                "fix": "Install it there with: pip install 'atarimae[fit]'",
            }
        }
    except Exception as error:  # of a third party's task, say; the run's folder has its traceback
        found = f"{type(error).__name__}: {error}"
        return {"error": {"what": "A fit of the sweep failed.", "found": found, "fix": ""}}


def _judged(space: Workspace, job: Job, run: Run) -> str:
    """The run's id, once its stage has decided whether the idea goes on."""
    from atarimae.ideas.ladder import judge

    if run.status == "done" and run.gate is None:
        judge(run, runlog.get(space, job.parent) if job.parent else None)
    return run.id


def _run(space: Workspace, job: Job) -> Run:
    from atarimae import fit

    chosen = task.load(space.task)
    begun = find(space, job)
    if begun is not None and begun.status in ("done", "failed"):
        return begun
    if begun is not None:
        return fit.resume(space, chosen, begun.id, device=job.device)
    return fit.fit(
        space, chosen, chosen.recipe.of(job.recipe), because=job.because, stage=job.stage,
        seed=job.seed, device=job.device, parent=job.parent, idea=job.idea, edit=job.edit,
        sweep=job.sweep,
    )  # fmt: skip


def find(space: Workspace, job: Job) -> Run | None:
    """The run that the job began, whoever worked on it."""
    idea, stage = job.key
    there = [
        run
        for run in of_sweep(space, job.sweep)
        if run.stage == stage and key({k: run.recipe[k] for k in job.varied}) == idea
    ]
    return max(there, key=lambda run: BEST.index(run.status), default=None)


@contextmanager
def _claimed(space: Workspace, job: Job) -> "Iterator[None]":
    """Hold the job. A worker that was cut off may have it for a moment longer."""
    mark = hashlib.sha256("\n".join(job.key).encode()).hexdigest()[:16]
    folder = place(space, job.sweep) / mark
    folder.mkdir(parents=True, exist_ok=True)
    ends = time.monotonic() + WAIT
    while True:
        try:
            lock = Lock(folder)
            break
        except AtarimaeError:
            if time.monotonic() > ends:
                raise
    try:
        yield
    finally:
        lock.release()


def place(space: Workspace, sweep: str) -> Path:
    """Where a sweep's locks and its workers' words lie; it can be deleted when none is running."""
    return space.cache / "sweeps" / sweep
