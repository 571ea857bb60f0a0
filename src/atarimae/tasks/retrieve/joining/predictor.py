"""From a picture to the joined embeddings of all members, torch-free."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar, cast

import numpy as np

from atarimae.predict.run import apply
from atarimae.predict.unit import embeddings, unit
from atarimae.task import Model
from atarimae.tasks.retrieve.predictor import RetrievePredictor
from atarimae.tasks.retrieve.whitening import whitened
from atarimae.types import Array, Batch, Box, Source

T = TypeVar("T")


def predictor_of(model: Model) -> "RetrievePredictor | JointPredictor":
    """A single network's predictor, or that of an ensemble, which may hold others."""
    return JointPredictor(model) if "members" in model.settings else RetrievePredictor(model)


class JointPredictor:
    """The steps `members`, which gives all embeddings side by side, and `reduce` where PCA is.

    What it reads of a picture is that of its members in one row of bytes; members that begin with
    the same graph at the same size share it.
    """

    cached = 0  # each member keeps what is dear by itself
    key: str
    shape: tuple[int, ...]  # of what `windows` gives

    def __init__(self, model: Model) -> None:
        self.members = [predictor_of(one) for one in members_of(model)]
        alike = [1 / len(self.members)] * len(self.members)  # as where lists are fused
        weights = cast(list[float], model.settings.get("weights", alike))
        self._scales = np.sqrt(weights).astype(np.float32)
        self._distinct = {one.key: one for one in self.members}
        sizes = [int(np.prod(one.shape)) for one in self._distinct.values()]
        ends = np.cumsum(sizes).tolist()
        self._parts = dict(zip(self._distinct, zip([0, *ends], ends, strict=False), strict=True))
        self.shape = (sum(sizes),)
        steps: dict[str, Callable[[Batch], Batch]] = {"members": self._embedded}
        if "matrix" in model.arrays:
            steps["reduce"] = lambda batch: list(whitened(np.stack(batch), model.arrays))
        self.steps: Mapping[str, Callable[[Batch], Batch]] = steps
        said = [one.key for one in self.members], self._scales.tolist()
        self.key = hashlib.sha256(repr(said).encode()).hexdigest()

    @property
    def reads(self) -> int:
        """The shorter side that the largest of them reads, in px."""
        return max(one.reads for one in self.members)

    def windows(self, source: Source) -> Array:
        """What each of the distinct members reads, one after the other: bytes."""
        return np.concatenate([one.windows(source).ravel() for one in self._distinct.values()])

    def part(self, box: Box, size: tuple[int, int]) -> Box | None:
        """The region that the first member with one reads; None where all read whole pictures."""
        parts = (member.part(box, size) for member in self.members)
        return next((part for part in parts if part is not None), None)

    def gathered(self, rows: Sequence[Batch]) -> Batch:
        """Unit embeddings times the root of their weight, side by side."""
        sides = [
            unit(np.stack([np.asarray(row, np.float32) for row in embeddings(batch)])) * scale
            for batch, scale in zip(rows, self._scales, strict=True)
        ]
        return list(np.concatenate(sides, axis=1))

    def _embedded(self, batch: Batch) -> Batch:
        dear = {
            key: apply(one, self._read(batch, one), 0, one.cached)
            for key, one in self._distinct.items()
        }
        return self.gathered([apply(one, dear[one.key], one.cached) for one in self.members])

    def _read(self, batch: Batch, member: "RetrievePredictor | JointPredictor") -> Batch:
        start, stop = self._parts[member.key]
        return [row[start:stop].reshape(member.shape) for row in batch]


def members_of(model: Model) -> list[Model]:
    """The models that an ensemble's holds, in their order, as they were before."""
    told = cast(list[Mapping[str, object]], model.settings["members"])
    return [
        Model(
            model.folder,
            _of(model.graphs, number),
            cast(Mapping[str, object], one["settings"]),
            _of(model.arrays, number),
        )
        for number, one in enumerate(told, 1)
    ]


def _of(named: Mapping[str, T], number: int) -> dict[str, T]:
    prefix = f"{number}."
    return {
        name.removeprefix(prefix): one for name, one in named.items() if name.startswith(prefix)
    }
