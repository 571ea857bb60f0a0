"""Runs as loops leave them: done, failed, stopped, interrupted, still running."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import atarimae as at
from atarimae.runlog import Run, read, start
from atarimae.score.intervals import interval
from atarimae.types import Predictions, Score, Version

RECIPE = {"lr": 0.001, "image_size": 224, "flip": True, "pooling": ["gem", "層"], "aug": {"p": 0.5}}
PICTURE = b"\x89PNG\r\n\x1a\n not more than its first bytes"


@pytest.fixture
def ws(tmp_path: Path) -> at.Workspace:
    return at.init(tmp_path / "場所 🍶")


@pytest.fixture
def write_run(ws: at.Workspace) -> Callable[..., Run]:
    def write(because: str = "理由", parent: str | None = None, recipe=RECIPE, epochs=3) -> Run:
        """A run that is done, with all that a run can have."""
        log = start(
            ws.folder, because=because, stage="holdout", seed=3, parent=parent, recipe=recipe,
            data=Version(7, "ab" * 32),
        )  # fmt: skip
        for epoch in range(1, epochs + 1):
            log.metric("loss", 1 / epoch, step=10 * epoch, epoch=epoch)
            log.metric("val/mrr@20", 0.1 * epoch, epoch=epoch)
        log.metric("損失", float("nan"))
        log.metric("損失", float("inf"))
        log.picture("絵 🍶", PICTURE)
        (log.folder / "model").mkdir()
        (log.folder / "model" / "embed.onnx").write_bytes(b"weights")
        (log.folder / "checkpoint").mkdir()
        (log.folder / "checkpoint" / "last.safetensors").write_bytes(b"weights")
        keys = tuple("abcdef")
        parts = np.array([1, 0.5, 0.25, 0, 1, 1], np.float32)
        score = interval(Score("mrr@20", float(parts.mean()), {"k": 20}, keys, parts, keys))
        log.scores([score], Predictions(keys, {"said": np.arange(6)}))
        log.finish(scores=[score], costs={"training_seconds": 12.5})
        log.verdict({"verdict": "helped", "difference": 0.02, "metric": "mrr@20", "against": "x"})
        return read(log.folder).note("見た", conclusion="keep it", tags=["best", "絵"])

    return write
