"""What a fit costs beside its score: memory, milliseconds, megabytes."""

import contextlib
import resource
import statistics
import sys
import time
from dataclasses import replace
from pathlib import Path

from atarimae.fit.part import Trained
from atarimae.predict.region import boxed, known_box
from atarimae.predict.source import open_source
from atarimae.score.evaluate import Evaluation
from atarimae.task import Task
from atarimae.types import Batch, Box, File, Pixels, Source

TIMED = 20  # images whose time is taken one by one


def costs(task: Task, trained: Trained, max_pixels: int) -> dict[str, float]:
    """By name, of one training; seconds of the whole, milliseconds of one image."""
    return {
        "training_seconds": round(trained.seconds, 3),
        "embed_seconds": round(trained.embed_seconds, 3),
        "check_seconds": round(trained.check_seconds, 3),
        "peak_mb": round(_peak_mb(), 1),
        "parameters": trained.parameters,
        **_milliseconds(task, trained, max_pixels),
        "model_mb": round(sum(g.stat().st_size for g in {*trained.model.graphs.values()}) / 1e6, 3),
    }


def asked(found: Evaluation) -> list[File]:
    """The files that were asked about."""
    files = {file.path: file for file in found.data.files}
    return [files[key] for key in found.predictions.keys]


def forget_peak() -> None:
    """Let the kernel count this process's peak from here on; only Linux can."""
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")


def _peak_mb() -> float:
    """The most memory since `forget_peak`; elsewhere than on Linux, since the process began."""
    with contextlib.suppress(OSError):
        for line in Path("/proc/self/status").read_text(encoding="utf-8").splitlines():
            if line.startswith("VmHWM:"):  # in KiB
                return int(line.split()[1]) * 1024 / 1e6
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 1e6 if sys.platform == "darwin" else peak * 1024 / 1e6


def _milliseconds(task: Task, trained: Trained, max_pixels: int) -> dict[str, float]:
    """Medians over single images by function, and of the whole as `ms_per_image`.

    The whole is reading, resizing and every step of the predictor; `ms_search` stands beside it.
    """
    found, predictor = trained.found, task.predictor(trained.model)
    rows = {key: row for row, key in enumerate(found.predictions.keys)}
    taken: dict[str, list[float]] = {}
    for file, output in zip(found.data.files, found.outputs, strict=True):
        if file.path not in rows or len(taken.get("per_image", ())) == TIMED:
            continue
        clock = _Clock(open_source(found.data.path(file), max_pixels))
        began = time.perf_counter()
        batch: Batch = [predictor.windows(boxed(clock, known_box(found.data, file)))]
        lap = time.perf_counter()
        times = {"decode": clock.seconds, "resize": lap - began - clock.seconds}
        for name, step in predictor.steps.items():
            batch = step(batch)
            times[name] = time.perf_counter() - lap
            lap = time.perf_counter()
        times["per_image"] = sum(times.values())
        one = replace(found.data, files=(file,))
        lap = time.perf_counter()
        task.finish([output], one, found.context)
        times["search"] = time.perf_counter() - lap
        for name, seconds in times.items():
            taken.setdefault(name, []).append(seconds)
    if not taken:
        return {"ms_per_image": 0.0}
    return {f"ms_{name}": round(1000 * statistics.median(t), 4) for name, t in taken.items()}


class _Clock:
    """A source that counts the seconds it takes to be decoded."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.seconds = 0.0

    @property
    def size(self) -> tuple[int, int]:
        return self.source.size

    def pixels(self, at_least: int | None = None) -> Pixels:
        began = time.perf_counter()
        try:
            return self.source.pixels(at_least)
        finally:
            self.seconds += time.perf_counter() - began

    def region(self, box: Box) -> Pixels:
        began = time.perf_counter()
        try:
            return self.source.region(box)
        finally:
            self.seconds += time.perf_counter() - began
