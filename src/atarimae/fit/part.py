"""One training and its evaluation: the whole of a run, or one fold of it."""

import time
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch

from atarimae.fit import checkpoint, loop
from atarimae.fit.device import Device
from atarimae.fit.loop import Metrics
from atarimae.fit.split import overlap
from atarimae.predict.run import outputs
from atarimae.score.evaluate import Evaluation, evaluate
from atarimae.task import Model, Recipe, Setup, Task, Training
from atarimae.types import Data, Floats, Progress
from atarimae.workspace import Workspace


@dataclass(frozen=True)
class Trained:
    """What one training left behind, and how good it is on its val."""

    model: Model  # with the constants that were fitted on val
    found: Evaluation
    parameters: int
    seconds: float  # in the training loop, of all sessions
    embed_seconds: float  # before and after it


@dataclass(frozen=True)
class Part:
    """What a training starts from; `folder` keeps its checkpoint and its model."""

    workspace: Workspace
    task: Task
    metrics: Metrics
    folder: Path
    data: Data
    recipe: Recipe
    seed: int
    device: Device
    progress: Progress
    to_beat: str = ""  # the parent's score, for the remark beside the bar

    def train(self, *, resume: bool) -> Trained:
        """Train on train, export, and judge on val."""
        began = time.perf_counter()
        training = self._training()
        ready = time.perf_counter()
        seconds = loop.train(
            training, self.recipe, self.metrics, self.device, self._kept, seed=self.seed,
            resume=resume, progress=self._told,
        )  # fmt: skip
        model = training.export(self.folder / "model")
        checkpoint.write_weights(self.folder / "model" / "weights.safetensors", training)
        done = time.perf_counter()
        found = evaluate(
            self.task, model, self.data.split("val"), calibrate=True,
            cache=self.workspace.cache, max_pixels=self.workspace.max_pixels,
            progress=self.progress,
        )  # fmt: skip
        said = overlap(self.task, self.data)
        scores = [replace(score, convention={**score.convention, **said}) for score in found.scores]
        return Trained(
            replace(model, constants=found.context.constants),
            replace(found, scores=tuple(scores)),
            training.parameters,
            seconds,
            ready - began + time.perf_counter() - done,
        )

    def _told(self, done: int, total: int, note: str = "") -> None:
        self.progress(done, total, f"{note}, to beat: {self.to_beat}" if self.to_beat else note)

    def forget(self) -> None:
        """Take the checkpoint away, once what it led to is written."""
        self._kept.unlink(missing_ok=True)
        self._kept.parent.rmdir()

    @property
    def _kept(self) -> Path:
        return self.folder / "checkpoint" / "last.safetensors"

    def _training(self) -> Training:
        torch.manual_seed(self.seed)
        setup = Setup(
            train=self.data.split("train"),
            seed=self.seed,
            device=self.device.name,
            scratch=self.workspace.cache / "graphs",
            outputs=self._outputs,
            max_pixels=self.workspace.max_pixels,
            progress=self.progress,
        )
        return self.task.training(self.recipe, setup)

    def _outputs(self, model: Model, data: Data) -> Floats:
        rows = outputs(
            self.task.predictor(model), data, cache=self.workspace.cache,
            max_pixels=self.workspace.max_pixels, progress=self.progress,
        )  # fmt: skip
        return np.stack([np.asarray(row, np.float32) for row in rows])
