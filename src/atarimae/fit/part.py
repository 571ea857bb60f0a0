"""One training and its evaluation: the whole of a run, or one fold of it."""

import shutil
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

import numpy as np
import torch

from atarimae.fit import checkpoint, loop, memory, teachers
from atarimae.fit.device import Device
from atarimae.fit.hopeless import Rival
from atarimae.fit.loop import Metrics
from atarimae.fit.midway import Early, Midway
from atarimae.fit.stages import sample
from atarimae.predict.cache import known
from atarimae.predict.run import kept_outputs, outputs
from atarimae.score.evaluate import Evaluation, evaluate
from atarimae.score.leaks import Leaks, leaks, overlap
from atarimae.task import Model, Recipe, Setup, Task, Training
from atarimae.types import Data, Floats, Progress, named
from atarimae.workspace import Workspace


@dataclass(frozen=True)
class Trained:
    """What one training left behind, and how good it is on its val."""

    model: Model  # with the constants that were fitted on val
    found: Evaluation
    leaks: Leaks
    parameters: int
    seconds: float  # in the training loop, of all sessions
    embed_seconds: float  # before and after it
    check_seconds: float  # in checks midway, of the last session
    early: Early | None  # why it was given up, None where it wasn't


class Work(Protocol):
    """What leaves one model behind, which is then judged: a training, or several models joined.

    It does so for a whole run, or for one fold of it.
    """

    @property
    def workspace(self) -> Workspace:
        """Where the run lies."""

    @property
    def task(self) -> Task:
        """What is predicted."""

    @property
    def folder(self) -> Path:
        """Where its model goes."""

    @property
    def data(self) -> Data:
        """Split into train and val."""

    @property
    def progress(self) -> Progress:
        """What it tells as it goes."""

    def train(self, *, resume: bool) -> Trained:
        """Make the model of train, and judge it on val."""

    def fold(self, turn: int, number: int, data: Data) -> "Work":
        """The same for fold `turn`, from 1 on, of `number`, in a folder of its own."""

    def forget(self) -> None:
        """Take away what only served on the way, once what it led to is written."""


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
    pictures: Path | None = None  # where probe pictures go
    rival: Rival | None = None  # whom a hopeless training is given up against

    def train(self, *, resume: bool) -> Trained:
        """Train on train, export, and judge on val."""
        began = time.perf_counter()
        training = self._training()
        midway = self._midway()
        ready = time.perf_counter()
        with memory.kept(self.device.name):
            seconds = loop.train(
                training, self.recipe, self.metrics, self.device, self._kept, seed=self.seed,
                resume=resume, progress=self._told, after=midway,
            )  # fmt: skip
        done = time.perf_counter()
        model = training.export(self.folder / "model")
        checkpoint.write_weights(self.folder / "model" / "weights.safetensors", training)
        found, leaks = judged(self, model)
        return Trained(
            replace(model, constants=found.context.constants),
            found,
            leaks,
            training.parameters,
            seconds,
            ready - began + time.perf_counter() - done,
            midway.seconds,
            midway.early,
        )

    def fold(self, turn: int, number: int, data: Data) -> "Part":
        """The same for one fold; its metrics are among those of the run."""
        return replace(
            self, folder=fold_folder(self.folder, turn), data=data,
            metrics=_OfFold(self.metrics, turn),
            progress=named(self.progress, f"fold {turn}/{number}"),
        )  # fmt: skip

    def _told(self, done: int, total: int, note: str = "") -> None:
        self.progress(done, total, f"{note}, to beat: {self.to_beat}" if self.to_beat else note)

    def forget(self) -> None:
        """Take the checkpoint away, once what it led to is written."""
        shutil.rmtree(self._kept.parent)

    @property
    def _kept(self) -> Path:
        return self.folder / "checkpoint" / "last.safetensors"

    @property
    def _scratch(self) -> Path:
        return self._kept.parent / "midway"

    def _midway(self) -> Midway:
        return Midway(
            self.task, sample(self.data.split("val")), self.metrics, self._scratch, self._cache,
            self.workspace.max_pixels, self.pictures, self.rival,
        )  # fmt: skip

    def _cache(self, model: Model) -> Path | None:
        """Weights that are only passed through leave nothing behind, unless they are frozen."""
        kept = self.workspace.cache
        if model.folder != self._scratch or known(kept, self.task.predictor(model).key):
            return kept
        return None

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
            teacher=teachers.model_of(self.workspace, self.task, self.recipe, self.folder),
        )
        return self.task.training(self.recipe, setup)

    def _outputs(self, model: Model, data: Data) -> Floats:
        rows = outputs(
            self.task.predictor(model), data, cache=self._cache(model),
            max_pixels=self.workspace.max_pixels, progress=self.progress,
        )  # fmt: skip
        return np.stack([np.asarray(row, np.float32) for row in rows])


def judged(work: Work, model: Model) -> tuple[Evaluation, Leaks]:
    """How good a model is on val, and what of val is in train too.

    Of train's outputs only what is in the cache is looked at: a frozen backbone's is.
    """
    task, space = work.task, work.workspace
    train, val = work.data.split("train"), work.data.split("val")
    found = evaluate(
        task, model, val, calibrate=True, cache=space.cache, max_pixels=space.max_pixels,
        progress=work.progress,
    )  # fmt: skip
    said = overlap(task, train, val)
    scores = [replace(score, convention={**score.convention, **said}) for score in found.scores]
    learned = train.where(lambda file: train.label(file) is not None)
    kept = kept_outputs(task.predictor(model), learned, space.cache)
    whole = kept if len(kept[0]) == len(learned) else None
    told = leaks(task, train, found.data, found.predictions, found.outputs, whole)
    return replace(found, scores=tuple(scores)), told


def fold_folder(run: Path, turn: int) -> Path:
    """Where fold number `turn` of a run lies."""
    return run / "folds" / str(turn)


@dataclass(frozen=True)
class _OfFold:
    """The metrics of one fold among those of the run."""

    metrics: Metrics
    turn: int

    def metric(
        self, name: str, value: float, *, step: int | None = None, epoch: int | None = None
    ) -> None:
        """Append one value, named after the fold too."""
        self.metrics.metric(f"{name}, fold {self.turn}", value, step=step, epoch=epoch)
