"""kill -9 at any moment leaves runs that can be read, however many processes write at once."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from atarimae import workspace
from atarimae.runlog import curves, read, runs
from atarimae.workspace import Workspace

# Each round forks eight processes that wait for one another, then each starts a run, logs twenty
# numbers and finishes it. Some are killed, each at a moment of its own.
ROUNDS = """
import json, os, random, signal, sys, time
from pathlib import Path
import numpy as np
from atarimae import runlog, workspace
from atarimae.types import Score

space = workspace.open_(Path(sys.argv[1]))
rounds, kills = int(sys.argv[2]), int(sys.argv[3])
chance = random.Random(3)
def experiment(name, gate=None):
    if gate is not None:
        os.read(gate, 1)
    with runlog.start(space, because=name, seed=1, recipe={"lr": 0.1}) as log:
        log.picture("絵", b"PNG" * 1000)
        for number in range(20):
            log.metric("number", number, step=number)
        score = Score("mrr@20", 0.5, {"k": 20}, ("a",), np.ones(1, np.float32), ("a",))
        log.scores([score])
        log.finish(scores=[score])

experiment("warm")  # what is imported late is imported by now
fates, lasted = {}, 0.3
for round in range(rounds):
    out, gate = os.pipe()[::-1]
    children = {}
    for number in range(8):
        name = f"round {round} process {number}"
        child = os.fork()
        if child == 0:
            os.close(out)
            experiment(name, gate)
            os._exit(0)
        children[child] = name
    os.close(gate)
    doomed = chance.sample([*children], kills)
    doomed = sorted((chance.uniform(0, lasted), child) for child in doomed)
    began = time.monotonic()
    os.close(out)  # go
    for moment, child in doomed:
        time.sleep(max(0, began + moment - time.monotonic()))
        os.kill(child, signal.SIGKILL)
    for child, name in children.items():
        fates[name] = os.waitpid(child, 0)[1]
    lasted = time.monotonic() - began  # the next moments are spread over about a whole run
    if round % 10 == 0:
        runlog.runs(space)
print(json.dumps(fates))
"""


def stress(ws: Workspace, rounds: int, kills: int) -> dict[str, int]:
    """Each process's exit status, by its run's reason: 0, or 9 where it was killed."""
    done = subprocess.run(
        [sys.executable, "-c", ROUNDS, str(ws.root), str(rounds), str(kills)],
        cwd=ws.root.parent, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return {name: int(fate) for name, fate in json.loads(done.stdout).items()}


def check(ws: Workspace, fates: dict[str, int]) -> None:
    known = {run.because: run for run in runs(ws) if run.because != "warm"}
    assert len(known) == len(runs(ws)) - 1  # no two processes in one folder
    assert set(fates.values()) <= {0, 9}
    assert known.keys() >= {name for name, fate in fates.items() if fate == 0}
    lines = curves(ws, known.values())
    for name, run in known.items():
        told = lines[run.id].get("number")
        numbers = [] if told is None else told[:, 1].tolist()
        assert numbers == list(range(len(numbers)))  # its own, in order, without a gap
        assert read(run.folder) is not None
        assert run.status == "done" or (run.status == "interrupted" and fates[name] == 9)
        assert run.recipe == {"lr": 0.1}
        if run.status == "done":
            assert (len(numbers), len(run.scores)) == (20, 1)
    # A folder without run.json is that of a process that was killed before its run began.
    begun = [path for path in ws.runs.iterdir() if not (path / "run.json").is_file()]
    assert len(begun) <= sum(fate == 9 for fate in fates.values())


@pytest.mark.parametrize(("rounds", "kills"), [(3, 0), (3, 4)])
def test_eight_processes_start_runs_at_once(tmp_path: Path, rounds: int, kills: int) -> None:
    ws = workspace.create(tmp_path / "ws", "retrieve")
    check(ws, stress(ws, rounds, kills))


@pytest.mark.long
def test_eight_processes_start_runs_at_once_two_hundred_times_and_half_are_killed(
    tmp_path: Path,
) -> None:
    ws = workspace.create(tmp_path / "ws", "retrieve")
    fates = stress(ws, 200, 4)
    check(ws, fates)
    states = [run.status for run in runs(ws)]
    # The moments were spread over the whole of a run: else this would show nothing.
    assert states.count("interrupted") >= 50
    assert sum(fate == 9 for fate in fates.values()) >= 200
