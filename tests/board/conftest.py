"""Workspaces whose runs have the parts that a test writes down."""

import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest

from atarimae import workspace
from atarimae.runlog import Run, read, start
from atarimae.types import Score, Version
from atarimae.workspace import Workspace

sys.path.insert(0, str(Path(__file__).parent))

Log = Callable[..., Run]


@pytest.fixture
def space(tmp_path: Path) -> Workspace:
    """A workspace without data."""
    return workspace.create(tmp_path / "場所", "retrieve")


@pytest.fixture
def log(space: Workspace) -> Log:
    """Logs a finished run with these parts; each query is a class of its own."""

    def log(parts: Sequence[float], *, stage: str = "holdout", data: str = "d") -> Run:
        keys = tuple(f"問{n}.png" for n in range(len(parts)))
        values = np.asarray(parts, np.float32)
        score = Score("mrr@20", float(values.mean()), {"k": 20}, keys, values, keys)
        with start(space, because="試す", stage=stage, data=Version(1, data)) as run:
            run.scores([score])
            run.finish(scores=[score])
        return read(run.folder)

    return log
