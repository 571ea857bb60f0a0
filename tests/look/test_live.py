"""How far a run has come, and how long it will still take."""

import json
import time

import pytest
from tests.look.maker import Maker

from atarimae import runlog
from atarimae.look.live import progress


@pytest.fixture
def run(tmp_path):
    """A run of 10 epochs with nothing logged yet; whoever logs says when."""
    with runlog.start(Maker(tmp_path).record(), because="long", recipe={"epochs": 10}) as log:
        yield runlog.read(log.folder)


def logged(run, *epochs: tuple[int, float]) -> None:
    """One loss at the end of each epoch, so many seconds ago."""
    lines = [
        {"name": "loss", "value": 1.0, "step": epoch * 5, "epoch": epoch, "at": time.time() - ago}
        for epoch, ago in epochs
    ]
    (run.folder / "metrics.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))


def test_time_left_is_told_by_the_pace_of_the_epochs_not_by_what_came_before_them(run) -> None:
    logged(run, (1, 120.0), (3, 100.0))
    left = progress(run).left
    assert left is not None
    assert left == pytest.approx(0.0, abs=1)  # 7 more epochs of 10 s each, 100 s ago
    logged(run, (1, 40.0), (3, 20.0))
    assert progress(run).left == pytest.approx(50.0, abs=5)


def test_one_epoch_tells_no_pace(run) -> None:
    assert progress(run).left is None
    logged(run, (1, 20.0))
    assert progress(run).left is None
    assert progress(run).share == 0.1


def test_epochs_that_begin_anew_tell_no_pace(run) -> None:
    logged(run, (9, 30.0), (10, 20.0), (1, 10.0))
    assert progress(run).left is None
