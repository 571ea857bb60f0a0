"""A catalogue embedded on a Ray cluster, into the cache: what is there is not done again.

Each worker writes what it has done before it takes the next, so that one that dies, or the process
that asked for it, loses a task at most.
"""

import json
import logging
import sys
from collections.abc import Mapping
from contextlib import redirect_stdout
from dataclasses import astuple
from pathlib import Path
from types import ModuleType

import numpy as np

from atarimae import bundle, cluster
from atarimae import task as tasks
from atarimae.errors import AtarimaeError
from atarimae.predict.cache import Cache
from atarimae.predict.region import known_box
from atarimae.predict.run import dear_steps, row_name
from atarimae.task import Task
from atarimae.types import Array, Box, Data, File, Floats, Label, Progress, Version, silent
from atarimae.workspace import MAX_PIXELS

EACH = 256  # images a task


def embed(
    task: Task,
    model: Path,
    data: Data,
    cache: Path,
    workers: str,
    *,
    max_pixels: int = MAX_PIXELS,
    progress: Progress = silent,
) -> None:
    """Fill the cache with the dear outputs for the files of `data`; `outputs` finds them there.

    `model` is the folder of a run's or bundle's model. The cluster's machines must see it, the
    cache and the pictures under the same paths.
    """
    address = cluster.address_of(workers)
    predictor = task.predictor(bundle.read_model(model))
    if not predictor.cached:
        return
    rows = {row_name(predictor, data, file): file for file in reversed(data.files)}
    there = Cache(cache, predictor.key).get(list(rows))
    missing = {name: file for name, file in rows.items() if name not in there}
    if missing:
        told = (task.name, str(model.resolve()), str(cache.resolve()), max_pixels)
        with redirect_stdout(sys.stderr):  # where Ray tells of dead machines
            ray = cluster.joined(address)
            try:
                cluster.check_folder(ray, cache.resolve())
                _shared_out(ray, told, missing, data, len(rows), progress)
            finally:
                ray.shutdown()


def _shared_out(
    ray: ModuleType,
    told: tuple[str, str, str, int],
    missing: Mapping[str, File],
    data: Data,
    total: int,
    progress: Progress,
) -> None:
    import ray.data as streams

    logging.getLogger("ray.data").setLevel(logging.ERROR)
    streams.DataContext.get_current().enable_progress_bars = False
    items = [
        {
            "name": name, "image": file.image, "path": str(data.path(file).resolve()),
            "box": json.dumps(None if (box := known_box(data, file)) is None else astuple(box)),
        }
        for name, file in missing.items()
    ]  # fmt: skip
    cores = max(int(ray.cluster_resources().get("CPU", 1)), 1)
    # A block for each task: what a worker has done is known when its task ends.
    waiting = streams.from_items(items, override_num_blocks=-(-len(items) // EACH))
    done = total - len(missing)
    # All begin at once; fewer go on where a machine is lost, as its worker may find no other core.
    staff = streams.ActorPoolStrategy(min_size=1, max_size=cores, initial_size=cores)
    answers = waiting.map_batches(
        Embedder, fn_constructor_args=told, batch_size=EACH, num_cpus=1, compute=staff
    )
    for answer in answers.iter_rows():
        if answer["error"]:
            raise AtarimaeError(**json.loads(answer["error"]))
        done += answer["done"]
        progress(done, total, "embedding on ray")


class Embedder:
    """One worker, with a predictor of its own, on one core."""

    def __init__(self, task: str, model: str, cache: str, max_pixels: int) -> None:
        self._predictor = tasks.load(task).predictor(bundle.read_model(Path(model)))
        self._cache = Cache(Path(cache), self._predictor.key)
        self._max_pixels = max_pixels

    def __call__(self, batch: Mapping[str, Array]) -> dict[str, list[object]]:
        """From columns `name`, `image`, `path` and `box` to how many are done, or an error."""
        names = {
            str(path): str(name) for path, name in zip(batch["path"], batch["name"], strict=True)
        }
        pairs = zip(batch["path"], batch["image"], strict=True)
        files = tuple(File(str(path), str(image)) for path, image in pairs)
        boxes = zip(files, map(json.loads, batch["box"]), strict=True)
        said = {
            file.image: (Label(file.image, "", "box", Box(*box)),) for file, box in boxes if box
        }
        data = Data(Path("/"), Version(0, ""), files, {}, said)
        found: dict[str, Floats] = {}
        try:
            for some, rows in dear_steps(self._predictor, data, files, self._max_pixels):
                floats = (np.asarray(row, np.float32) for row in rows)
                found.update(zip((names[file.path] for file in some), floats, strict=True))
            self._cache.put(found)
        except AtarimaeError as error:
            return {"done": [0], "error": [json.dumps(error.as_dict())]}
        return {"done": [len(files)], "error": [""]}
