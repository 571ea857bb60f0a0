"""Training the whole network: `fit`'s loop beside PML's and OML's documented ones, fp32 eager.

Each in a process of its own, reading included, no workers beside it, as many threads for each.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors.torch import save_file

from atarimae import api
from atarimae.fit import loop, memory
from atarimae.fit.device import choose
from atarimae.predict.graph import cores
from atarimae.store import Store
from atarimae.task import Model, Setup, load
from atarimae.tasks.retrieve.network.backbone import LITE0_MEAN, LITE0_STD, backbone
from atarimae.tasks.retrieve.network.data import targets_of
from atarimae.tasks.retrieve.recipe import RetrieveRecipe
from atarimae.types import Data, Floats
from atarimae.workspace import MAX_PIXELS
from bench.contest import worker
from bench.contest.drawings import workspace
from bench.ratio import Ratio

SIZE, CLASSES, EACH, STEPS = 128, 16, 4, 5
FASTER = 1.5  # times
OML, PML = "open-metric-learning", "pytorch-metric-learning"
RECIPE: Mapping[str, object] = {
    "freeze": "none", "image_size": SIZE, "projection": 512, "epochs": 1, "workers": 0,
    "classes_per_batch": CLASSES, "images_per_class": EACH,
}  # fmt: skip


def measure() -> list[Ratio]:
    """Seconds of a step of 64 images; medians."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        data = Store(api.open(workspace(folder / "demo")).folder).data().split("train")
        ours = _ours(folder)
        oml = os.environ.get("ATARIMAE_OML", "")
        pythons = {PML: sys.executable} | ({OML: oml} if Path(oml).is_file() else {})
        return [
            _beside(side, ours, _peer(side, python, folder, data))
            for side, python in pythons.items()
        ]


def _beside(side: str, ours: Mapping[str, float], peer: Mapping[str, float]) -> Ratio:
    images = CLASSES * EACH
    note = (
        f"batches of {images} at {SIZE} px, EfficientNet-Lite0, {cores()} threads each, medians of "
        f"{STEPS} steps with their reading; {images / ours['wall']:.0f} and "
        f"{images / peer['wall']:.0f} images a second; by seconds of the processor "
        f"{peer['processor'] / ours['processor']:.2f} times as fast"
    )
    target, most = f"≤ {1 / FASTER:.2f}× ({FASTER:g} times as fast)", peer["wall"] / FASTER
    return Ratio(f"training step / {side}", ours["wall"], peer["wall"], "s", target, most, note)


def _ours(folder: Path) -> dict[str, float]:
    return _told([sys.executable, "-m", "bench.training", str(folder)])


def _peer(side: str, python: str, folder: Path, data: Data) -> dict[str, float]:
    start, job = folder / "start.safetensors", folder / "job.json"
    network, _, _ = backbone(RetrieveRecipe.of(RECIPE))
    save_file(network.state_dict(), start)
    job.write_text(json.dumps({
        "recipe": "oml_hard" if side == OML else "pml_triplet", "lr": 1e-4, "seed": 0,
        "steps": STEPS, "threads": cores(), "channels_last": False, "size": SIZE, "width": 512,
        "mean": [LITE0_MEAN / 255] * 3, "std": [LITE0_STD / 255] * 3, "weights": str(start),
        "paths": [str(data.path(file)) for file in data.files], "targets": targets_of(data)[1],
    }))  # fmt: skip
    return _told([python, worker.__file__, str(job)])


def _told(words: list[str]) -> dict[str, float]:
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr[-2000:])
    told: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return told


class _EnoughError(Exception):
    """As many steps as were asked for."""


def _steps(folder: Path) -> dict[str, float]:
    """Our own, as a run takes them: its training, its loop, its memory."""
    data = Store(api.open(folder / "demo").folder).data().split("train")
    recipe, device = RetrieveRecipe.of(RECIPE), choose("cpu")
    torch.manual_seed(0)
    setup = Setup(data, 0, device.name, folder / "graphs", _nothing, MAX_PIXELS)
    training = load("retrieve").training(recipe, setup)
    stamps: list[tuple[float, float]] = []

    def told(done: int, total: int, note: str = "") -> None:
        stamps.append((time.perf_counter(), time.process_time()))
        if len(stamps) > STEPS:
            raise _EnoughError

    try:
        with memory.kept(device.name):
            loop.train(
                training, recipe, _Quiet(), device, folder / "checkpoint.safetensors",
                seed=0, resume=False, progress=told,
            )  # fmt: skip
    except _EnoughError:
        pass
    return worker.between(stamps)


class _Quiet:
    """Metrics that go nowhere."""

    def metric(
        self, name: str, value: float, *, step: int | None = None, epoch: int | None = None
    ) -> None:
        """Forget it."""


def _nothing(_model: Model, _data: Data) -> Floats:
    raise AssertionError("a trained backbone has no cached features")


if __name__ == "__main__":
    print(json.dumps(_steps(Path(sys.argv[1]))))
