"""The loop on a training of one number, where everything can be worked out by hand."""

import math
from pathlib import Path

import pytest
import torch

from atarimae import runlog, workspace
from atarimae.errors import AtarimaeError
from atarimae.fit import checkpoint, loop
from atarimae.fit.device import choose
from atarimae.task import Recipe
from atarimae.types import silent


class Numbers:
    in_memory = True

    def __len__(self) -> int:
        return 8

    def __getitems__(self, numbers: list[int]) -> list[int]:
        return numbers


class OneWeight:
    """Minimises (w - 3)²; `poison` is a batch whose loss is NaN."""

    def __init__(self, poison: tuple[int, int] | None = None) -> None:
        self.weight = torch.nn.Linear(1, 1, bias=False)
        torch.nn.init.zeros_(self.weight.weight)
        self.modules = {"weight": self.weight}
        self.optimisers = {"main": torch.optim.AdamW(self.weight.parameters(), lr=0.1)}
        self.samples, self.parameters = Numbers(), 1
        self.poison, self.epoch, self.rates = poison, -1, []

    def batches(self, epoch: int) -> list[list[int]]:
        self.epoch, self.number = epoch, -1
        return [[0, 1, 2, 3], [4, 5, 6, 7]]

    def step(self, batch: object, update: object) -> dict[str, float]:
        self.number += 1
        loss = (self.weight.weight - 3).square().sum()
        if (self.epoch, self.number) == self.poison:
            loss = loss * math.nan
        value = update(loss)  # type: ignore[operator]
        self.rates.append(self.optimisers["main"].param_groups[0]["lr"])
        return {"loss": value}


@pytest.fixture
def run(tmp_path: Path):
    space = workspace.create(tmp_path, "retrieve")

    def start(training: OneWeight, epochs: int, *, resume: bool = False, kept: Path | None = None):
        with runlog.start(space, because="x") as made:
            recipe = Recipe(epochs=epochs, warmup=0.25)
            place = kept or made.folder / "checkpoint" / "last.safetensors"
            loop.train(training, recipe, made, choose("cpu"), place, resume=resume, progress=silent)
        return made.folder

    return start


def test_learning_rate_warms_up_and_falls_as_a_cosine(run) -> None:
    training = OneWeight()
    run(training, epochs=4)  # 8 steps, 2 of them warm up
    cosine = [0.05 * (1 + math.cos(math.pi * k / 6)) for k in range(6)]
    assert training.rates == pytest.approx([0.05, 0.1, *cosine])


def test_each_epochs_mean_loss_is_logged(run) -> None:
    metrics = runlog.read(run(OneWeight(), epochs=3)).metrics()
    assert metrics["epoch"].tolist() == [1, 2, 3]
    assert metrics["value"].is_monotonic_decreasing


def test_zero_epochs_train_nothing(run) -> None:
    training = OneWeight()
    run(training, epochs=0)
    assert training.weight.weight.item() == 0


def test_nan_stops_says_which_batch_and_keeps_the_last_good_weights(run, tmp_path: Path) -> None:
    kept = tmp_path / "kept.safetensors"
    with pytest.raises(AtarimaeError) as error:
        run(OneWeight(poison=(2, 1)), epochs=5, kept=kept)
    assert "epoch 3, batch 2" in error.value.what
    assert "samples 4, 5, 6, 7" in error.value.found
    clean, good = OneWeight(), OneWeight()
    assert checkpoint.read(kept, good) == (2, 4)
    run(clean, epochs=5)
    assert math.isfinite(good.weight.weight.item())
    assert good.weight.weight.item() != 0


def test_gradient_of_nan_stops_as_well_before_it_reaches_the_weights(run, tmp_path: Path) -> None:
    class Steep(OneWeight):
        def step(self, batch: object, update: object) -> dict[str, float]:
            zero = self.weight.weight * 0
            return {"loss": update(zero.sqrt().sum())}  # type: ignore[operator]

    training = Steep()
    with pytest.raises(AtarimaeError, match=r"gradient's norm"):
        run(training, epochs=1)
    assert training.weight.weight.item() == 0


def test_resumed_training_ends_where_an_uninterrupted_one_does(run, tmp_path: Path) -> None:
    whole, half, rest = OneWeight(), OneWeight(poison=(3, 0)), OneWeight()
    run(whole, epochs=6)
    kept = tmp_path / "kept.safetensors"
    with pytest.raises(AtarimaeError):
        run(half, epochs=6, kept=kept)
    run(rest, epochs=6, resume=True, kept=kept)
    assert rest.weight.weight.item() == whole.weight.weight.item()
    assert rest.rates == whole.rates[6:]


def test_broken_checkpoint_is_said(tmp_path: Path) -> None:
    (tmp_path / "c.safetensors").write_bytes(b"no checkpoint")
    with pytest.raises(AtarimaeError, match="can't be read"):
        checkpoint.read(tmp_path / "c.safetensors", OneWeight())
