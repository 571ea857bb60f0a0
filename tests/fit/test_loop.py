"""The loop on a training of one number, where everything can be worked out by hand."""

import math
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from atarimae import runlog, workspace
from atarimae.errors import AtarimaeError
from atarimae.fit import checkpoint, loop
from atarimae.fit.device import Device, choose
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

    def start(
        training: OneWeight,
        epochs: int,
        *,
        resume: bool = False,
        kept: Path | None = None,
        device: Device | None = None,
    ):
        with runlog.start(space, because="x") as made:
            recipe = Recipe(epochs=epochs, warmup=0.25, workers=1)
            place = kept or made.folder / "checkpoint" / "last.safetensors"
            loop.train(
                training, recipe, made, device or choose("cpu"), place,
                seed=0, resume=resume, progress=silent,
            )  # fmt: skip
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
    reached = checkpoint.read(kept, good)
    assert (reached.epoch, reached.step) == (2, 4)
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


class Noisy(OneWeight):
    """Draws at random in each step, as dropout does."""

    def step(self, batch: object, update: object) -> dict[str, float]:
        self.number += 1
        loss = ((self.weight.weight - 3) * torch.rand(1)).square().sum()
        if (self.epoch, self.number) == self.poison:
            loss = loss * math.nan
        return {"loss": update(loss)}  # type: ignore[operator]


def test_resumed_training_draws_what_an_uninterrupted_one_does(run, tmp_path: Path) -> None:
    whole, half, rest = Noisy(), Noisy(poison=(3, 1)), Noisy()
    told = runlog.read(run(whole, epochs=6)).metrics()["value"].tolist()
    kept = tmp_path / "kept.safetensors"
    with pytest.raises(AtarimaeError):
        run(half, epochs=6, kept=kept)
    torch.manual_seed(99)
    later = runlog.read(run(rest, epochs=6, resume=True, kept=kept)).metrics()["value"].tolist()
    assert later == told[3:]
    assert rest.weight.weight.item() == whole.weight.weight.item()


class Overflowing(OneWeight):
    """Its first gradient is too large for fp16's scale, which then falls to a half."""

    def step(self, batch: object, update: object) -> dict[str, float]:
        self.number += 1
        large = 1e35 if (self.epoch, self.number) == (0, 0) else 1.0
        return {"loss": update((self.weight.weight.float() - 3).sum() * large)}  # type: ignore[operator]


def test_scale_of_fp16_losses_is_kept(run, tmp_path: Path) -> None:
    fp16 = Device("cpu", torch.float16, 1)
    kept = tmp_path / "kept.safetensors"
    run(Overflowing(), epochs=1, kept=kept, device=fp16)
    assert checkpoint.read(kept, Overflowing()).scaler["scale"] == 2**15
    run(Overflowing(), epochs=2, kept=kept, device=fp16, resume=True)
    assert checkpoint.read(kept, Overflowing()).scaler["scale"] == 2**15


def test_seconds_of_all_sessions_are_counted(run, tmp_path: Path) -> None:
    kept = tmp_path / "kept.safetensors"
    run(OneWeight(), epochs=1, kept=kept)
    first = checkpoint.read(kept, training := OneWeight())
    checkpoint.write(kept, training, replace(first, seconds=1000.0))
    run(OneWeight(), epochs=2, kept=kept, resume=True)
    assert 1000 < checkpoint.read(kept, OneWeight()).seconds < 1100


class Unreadable(Numbers):
    in_memory = False  # so that a worker reads them

    def __getitems__(self, numbers: list[int]) -> list[int]:
        raise AtarimaeError("The picture a.png can't be read.", "It is gone.", "Put it back.")


def test_error_of_a_worker_is_said_as_it_is(run) -> None:
    training = OneWeight()
    training.samples = Unreadable()
    with pytest.raises(AtarimaeError) as error:
        run(training, epochs=1)
    assert error.value.as_dict() == {
        "what": "The picture a.png can't be read.", "found": "It is gone.", "fix": "Put it back.",
    }  # fmt: skip


def test_broken_checkpoint_is_said(tmp_path: Path) -> None:
    (tmp_path / "c.safetensors").write_bytes(b"no checkpoint")
    with pytest.raises(AtarimaeError, match="can't be read"):
        checkpoint.read(tmp_path / "c.safetensors", OneWeight())
