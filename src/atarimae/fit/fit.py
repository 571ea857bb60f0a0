"""One run, from the data at its version to scores, costs and a verdict."""

import contextlib
import resource
import statistics
import sys
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from atarimae import bundle, files, runlog
from atarimae.errors import AtarimaeError, UsageError
from atarimae.fit import loop, stages
from atarimae.fit.device import Device, choose
from atarimae.fit.expectation import expectation
from atarimae.fit.split import overlap, with_split
from atarimae.predict import golden
from atarimae.predict.run import apply, outputs
from atarimae.predict.source import open_source
from atarimae.runlog import Log, Run
from atarimae.runlog.writer import reopen
from atarimae.score.evaluate import Evaluation, evaluate
from atarimae.score.verdict import verdict
from atarimae.store import Store
from atarimae.task import Model, Recipe, Setup, Task, Training
from atarimae.types import Data, Floats, Progress, Score, silent
from atarimae.workspace import Workspace

TIMED = 20  # images whose time is taken one by one


def fit(
    workspace: Workspace,
    task: Task,
    recipe: Recipe,
    *,
    because: str,
    stage: str = "holdout",
    seed: int = 0,
    device: str = "auto",
    parent: str | None = None,
    expect: str | float | None = None,
    progress: Progress = silent,
) -> Run:
    """Try a recipe, and log it. The parent is the best run of the stage where none is named.

    `expect` is the difference that the main metric should make to it: 0.01, "+0.01" or "+2%".
    """
    if not 0 <= seed < 2**63:
        raise UsageError(
            "The seed is out of range.", f"It is {seed}.", "Give a whole number from 0 to 2^63 - 1."
        )
    scaled = stages.stage(stage)
    chosen = choose(device)
    data = with_split(task, Store(workspace).data())
    best = runlog.find(workspace, parent) if parent else runlog.find_best(workspace, stage)
    run = runlog.start(
        workspace,
        because=because,
        stage=stage,
        seed=seed,
        parent=best.id if best else None,
        expect=expectation(expect, best),
        recipe=recipe.model_dump(mode="json"),
        data=data.version,
        device=chosen.name,
        threads=chosen.threads,
    )
    with run, files.having_room(f"Run {run.id}"):
        sample, resolved = scaled(data, recipe)
        _Fit(workspace, task, run, sample, resolved, seed, chosen, progress).run(resume=False)
    return runlog.read(run.folder)


def resume(
    workspace: Workspace,
    task: Task,
    name: str,
    *,
    device: str = "auto",
    progress: Progress = silent,
) -> Run:
    """Go on with a run that was stopped, from the end of its last whole epoch."""
    old = runlog.find(workspace, name)
    if old.status in ("done", "running"):
        raise AtarimaeError(
            f"Run {old.id} can't be resumed.", f"It is {old.status}.", "Start a new one with 'fit'."
        )
    if old.data is None or old.seed is None:
        raise AtarimaeError(
            f"Run {old.id} can't be resumed.", "It was logged by a loop of its own.", "Run that."
        )
    recipe = task.recipe.of(old.recipe)
    data = with_split(task, Store(workspace).data(old.data.edit))
    sample, resolved = stages.stage(old.stage)(data, recipe)
    with reopen(old.folder) as run, files.having_room(f"Run {old.id}"):
        _Fit(workspace, task, run, sample, resolved, old.seed, choose(device), progress).run(
            resume=True
        )
    return runlog.read(old.folder)


class _Fit:
    """The parts of a run that share its workspace, task, log and data."""

    def __init__(
        self,
        workspace: Workspace,
        task: Task,
        run: Log,
        data: Data,
        recipe: Recipe,
        seed: int,
        device: Device,
        progress: Progress,
    ) -> None:
        self.workspace = workspace
        self.task = task
        self.log = run
        self.data = data
        self.recipe = recipe
        self.seed = seed
        self.device = device
        self.progress = progress

    def run(self, *, resume: bool) -> None:
        began = time.perf_counter()
        _forget_peak()
        training = self._training()
        kept = self.log.folder / "checkpoint" / "last.safetensors"
        ready = time.perf_counter()
        trained = loop.train(
            training, self.recipe, self.log, self.device, kept, seed=self.seed, resume=resume,
            progress=self._to_beat(),
        )  # fmt: skip
        model = training.export(self.log.folder / "model")
        done = time.perf_counter()
        found = evaluate(
            self.task, model, self.data.split("val"), calibrate=True,
            cache=self.workspace.cache, max_pixels=self.workspace.max_pixels,
            progress=self.progress,
        )  # fmt: skip
        costs = {
            "training_seconds": round(trained, 3),
            "embed_seconds": round(ready - began + time.perf_counter() - done, 3),
        }
        said = overlap(self.task, self.data)
        scores = [replace(score, convention={**score.convention, **said}) for score in found.scores]
        self.progress(1, 1, _told(scores[0]))
        self._keep(model, replace(found, scores=tuple(scores)), training, costs)
        _remove(kept)

    def _to_beat(self) -> Progress:
        """The progress, with the parent's score in its note where there is one."""
        parent = self._parent()
        best = parent.score if parent else None
        if best is None:
            return self.progress
        return lambda done, total, note="": self.progress(
            done, total, f"{note}, to beat: {_told(best)}"
        )

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

    def _keep(
        self, model: Model, found: Evaluation, training: Training, costs: Mapping[str, float]
    ) -> None:
        model = replace(model, constants=found.context.constants)
        bundle.write_model(model)
        places = {file.path: found.data.path(file) for file in found.data.files}
        paths = [places[key] for key in found.predictions.keys]
        limit = self.workspace.max_pixels
        golden.record(self.task.predictor(model), paths, model.folder / "golden", limit)
        files.write_json(
            self.log.folder / "evaluated.json", {"files": [file.path for file in found.data.files]}
        )
        self.log.scores(found.scores, found.predictions)
        every = {
            **costs,
            "peak_mb": round(_peak_mb(), 1),
            "parameters": training.parameters,
            "ms_per_image": round(self._milliseconds(model, paths), 3),
            "model_mb": round(sum(g.stat().st_size for g in model.graphs.values()) / 1e6, 3),
        }
        self.log.finish(scores=found.scores, costs=every)
        self._judge()

    def _judge(self) -> None:
        parent = self._parent()
        seen = verdict(parent, runlog.read(self.log.folder)) if parent else None
        if seen is not None:
            self.log.verdict(seen.as_dict())

    def _parent(self) -> Run | None:
        """The run that this one is compared with, if it has one that is still there."""
        name = runlog.read(self.log.folder).parent
        return runlog.get(self.workspace, name) if name else None

    def _milliseconds(self, model: Model, paths: list[Path]) -> float:
        """Median over single images, read, resized and taken through every step."""
        predictor = self.task.predictor(model)
        taken = []
        for path in paths[:TIMED]:
            began = time.perf_counter()
            source = open_source(path, self.workspace.max_pixels)
            apply(predictor, [predictor.windows(source)])
            taken.append(time.perf_counter() - began)
        return 1000 * statistics.median(taken) if taken else 0.0


def _told(score: Score) -> str:
    return f"{score.metric} {score.value:.3f}"


def _forget_peak() -> None:
    """Let the kernel count this process's peak from here on; only Linux can."""
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")


def _peak_mb() -> float:
    """The most memory since `_forget_peak`; elsewhere than on Linux, since the process began."""
    with contextlib.suppress(OSError):
        for line in Path("/proc/self/status").read_text(encoding="utf-8").splitlines():
            if line.startswith("VmHWM:"):  # in KiB
                return int(line.split()[1]) * 1024 / 1e6
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 1e6 if sys.platform == "darwin" else peak * 1024 / 1e6


def _remove(checkpoint: Path) -> None:
    checkpoint.unlink(missing_ok=True)
    checkpoint.parent.rmdir()
