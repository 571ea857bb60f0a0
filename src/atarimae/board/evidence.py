"""What a run answered, with what can be had again of its model's outputs."""

from collections.abc import Mapping, Sequence

import numpy as np

from atarimae import bundle
from atarimae.errors import AtarimaeError
from atarimae.predict.run import outputs
from atarimae.runlog import Run, judged_paths
from atarimae.store import Store
from atarimae.task import Answers, Task
from atarimae.types import Array, Data, Predictions, Progress, silent
from atarimae.workspace import Workspace


def answers(
    workspace: Workspace, task: Task, run: Run, *, progress: Progress = silent
) -> tuple[Answers, str]:
    """The run's answers; and why its outputs can't be had, empty where they can."""
    kept = run.folder / "predictions.parquet"
    listed = run.folder / "evaluated.json"
    if run.data is None or not kept.is_file() or not listed.is_file():
        raise AtarimaeError(
            f"Run {run.id} kept no answers to count again.",
            f"{kept.name} or {listed.name} is not in its folder, or it names no data version.",
            "Record the score of a run that 'atarimae fit' made at stage smoke or holdout.",
        )
    known = Store(workspace).data(run.data.edit)
    order = judged_paths(run.folder)
    judged = known.where(lambda file: file.path in order)
    train = task.samples(
        known.where(lambda file: file.path not in order and file.split in (None, "train"))
    )
    why = ""
    settings: Mapping[str, object] = {}
    own: Sequence[Array] | None = None
    learned: Sequence[Array] | None = None
    try:
        settings = bundle.read_model(run.model).settings
        own = _outputs(workspace, task, run, judged, progress)
        learned = _outputs(workspace, task, run, train, progress)
    except (AtarimaeError, OSError) as error:
        why = str(error)
    return Answers(_predictions(run), judged, own, train, learned, settings), why


def _outputs(
    workspace: Workspace, task: Task, run: Run, data: Data, progress: Progress
) -> Sequence[Array]:
    predictor = task.predictor(bundle.read_model(run.model))
    return outputs(
        predictor, data, cache=workspace.cache, max_pixels=workspace.max_pixels, progress=progress
    )


def _predictions(run: Run) -> Predictions:
    import pandas as pd

    table = pd.read_parquet(run.folder / "predictions.parquet")
    columns: dict[str, Array] = {}
    for name in table.columns.drop("key"):
        column = table[name].to_numpy()
        lists = len(column) and isinstance(column[0], np.ndarray)
        columns[str(name)] = np.stack(list(column)) if lists else column
    return Predictions(tuple(table["key"].astype(str)), columns)
