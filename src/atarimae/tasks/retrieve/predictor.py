"""From a picture to its embedding, torch-free."""

import hashlib
from collections.abc import Callable, Mapping
from typing import cast

import numpy as np

from atarimae.predict.graph import Graph
from atarimae.predict.region import seen, with_margin
from atarimae.predict.resize import Fit, resize
from atarimae.task import Model
from atarimae.tasks.retrieve.whitening import whitened
from atarimae.types import Batch, Box, Pixels, Source


class RetrievePredictor:
    """The steps that the model's settings name: graphs, and whitening between or after them."""

    cached = 1  # the backbone's graph; what follows takes microseconds

    def __init__(self, model: Model) -> None:
        self.size = cast(int, model.settings["image_size"])
        self.fit = cast(Fit, model.settings["fit"])
        self.margin = cast(float | None, model.settings.get("box_margin"))
        names = cast(list[str], model.settings["steps"])
        made = {name: _step(name, model) for name in names}
        self.steps: Mapping[str, Callable[[Batch], Batch]] = made
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


def _step(name: str, model: Model) -> Callable[[Batch], Batch]:
    if name == "embed":
        return Graph(model.graphs[name])
    if name != "whiten":
        return Graph(model.graphs[name], threads=1)  # one small product: waking others costs more

    def whiten(batch: Batch) -> Batch:
        return list(whitened(np.stack([np.asarray(r, np.float32) for r in batch]), model.arrays))

    return whiten
