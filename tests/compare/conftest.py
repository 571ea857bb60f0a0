"""Real run folders in a real workspace, as `fit` writes them."""

from collections.abc import Callable

import numpy as np
import pytest

from atarimae.runlog import Run, read, start
from atarimae.score.intervals import interval
from atarimae.types import Score, Version
from atarimae.workspace import Workspace, create

VERSION = Version(7, "ab" * 32)
COSTS = {"training_seconds": 12.5, "parameters": 3_400_000, "ms_per_image": 17.25}


@pytest.fixture
def workspace(tmp_path) -> Workspace:
    return create(tmp_path, "retrieve")


@pytest.fixture
def write_run(workspace) -> Callable[..., Run]:
    """Write a run; `parts` maps a query to its part, and every query is a class of its own."""

    def write(
        parts,
        *,
        clusters=None,
        metric="mrr@20",
        convention=None,
        data=VERSION,
        because="a reason",
        stage="holdout",
        costs=None,
        unfinished=False,
        **settings,
    ) -> Run:
        open_run = start(workspace, because=because, stage=stage, data=data, **settings)
        if unfinished:
            return read(open_run.folder)
        values = np.array(list(parts.values()), np.float32)
        score = Score(
            metric,
            float(values.mean()),
            {"k": 20, "ties": "by file path"} | (convention or {}),
            tuple(parts),
            values,
            tuple(clusters or parts),
        )
        scores = [interval(score)]
        open_run.scores(scores)
        open_run.finish(scores=scores, costs=COSTS | (costs or {}))
        return read(open_run.folder)

    return write
