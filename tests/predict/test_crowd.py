"""A catalogue embedded on a real Ray cluster: two nodes on loopback, of which one is killed."""

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from atarimae import bundle
from atarimae.cli import main
from atarimae.predict.cache import Cache
from atarimae.predict.run import outputs
from atarimae.types import Data, File, Version

pytestmark = pytest.mark.long
pytest.importorskip("ray", reason="No ray here: pip install 'atarimae[ray]'")

COLOURS = Path(__file__).parents[1] / "serve" / "third_party"
PICTURES = 480
# 16 images a task, half a second each: there is time to kill somebody.
DRIVER = """
import json, sys
from pathlib import Path
from atarimae import bundle, cluster, task
from atarimae.predict import crowd
from atarimae.types import Data, File, Version
crowd.EACH, cluster.ANSWER = 16, 300
model, root, cache, workers = sys.argv[1:]
files = tuple(File(*pair) for pair in json.loads((Path(root) / "files.json").read_text()))
data = Data(Path(root), Version(0, ""), files, {}, {})
def progress(done, total, note=""):
    print(done, total, note, file=sys.__stdout__, flush=True)
crowd.embed(task.load("colours"), Path(model), data, Path(cache), workers, progress=progress)
"""


@pytest.fixture
def cluster() -> Iterator[object]:
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    from ray.cluster_utils import Cluster

    node = {"num_cpus": 1, "object_store_memory": 80 * 2**20}
    made = Cluster(initialize_head=True, head_node_args=node | {"include_dashboard": False})
    made.other = made.add_node(**node)
    yield made
    made.shutdown()


@pytest.fixture
def colours(monkeypatch):
    monkeypatch.syspath_prepend(str(COLOURS))
    import colours

    return colours


@pytest.fixture
def pictures(tmp_path: Path) -> Data:
    root = tmp_path / "絵"
    root.mkdir()
    files = []
    for number in range(PICTURES):
        path = root / f"{number:04d}.png"
        Image.new("RGB", (20, 20), (number % 256, number // 256, 90)).save(path)
        files.append(File(path.name, hashlib.sha256(path.read_bytes()).hexdigest()))
    (root / "files.json").write_text(json.dumps([[f.path, f.image] for f in files]))
    return Data(root, Version(0, ""), tuple(files), {}, {})


def begun(cluster, model: Path, data: Data, cache: Path) -> subprocess.Popen[str]:
    words = [model, data.root, cache, f"ray:{cluster.address}"]
    paths = os.pathsep.join([str(COLOURS), os.environ.get("PYTHONPATH", "")])
    return subprocess.Popen(
        [sys.executable, "-c", DRIVER, *map(str, words)], env=os.environ | {"PYTHONPATH": paths},
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def kept(cache: Path) -> list[list[str]]:
    """The images of each block that is there."""
    return [path.read_text().split("\n") for path in cache.glob("outputs/*/*.txt")]


def workers_of(node) -> list[int]:
    """The processes on a node that embed."""
    raylet = node.all_processes["raylet"][0].process.pid
    theirs = Path(f"/proc/{raylet}/task/{raylet}/children").read_text().split()
    return [int(pid) for pid in theirs if b"Embedder" in _name(pid)]


def _name(pid: str) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:  # it has ended meanwhile
        return b""


def until(true, driver: subprocess.Popen[str]) -> None:
    ends = time.monotonic() + 300
    while not true():
        assert driver.poll() is None, driver.communicate()
        assert time.monotonic() < ends
        time.sleep(0.05)


def test_driver_and_node_that_are_killed_lose_nothing(cluster, colours, pictures, tmp_path) -> None:
    shipped = colours.ship(tmp_path / "bundle", answer_seconds=0.5)
    cache = tmp_path / "cache"

    driver = begun(cluster, shipped, pictures, cache)
    until(lambda: len(kept(cache)) >= 4, driver)
    driver.kill()
    driver.wait()
    time.sleep(2)  # its workers are ended by the cluster
    before = [image for block in kept(cache) for image in block]
    assert 64 <= len(before) < PICTURES

    driver = begun(cluster, shipped, pictures, cache)
    until(lambda: workers_of(cluster.other), driver)
    until(lambda: sum(map(len, kept(cache))) >= len(before) + 64, driver)
    raylet = cluster.other.all_processes["raylet"][0].process.pid
    for pid in [raylet, *workers_of(cluster.other)]:  # as when the power goes out
        os.kill(pid, signal.SIGKILL)
    out, said = driver.communicate(timeout=300)
    assert driver.returncode == 0, said
    told = [line.split()[:2] for line in out.splitlines()]
    assert told[-1] == [str(PICTURES), str(PICTURES)]
    assert int(told[0][0]) > len(before), "what the first had done counts"

    found = Counter(image for block in kept(cache) for image in block)
    assert set(found) == {file.image for file in pictures.files}
    assert {found[image] for image in before} == {1}, "nothing of it was done again"
    model = bundle.read_model(colours.ship(tmp_path / "fast"))
    predictor = colours.task.predictor(model)
    on_ray = Cache(cache, predictor.key).get([file.image for file in pictures.files])
    here = outputs(predictor, pictures)
    for file, row in zip(pictures.files, here, strict=True):
        np.testing.assert_allclose(on_ray[file.image], row, atol=1e-6)


def test_a_picture_that_cannot_be_read_is_named(cluster, colours, pictures, tmp_path) -> None:
    (pictures.root / "0007.png").write_bytes(b"no picture")
    shipped = colours.ship(tmp_path / "bundle")
    _, said = begun(cluster, shipped, pictures, tmp_path / "cache").communicate(timeout=300)
    assert "AtarimaeError" in said
    assert "0007.png" in said


def test_a_bundle_takes_in_what_a_cluster_embedded(walked, tmp_path, monkeypatch, capsys) -> None:
    import shutil

    import atarimae as at

    grown = Path(shutil.copytree(walked.bundle, tmp_path / "包み"))
    gone = [file.path for file in bundle.read(grown).index.files[5:9]]
    monkeypatch.chdir(walked.workspace)
    before = bundle.read(grown).index
    at.Bundle(grown).change(remove=gone)
    assert main(["index", str(grown), "--add", *gone, "--workers", "ray", "--json"]) == 0
    assert json.loads(capsys.readouterr().out.splitlines()[-1])["added"] == 4
    after = bundle.read(grown).index
    assert [f.path for f in after.files] == [f.path for f in before.files]
    then, now = (one.arrays["embedding"] for one in (before, after))
    np.testing.assert_allclose(now, then, atol=1e-5)
    assert not list(tmp_path.glob(".*")), "what waited is gone"
    assert main(["index", str(grown), "--add", gone[0], "--workers", "2"]) == 2
    assert "ray:HOST:PORT" in capsys.readouterr().err
