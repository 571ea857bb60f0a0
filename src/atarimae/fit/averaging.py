"""Averages of a training's weights over its steps or its last epochs; judged and kept as weights.

Over steps, decaying: Polyak and Juditsky, 1992, as timm and TensorFlow warm it up. Over the last
epochs, all alike: Izmailov et al., UAI 2018.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import torch

from atarimae.task import Recipe, Training

Tensors = Mapping[str, torch.Tensor]


class Average:
    """One average of all modules' states, statistics of normalisation among them.

    Whole numbers (counts) are those of the latest weights.
    """

    def __init__(self, training: Training, recipe: Recipe, kept: Tensors) -> None:
        self.decay = recipe.average_decay
        last = recipe.average_epochs
        self.first = max(1, recipe.epochs - last + 1) if last else 0  # epoch to be averaged
        self._training = training
        self.tensors: dict[str, torch.Tensor] = {}
        if self.decay or self.first:
            self.tensors = {name: value.clone() for name, value in self._live().items()}
        for name, value in kept.items():
            self.tensors[name].copy_(value)

    def step(self, number: int) -> None:
        """Take in the weights after step `number`, from 1 on."""
        if self.decay:
            # Before there were steps enough, over fewer: the first weights are worth nothing.
            self._take(1 - min(self.decay, number / (number + 9)))

    def epoch(self, number: int) -> None:
        """Take in the weights after epoch `number`, from 1 on."""
        if self.first:
            self._take(1 / max(1, number - self.first + 1))

    @contextmanager
    def in_place(self) -> Iterator[None]:
        """The modules hold the average; afterwards what they held before, bit for bit."""
        before = {name: value.clone() for name, value in self._live().items()}
        self.put()
        try:
            yield
        finally:
            _copy(before, self._live())

    def put(self) -> None:
        """Let the modules hold the average from here on."""
        _copy(self.tensors, self._live())

    @torch.no_grad()
    def _take(self, share: float) -> None:
        for name, value in self._live().items():
            if value.is_floating_point():
                self.tensors[name].lerp_(value, share)
            else:
                self.tensors[name].copy_(value)

    def _live(self) -> dict[str, torch.Tensor]:
        """The modules' own tensors by name, none where nothing is averaged."""
        if not self.decay and not self.first:
            return {}
        return {
            f"{name}/{key}": value
            for name, module in self._training.modules.items()
            for key, value in module.state_dict().items()
        }


@torch.no_grad()
def _copy(source: Tensors, target: Tensors) -> None:
    for name, value in source.items():
        target[name].copy_(value)
