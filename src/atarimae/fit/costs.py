"""What a fit costs beside its score: memory, milliseconds, megabytes."""

import contextlib
import resource
import statistics
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from atarimae.fit.part import Trained
from atarimae.predict.run import apply
from atarimae.predict.source import open_source
from atarimae.score.evaluate import Evaluation
from atarimae.task import Model, Task

TIMED = 20  # images whose time is taken one by one


def costs(task: Task, trained: Trained, max_pixels: int) -> dict[str, float]:
    """By name, of one training; seconds of the whole, milliseconds of one image."""
    model, paths = trained.model, paths_of(trained.found)
    return {
        "training_seconds": round(trained.seconds, 3),
        "embed_seconds": round(trained.embed_seconds, 3),
        "peak_mb": round(_peak_mb(), 1),
        "parameters": trained.parameters,
        "ms_per_image": round(_milliseconds(task, model, paths, max_pixels), 3),
        "model_mb": round(sum(g.stat().st_size for g in model.graphs.values()) / 1e6, 3),
    }


def paths_of(found: Evaluation) -> list[Path]:
    """Where the pictures lie that were asked about."""
    places = {file.path: found.data.path(file) for file in found.data.files}
    return [places[key] for key in found.predictions.keys]


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


def _milliseconds(task: Task, model: Model, paths: Sequence[Path], max_pixels: int) -> float:
    """Median over single images, read, resized and taken through every step."""
    predictor = task.predictor(model)
    taken = []
    for path in paths[:TIMED]:
        began = time.perf_counter()
        source = open_source(path, max_pixels)
        apply(predictor, [predictor.windows(source)])
        taken.append(time.perf_counter() - began)
    return 1000 * statistics.median(taken) if taken else 0.0
