"""The only training loop: time, order, precision, checkpoints and stopping are its business."""

import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import torch
from torch.utils.data import DataLoader, Dataset

from atarimae.errors import AtarimaeError
from atarimae.fit import checkpoint
from atarimae.fit.averaging import Average
from atarimae.fit.checkpoint import Reached
from atarimae.fit.device import Device
from atarimae.predict.graph import cores
from atarimae.task import Recipe, Training
from atarimae.types import Progress

LARGEST_GRADIENT = 10.0  # gradients of a larger norm are scaled down to it


class Metrics(Protocol):
    """Where values go by name, as `runlog.Log` takes them."""

    def metric(
        self, name: str, value: float, *, step: int | None = None, epoch: int | None = None
    ) -> None:
        """Append one value."""


@dataclass(frozen=True)
class Place:
    """Where a training is, at the end of an epoch."""

    epoch: int  # from 1 on
    epochs: int
    step: int  # that were taken
    seconds: float  # in the loop, of all sessions

    @property
    def share(self) -> float:
        """Of its epochs, above 0 and up to 1."""
        return self.epoch / self.epochs


After = Callable[[Training, Place], bool]  # whether to end here; must not change the training


def go_on(training: Training, place: Place) -> bool:
    """An `After` that does nothing."""
    return False


class NotFiniteError(Exception):
    """A loss or a gradient is NaN or infinite; weights have not been touched by it."""


def train(
    training: Training,
    recipe: Recipe,
    metrics: Metrics,
    device: Device,
    kept: Path,
    *,
    seed: int,
    resume: bool,
    progress: Progress,
    after: After = go_on,
) -> float:
    """Train for the recipe's epochs; a checkpoint at `kept` and a call of `after` after each.

    With `resume` it goes on from `kept`: batches, learning rates, augmentation and dropout are
    those of an uninterrupted run. A loss of NaN stops it, with the weights of the last good epoch
    kept. Where the recipe averages weights, `after` sees the average, and so does who comes after
    the training. Returns the seconds of all sessions, without an epoch that was stopped under way
    and without what `after` took.
    """
    reached = checkpoint.read(kept, training) if resume and kept.is_file() else Reached()
    began = time.perf_counter() - reached.seconds
    if not reached.epoch:
        checkpoint.write(kept, training, reached)
    schedule = _Schedule(training, recipe)
    update = _Update(training, device, reached.scaler)
    average = Average(training, recipe, reached.average)
    step = reached.step
    for epoch in range(reached.epoch, recipe.epochs):
        # Anew in each epoch, so that a resumed run draws what an uninterrupted one does.
        torch.manual_seed(hash((seed, epoch)))
        _mode(training, train=True)
        batches = [list(batch) for batch in training.batches(epoch)]
        total = recipe.epochs * len(batches)
        sums: dict[str, float] = {}
        for number, batch in enumerate(_load(training, recipe, batches)):
            schedule(step, total)
            values = _step(training, batch, update, device, (epoch, number, batches[number]))
            step += 1
            average.step(step)
            for name, value in values.items():
                sums[name] = sums.get(name, 0.0) + value
            progress(step, total, f"epoch {epoch + 1}/{recipe.epochs} " + _said(values))
        for name, value in sums.items():
            metrics.metric(name, value / max(1, len(batches)), step=step, epoch=epoch + 1)
        seconds = time.perf_counter() - began
        _mode(training, train=False)
        average.epoch(epoch + 1)
        with average.in_place():
            ends = after(training, Place(epoch + 1, recipe.epochs, step, seconds))
        began = time.perf_counter() - seconds
        reached = Reached(epoch + 1, step, seconds, update.scaler.state_dict(), average.tensors)
        checkpoint.write(kept, training, reached)
        if ends:
            break
    _mode(training, train=False)
    average.put()
    return time.perf_counter() - began


class _Schedule:
    """Warm-up, then cosine to zero, over the steps that this stage has."""

    def __init__(self, training: Training, recipe: Recipe) -> None:
        self.warmup = recipe.warmup
        self.groups = [
            group for optimiser in training.optimisers.values() for group in optimiser.param_groups
        ]
        for group in self.groups:
            group.setdefault("peak_lr", group["lr"])

    def __call__(self, step: int, total: int) -> None:
        warm = max(1, round(self.warmup * total))
        if step < warm:
            factor = (step + 1) / warm
        else:
            factor = 0.5 * (1 + math.cos(math.pi * (step - warm) / max(1, total - warm)))
        for group in self.groups:
            group["lr"] = group["peak_lr"] * factor


class _Update:
    """One optimiser's step down a loss, refused where loss or gradient is not finite."""

    def __init__(self, training: Training, device: Device, scaler: Mapping[str, float]) -> None:
        self.optimisers = training.optimisers
        self.device = device
        self.scaler = torch.amp.GradScaler(device.name, enabled=device.dtype == torch.float16)
        if scaler:
            self.scaler.load_state_dict(dict(scaler))

    def __call__(self, loss: torch.Tensor, optimiser: str = "main") -> float:
        value = float(loss.detach())
        if not math.isfinite(value):
            raise NotFiniteError(f"The loss is {value}.")
        chosen = self.optimisers[optimiser]
        with torch.autocast(self.device.name, enabled=False):
            chosen.zero_grad(set_to_none=True)
            torch.autograd.backward(self.scaler.scale(loss))
            self.scaler.unscale_(chosen)
            parameters = [p for group in chosen.param_groups for p in group["params"]]
            norm = float(torch.nn.utils.clip_grad_norm_(parameters, LARGEST_GRADIENT))
            # With fp16 the scaler skips such a step by itself and lowers its scale.
            if not math.isfinite(norm) and not self.scaler.is_enabled():
                raise NotFiniteError(f"The gradient's norm is {norm}.")
            self.scaler.step(chosen)
            self.scaler.update()
        return value


def _step(
    training: Training,
    batch: object,
    update: Callable[..., float],
    device: Device,
    place: tuple[int, int, Sequence[int]],
) -> Mapping[str, float]:
    if isinstance(batch, AtarimaeError):
        raise batch
    try:
        with device.autocast():
            return training.step(batch, update)
    except NotFiniteError as error:
        epoch, number, samples = place
        raise AtarimaeError(
            f"Training stopped in epoch {epoch + 1}, batch {number + 1}.",
            f"{error} The batch holds samples {_listed(samples)}.",
            "Lower lr or scale, or look at those images; the last good weights are in the run's "
            "checkpoint.",
        ) from None


class _Whole(Dataset[object]):
    """Samples as PyTorch's loader wants them: it hands over a batch as it was read.

    Our own error is handed over as well: raised in a worker it would come with a traceback.
    """

    def __init__(self, training: Training) -> None:
        self.samples = training.samples

    def __getitem__(self, number: int) -> object:
        return self.__getitems__([number])

    def __getitems__(self, numbers: list[int]) -> object:
        try:
            return self.samples.__getitems__(numbers)
        except AtarimaeError as error:
            return error


def _load(training: Training, recipe: Recipe, batches: list[list[int]]) -> Iterator[object]:
    workers = recipe.workers if recipe.workers >= 0 else cores()
    loader = DataLoader(
        _Whole(training),
        batch_sampler=batches,
        collate_fn=_as_read,
        num_workers=0 if training.samples.in_memory else workers,
    )
    return iter(loader)


def _as_read(batch: object) -> object:
    return batch


def _mode(training: Training, *, train: bool) -> None:
    for module in training.modules.values():
        module.train(train)


def _said(values: Mapping[str, float]) -> str:
    return " ".join(f"{name} {value:.3f}" for name, value in values.items())


def _listed(samples: Sequence[int]) -> str:
    return ", ".join(map(str, samples[:8])) + (" …" if len(samples) > 8 else "")
