"""Copy the runs of a workspace to another tracker; a second call copies only what is new."""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from atarimae import runlog
from atarimae.errors import UsageError
from atarimae.mirror.record import Record, record
from atarimae.types import Progress, silent
from atarimae.workspace import Workspace

NEW, UPDATED, UNCHANGED = "new", "updated", "unchanged"


@dataclass(frozen=True)
class Mirrored:
    """What was copied where."""

    to: str
    experiment: str
    runs: tuple[tuple[str, str], ...]  # id, and whether it is new, updated or unchanged there
    metrics: int  # values that were copied
    files: int  # files that were copied

    def count(self, what: str) -> int:
        """How many runs are new, updated or unchanged."""
        return sum(said == what for _, said in self.runs)

    def as_dict(self) -> dict[str, object]:
        """The shape of `mirror --json`."""
        return {
            "to": self.to,
            "experiment": self.experiment,
            **{what: self.count(what) for what in (NEW, UPDATED, UNCHANGED)},
            "metrics": self.metrics,
            "files": self.files,
        }


@dataclass(frozen=True)
class Copied:
    """What one run's copy came to."""

    what: str  # new, updated, unchanged
    metrics: int = 0
    files: int = 0


class Target(Protocol):
    """A tracker that is open for one experiment."""

    def copy(self, record: Record) -> Copied:
        """Bring the run there up to date."""


def mirror(
    workspace: Workspace,
    to: str,
    *,
    experiment: str | None = None,
    models: bool = False,
    progress: Progress = silent,
) -> Mirrored:
    """Copy to `sqlite:///FILE` or `http://…` (MLflow), or `wandb` or `wandb:DIR` (offline).

    The experiment is called as the workspace's folder unless it is named. Models are copied with
    `models` only. Raises `AtarimaeError` where the tracker is not installed or not there.
    """
    name = experiment or workspace.root.name
    records = [record(run, models=models) for run in runlog.runs(workspace)]
    target = _target(workspace, to, name)
    runs, metrics, files = [], 0, 0
    for number, found in enumerate(records):
        progress(number, len(records), found.run.mark)
        copied = target.copy(found)
        runs.append((found.run.id, copied.what))
        metrics += copied.metrics
        files += copied.files
    progress(len(records), len(records))
    return Mirrored(to, name, tuple(runs), metrics, files)


def _target(workspace: Workspace, to: str, experiment: str) -> Target:
    scheme = to.partition(":")[0]
    if scheme in ("http", "https", "sqlite"):
        from atarimae.mirror.to_mlflow import Mlflow

        return Mlflow(to, experiment)
    if scheme == "wandb":
        from atarimae.mirror.to_wandb import Wandb

        folder = to.removeprefix("wandb").removeprefix(":")
        return Wandb(Path(folder).expanduser() if folder else workspace.root, experiment)
    raise UsageError(
        f"'{to}' is no place to mirror to.",
        "It names neither an MLflow store nor W&B.",
        "Give sqlite:///FILE, http://HOST:PORT, wandb or wandb:DIR.",
    )
