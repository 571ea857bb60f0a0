"""Several models joined in place of a training: what a run of an ensemble is made of."""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast

import numpy as np

from atarimae import bundle
from atarimae.fit.part import Trained, fold_folder, judged
from atarimae.fit.split import folds
from atarimae.predict.run import outputs
from atarimae.runlog import Run
from atarimae.task import Joining, Joins, Model, Settings, Task
from atarimae.types import Data, Floats, Progress, named
from atarimae.workspace import Workspace

Sides = Sequence[tuple[Mapping[str, Model], Data]]


@dataclass(frozen=True)
class Assembly:
    """The runs, and how they are joined; for the whole, or for fold `turn` of `number`."""

    workspace: Workspace
    task: Task
    settings: Settings
    runs: tuple[Run, ...]
    folder: Path
    data: Data
    progress: Progress
    whole: Data  # what folds are dealt out of
    turn: int = 0
    number: int = 0

    def train(self, *, resume: bool) -> Trained:
        """Join the models, and judge what comes out; nothing is trained."""
        began = time.perf_counter()
        model = self.joined([run.id for run in self.runs], self.folder / "model")
        found, leaks = judged(self, model)
        return Trained(
            replace(model, constants=found.context.constants),
            found,
            leaks,
            parameters=int(sum(run.costs.get("parameters", 0) for run in self.runs)),
            seconds=0.0,
            embed_seconds=time.perf_counter() - began,
            check_seconds=0.0,
            early=None,
        )

    def joined(self, names: Sequence[str], folder: Path) -> Model:
        """The model of some of the runs, in a folder."""
        models = self._models(self.turn)
        members = {name: models[name] for name in names}
        setup = Joining(folder, self.data.split("train"), self._outputs, self._sides(names))
        return cast(Joins, self.task).join(self.settings, members, setup)

    def fold(self, turn: int, number: int, data: Data) -> "Assembly":
        """The same for one fold: of each run the model that was trained without its val."""
        return replace(
            self, folder=fold_folder(self.folder, turn), data=data, turn=turn, number=number,
            progress=named(self.progress, f"fold {turn}/{number}"),
        )  # fmt: skip

    def places(self) -> Iterator["Assembly"]:
        """Itself, or at stage folds each fold of it."""
        if not self.runs[0].folds:
            yield self
            return
        number = self.runs[0].folds
        for turn, data in enumerate(folds(self.task, self.whole, number), 1):
            yield self.fold(turn, number, data)

    def forget(self) -> None:
        """Nothing only served on the way."""

    def _models(self, turn: int) -> dict[str, Model]:
        return {
            run.id: bundle.read_model(
                (fold_folder(run.folder, turn) if turn else run.folder) / "model"
            )
            for run in self.runs
        }

    def _sides(self, names: Sequence[str]) -> Sides:
        """The images that members learned from; at stage folds the other folds' val instead.

        There each image is judged by models that have not seen it.
        """
        if not self.turn:
            models = self._models(0)
            return [({name: models[name] for name in names}, self.data.split("train"))]
        parts = enumerate(folds(self.task, self.whole, self.number), 1)
        return [
            ({name: self._models(turn)[name] for name in names}, part.split("val"))
            for turn, part in parts
            if turn != self.turn
        ]

    def _outputs(self, model: Model, data: Data) -> Floats:
        rows = outputs(
            self.task.predictor(model), data, cache=self.workspace.cache,
            max_pixels=self.workspace.max_pixels, progress=self.progress,
        )  # fmt: skip
        return np.stack([np.asarray(row, np.float32) for row in rows])
