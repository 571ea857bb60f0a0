"""One row of ours, in a process of its own: `python -m bench.contest.ours JOB`.

All that `fit` does before its scores counts: reading and embedding the training images, whitening,
training, writing the graphs. Nothing is cached.
"""

import json
import sys
import time
from pathlib import Path

import numpy as np
import torch

from atarimae import bundle
from atarimae import open as open_workspace
from atarimae.fit import loop
from atarimae.fit.device import choose
from atarimae.predict.run import outputs
from atarimae.store import Store
from atarimae.task import Model, Setup, load
from atarimae.tasks.retrieve.recipe import RetrieveRecipe
from atarimae.types import Data, Floats, silent
from atarimae.workspace import MAX_PIXELS


def main(path: Path) -> None:
    """Train the job's row, and write model and what it took."""
    job = json.loads(path.read_text())
    out, recipe = Path(job["out"]), RetrieveRecipe.of(job["settings"])
    train = Store(open_workspace(job["workspace"]).folder).data().split("train")
    began = time.process_time()
    torch.manual_seed(job["seed"])
    setup = Setup(train, job["seed"], "cpu", out / "graphs", _outputs, MAX_PIXELS)
    training = load("retrieve").training(recipe, setup)
    loop.train(
        training, recipe, _Quiet(), choose("cpu"), out / "checkpoint.safetensors",
        seed=job["seed"], resume=False, progress=silent,
    )  # fmt: skip
    bundle.write_model(training.export(out / "model"))
    told = {"seconds": time.process_time() - began, "steps": 0, "images": 0}
    (out / "trained.json").write_text(json.dumps(told | {"torch": torch.__version__}))


class _Quiet:
    """Metrics that go nowhere."""

    def metric(
        self, name: str, value: float, *, step: int | None = None, epoch: int | None = None
    ) -> None:
        """Forget it."""


def _outputs(model: Model, data: Data) -> Floats:
    rows = outputs(load("retrieve").predictor(model), data)
    return np.stack([np.asarray(row, np.float32) for row in rows])


if __name__ == "__main__":
    main(Path(sys.argv[1]))
