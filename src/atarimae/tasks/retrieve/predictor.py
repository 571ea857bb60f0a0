"""From a picture to its embedding, torch-free."""

import hashlib
import math
from collections.abc import Callable, Mapping
from typing import cast

import numpy as np

from atarimae.predict.graph import Graph
from atarimae.predict.region import seen, with_margin
from atarimae.predict.resize import Fit, resize
from atarimae.task import Model
from atarimae.tasks.retrieve.cells import described, packed
from atarimae.tasks.retrieve.whitening import whitened
from atarimae.types import Batch, Box, Floats, Pixels, Source


class RetrievePredictor:
    """The steps that the model's settings name: graphs, and whitening between or after them."""

    cached = 1  # the backbone's graph; what follows takes microseconds

    def __init__(self, model: Model) -> None:
        self.size = cast(int, model.settings["image_size"])
        self.fit = cast(Fit, model.settings["fit"])
        self.margin = cast(float | None, model.settings.get("box_margin"))
        names = cast(list[str], model.settings["steps"])
        self.steps: Mapping[str, Step] = _steps(model)
        weights = hashlib.sha256(model.graphs[names[0]].read_bytes())
        weights.update(f"{self.size} {self.fit}".encode())
        if self.margin is not None:
            weights.update(f" box {self.margin}".encode())
        self.key = weights.hexdigest()

    @property
    def reads(self) -> int:
        """The shorter side that is read, in px."""
        return self.size

    @property
    def shape(self) -> tuple[int, int, int]:
        """Of what `windows` gives."""
        return self.size, self.size, 3

    def windows(self, source: Source) -> Pixels:
        """(size, size, 3), RGB."""
        return resize(seen(source, self.margin), self.size, self.fit)

    def part(self, box: Box, size: tuple[int, int]) -> Box | None:
        """The box with its margin; None where the recipe reads whole pictures."""
        return None if self.margin is None else with_margin(box, self.margin, size)


Step = Callable[[Batch], Batch]


def _steps(model: Model) -> dict[str, Step]:
    """By name in order; what the first gives behind an embedding goes past others to `cells`."""
    made = {name: _step(name, model) for name in cast(list[str], model.settings["steps"])}
    if "cells" not in model.settings:
        return made
    behind = math.prod(_cells(model))
    return {
        name: step if name in ("embed", "cells") else _before(step, behind)
        for name, step in made.items()
    }


def _step(name: str, model: Model) -> Step:
    if name == "embed":
        return Graph(model.graphs[name])
    if name == "cells":
        return lambda batch: _packed(_floats(batch), model)
    if name != "whiten":
        return Graph(model.graphs[name], threads=1)  # one small product: waking others costs more
    return lambda batch: list(whitened(_floats(batch), model.arrays))


def _before(step: Step, behind: int) -> Step:
    """The step on all but the last numbers of each row."""

    def run(batch: Batch) -> Batch:
        heads = step([row[:-behind] for row in batch])
        tails = [row[-behind:] for row in batch]
        return [np.concatenate(both) for both in zip(heads, tails, strict=True)]

    return run


def _packed(rows: Floats, model: Model) -> Batch:
    """Embeddings with their local features, as `cells` lays them out."""
    places, numbers = _cells(model)
    embeddings, raw = np.split(rows, [-places * numbers], axis=1)
    return list(packed(embeddings, described(raw.reshape(-1, places, numbers), model.arrays)))


def _cells(model: Model) -> tuple[int, int]:
    """How many cells the graph gives, and numbers of each."""
    side, numbers = cast(list[int], model.settings["cells"])
    return side**2, numbers


def _floats(batch: Batch) -> Floats:
    return np.stack([np.asarray(row, np.float32) for row in batch])
