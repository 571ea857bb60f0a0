"""Averages of weights, on a training of one number whose every weight is written down."""

from pathlib import Path

import numpy as np
import pytest
import torch

from atarimae import bundle, runlog
from atarimae import task as tasks
from atarimae.errors import UsageError
from atarimae.fit import fit, loop, resume
from atarimae.fit.device import choose
from atarimae.task import Recipe
from atarimae.types import silent
from atarimae.workspace import Workspace

LOSS = "name == 'loss'"  # a training that takes long is judged midway too


class Unlogged:
    def metric(self, *_: object, **__: object) -> None: ...


class Numbers:
    in_memory = True

    def __len__(self) -> int:
        return 8

    def __getitems__(self, numbers: list[int]) -> list[int]:
        return numbers


class Pulled(torch.nn.Module):
    """One weight, and a statistic and a count as a normalisation has them."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = torch.nn.Parameter(torch.zeros(()))
        self.register_buffer("mean", torch.zeros(()))
        self.register_buffer("count", torch.zeros((), dtype=torch.int64))


class OneWeight:
    """Pulled to 3 and -3 by turns; `seen` has the weight after each step."""

    def __init__(self, stop: int | None = None) -> None:
        self.one = Pulled()
        self.modules = {"one": self.one}
        self.optimisers = {"main": torch.optim.AdamW(self.one.parameters(), lr=0.1)}
        self.samples, self.parameters = Numbers(), 1
        self.seen: list[float] = []
        self.stop = stop

    def batches(self, epoch: int) -> list[list[int]]:
        if epoch == self.stop:
            raise KeyboardInterrupt
        return [[0, 1, 2, 3], [4, 5, 6, 7]]

    def step(self, batch: object, update) -> dict[str, float]:
        to = 3 if batch == [0, 1, 2, 3] else -3
        value = update((self.one.weight - to).square() * torch.rand(()))
        self.seen.append(self.one.weight.item())
        self.one.mean.fill_(self.seen[-1])
        self.one.count += 1
        return {"loss": value}


@pytest.fixture
def train(tmp_path: Path):
    def start(training: OneWeight, *, resume: bool = False, after=loop.go_on, **settings: object):
        recipe = Recipe.of({"epochs": 6, "warmup": 0, **settings})
        loop.train(
            training, recipe, Unlogged(), choose("cpu"), tmp_path / "kept.safetensors",
            seed=0, resume=resume, progress=silent, after=after,
        )  # fmt: skip
        return training

    return start


def test_decaying_average_is_that_of_all_steps_and_warms_up(train) -> None:
    one = train(OneWeight(), average_decay=0.7)
    average = 0.0
    for number, weight in enumerate(one.seen, 1):
        decay = min(0.7, number / (number + 9))
        average = decay * average + (1 - decay) * weight
    assert one.one.weight.item() == pytest.approx(average, abs=1e-6)
    assert one.one.weight.item() != pytest.approx(one.seen[-1], abs=1e-3)


@pytest.mark.parametrize("last", [1, 3, 6, 7, 100])
def test_last_epochs_are_averaged_all_alike(train, last: int) -> None:
    one = train(OneWeight(), average_epochs=last)
    ends = one.seen[1::2][-last:]
    assert one.one.weight.item() == pytest.approx(np.mean(ends), abs=1e-6)


def test_statistics_are_averaged_as_weights_are_and_counts_are_the_latest(train) -> None:
    one = train(OneWeight(), average_epochs=3).one
    assert one.mean.item() == pytest.approx(one.weight.item(), abs=1e-6)
    assert one.count.item() == 12


@pytest.mark.parametrize("setting", [{"average_decay": 0.7}, {"average_epochs": 3}])
def test_averaging_leaves_the_training_as_it_is(train, setting: dict[str, float]) -> None:
    assert train(OneWeight(), **setting).seen == train(OneWeight()).seen


def test_check_midway_sees_the_average_of_then(train) -> None:
    checked: list[float] = []

    def look(training: OneWeight, place: loop.Place) -> bool:
        checked.append(training.one.weight.item())
        return False

    one = train(OneWeight(), after=look, average_epochs=3)
    ends = one.seen[1::2]
    expected = [*ends[:4], np.mean(ends[3:5]), np.mean(ends[3:6])]
    assert checked == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("setting", [{"average_decay": 0.7}, {"average_epochs": 4}])
@pytest.mark.parametrize("stop", [0, 3, 5])
def test_average_of_a_resumed_training_is_that_of_an_uninterrupted_one(
    train, stop: int, setting: dict[str, float]
) -> None:
    whole = train(OneWeight(), **setting)
    with pytest.raises(KeyboardInterrupt):
        train(OneWeight(stop), **setting)
    rest = train(OneWeight(), resume=True, **setting)
    assert rest.one.weight.item() == whole.one.weight.item()
    again = train(OneWeight(), resume=True, **setting)  # stopped when all epochs were done
    assert again.one.weight.item() == whole.one.weight.item()


def test_two_averages_at_once_are_refused() -> None:
    with pytest.raises(UsageError, match="exclude each other"):
        Recipe.of({"average_decay": 0.9, "average_epochs": 2})


@pytest.mark.long
def test_average_is_what_a_run_exports_and_a_resumed_run_too(space: Workspace, small) -> None:
    task = tasks.load("retrieve")
    plain = fit(space, task, small(), because="plain")
    recipe = small(average_decay=0.9)
    whole = fit(space, task, recipe, because="averaged")

    def stop(done: int, total: int, note: str = "") -> None:
        if note.startswith("epoch 3"):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fit(space, task, recipe, because="stopped", progress=stop)
    resumed = resume(space, task, runlog.find(space, "last").id)
    graphs = [bundle.digest(run.model / "project.onnx") for run in (whole, resumed, plain)]
    assert graphs[0] == graphs[1]
    assert graphs[0] != graphs[2]
    assert (
        whole.metrics().query(LOSS)["value"].tolist()
        == plain.metrics().query(LOSS)["value"].tolist()
    )
