"""A sweep on a real Ray cluster: two nodes on loopback, one of which is killed half-way."""

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
import tomli_w

from atarimae import api, runlog

pytestmark = pytest.mark.long
pytest.importorskip("ray", reason="No ray here: pip install 'atarimae[ray]'")

LOSS = "name == 'loss'"  # a training that takes long is judged midway too
EPOCHS = 40
SPACE = {
    "because": "二台で",
    "recipe": {"epochs": EPOCHS, "lr": 0.3},
    "space": {"lr": {"low": 0.1, "high": 0.5}},
}


@pytest.fixture
def cluster() -> Iterator[object]:
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    from ray.cluster_utils import Cluster

    node = {"num_cpus": 1, "include_dashboard": False, "object_store_memory": 80 * 2**20}
    made = Cluster(initialize_head=True, head_node_args=node)
    made.other = made.add_node(num_cpus=1, object_store_memory=80 * 2**20)
    yield made
    made.shutdown()


@pytest.fixture
def slow(tmp_path: Path, photos: Path) -> api.Workspace:
    made = api.init(tmp_path / "共有", "slow-colour")
    made.add(photos)
    (tmp_path / "space.toml").write_text(tomli_w.dumps(SPACE), encoding="utf-8")
    return made


def parent(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def children(pid: int) -> list[int]:
    return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def raylet(node) -> int:
    return node.all_processes["raylet"][0].process.pid


def begun_on(node, space: api.Workspace) -> str | None:
    """The holdout run that the node works on, if it has some epochs behind it."""
    for run in runlog.runs(space.folder):
        if run.stage != "holdout" or run.status != "running":
            continue
        pid = json.loads((run.folder / "run.json").read_text())["process"]["pid"]
        epochs = (run.folder / "metrics.jsonl").read_text().count("\n")
        if parent(pid) == raylet(node) and epochs >= 5:
            return run.id
    return None


def test_node_that_is_killed_loses_nothing(cluster, slow: api.Workspace, tmp_path: Path) -> None:
    words = [
        sys.executable, "-m", "atarimae", "-C", str(slow.folder.root), "sweep",
        str(tmp_path / "space.toml"), "--ideas", "5", "--json", "--workers",
        f"ray:{cluster.address}",
    ]  # fmt: skip
    driver = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    ends = time.monotonic() + 600  # Ray takes long to begin on a machine that has other work
    while (cut := begun_on(cluster.other, slow)) is None:
        assert driver.poll() is None, driver.communicate()
        assert time.monotonic() < ends
        time.sleep(0.1)
    done_before = [run.id for run in runlog.runs(slow.folder) if run.status == "done"]
    node = raylet(cluster.other)
    for pid in [node, *children(node)]:  # as when the power goes out
        os.kill(pid, signal.SIGKILL)
    out, said = driver.communicate(timeout=600)
    assert driver.returncode == 0, said
    assert "a worker died; going on" in said
    found = json.loads(out)
    assert found["ended"] == "5 ideas were tried"
    assert {idea["state"] for idea in found["ideas"]} <= {"done", "rejected"}
    runs = {run.id: run for run in runlog.runs(slow.folder)}
    assert {run.status for run in runs.values()} == {"done"}
    assert {cut, *done_before} <= set(runs)
    assert {i for idea in found["ideas"] for i in idea["runs"].values()} == set(runs)
    assert set(Counter((r.recipe["lr"], r.stage) for r in runs.values()).values()) == {1}
    for run in runs.values():  # gone on with from its checkpoint: none left out
        few = EPOCHS if run.stage == "holdout" else max(2, EPOCHS // 10)
        epochs = run.metrics().query(LOSS)["epoch"].tolist()
        assert sorted(set(epochs)) == list(range(1, few + 1))
        # A kill between an epoch's log and its checkpoint, and that epoch is logged again.
        assert len(epochs) <= few + 1
