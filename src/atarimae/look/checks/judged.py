"""The newest run with a model: what it embedded already, and what it answered."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from atarimae import bundle, runlog
from atarimae.errors import AtarimaeError
from atarimae.predict.run import kept_outputs
from atarimae.runlog import Run
from atarimae.task import Embeds, Task
from atarimae.types import Array, Data, Predictions
from atarimae.workspace import Workspace


@dataclass(frozen=True)
class Judged:
    """A run, asked for what is on the disk; a file that can't be read gives nothing."""

    workspace: Workspace
    task: Task
    run: Run

    @property
    def near_duplicate(self) -> float | None:
        """The cosine from which the task takes two images for one, None where it has none."""
        return self.task.near_duplicate if isinstance(self.task, Embeds) else None

    def val(self) -> frozenset[str]:
        """The paths that it was judged by."""
        try:
            return runlog.judged_paths(self.run.folder)
        except (AtarimaeError, KeyError):
            return frozenset()

    def embedded(self, data: Data) -> tuple[Data, Sequence[Array]]:
        """The files of `data` whose embeddings are cached, with those; nothing is embedded."""
        try:
            predictor = self.task.predictor(bundle.read_model(self.run.model))
            return kept_outputs(predictor, data, self.workspace.cache)
        except (AtarimaeError, OSError):
            return data.where(lambda file: False), []

    def predictions(self) -> Predictions | None:
        """Its lists of answers, None where it kept none."""
        import pyarrow.parquet as pq

        try:
            table = pq.read_table(
                self.run.folder / "predictions.parquet", columns=["key", "match_files"]
            )
        except (OSError, ValueError):  # gone, or without that column
            return None
        lists = table["match_files"].to_pylist()
        rows = np.empty(len(lists), object)
        rows[:] = lists
        return Predictions(tuple(table["key"].to_pylist()), {"match_files": rows})


def newest(workspace: Workspace, task: Task) -> Judged | None:
    """Of the runs that are done and left a model, the newest; none where a run can't be read."""
    try:
        known = runlog.runs(workspace)
    except AtarimaeError:
        return None
    for run in reversed(known):
        if run.is_done and (run.model / "model.json").is_file():
            return Judged(workspace, task, run)
    return None
