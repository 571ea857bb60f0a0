"""A real Trainer, ten steps of a tiny model on random numbers."""

import warnings
from pathlib import Path

import pytest
import torch
from torch import nn
from transformers import Trainer, TrainingArguments

import atarimae as at
from atarimae.callbacks.huggingface import HuggingFace


class Numbers(torch.utils.data.Dataset[dict[str, torch.Tensor]]):
    def __len__(self) -> int:
        return 40

    def __getitem__(self, number: int) -> dict[str, torch.Tensor]:
        x = torch.randn(4, generator=torch.Generator().manual_seed(number))
        return {"x": x, "labels": x.sum()}


class Sum(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(4, 1)

    def forward(self, x: torch.Tensor, labels: torch.Tensor) -> dict[str, torch.Tensor]:
        out = self.linear(x)[:, 0]
        return {"loss": nn.functional.mse_loss(out, labels), "logits": out}


def trainer(tmp_path: Path, run, **settings: object) -> Trainer:
    torch.manual_seed(0)
    args = TrainingArguments(
        output_dir=str(tmp_path / "out"), max_steps=10, per_device_train_batch_size=4,
        logging_steps=2, report_to=[], use_cpu=True, disable_tqdm=True, learning_rate=0.02,
        **settings,
    )  # fmt: skip
    return Trainer(
        Sum(), args, train_dataset=Numbers(), eval_dataset=Numbers(), callbacks=[HuggingFace(run)]
    )


def test_trainer_logs_its_numbers_and_settings(tmp_path: Path) -> None:
    ws = at.init(tmp_path / "場所")
    with warnings.catch_warnings(), ws.log(because="a Trainer's") as run:
        warnings.simplefilter("ignore")
        training = trainer(tmp_path, run, eval_strategy="steps", eval_steps=5)
        training.train()
        run.score("mrr@20", 0.5)
    found = ws.run(run.id)
    assert (found.status, found.score.value) == ("done", 0.5)
    told = found.metrics()
    for name, step in (("loss", 2), ("learning_rate", 2), ("eval_loss", 5)):
        logged = [(row["step"], row[name]) for row in training.state.log_history if name in row]
        rows = told[told["name"] == name]
        assert list(zip(rows["step"], rows["value"], strict=True)) == logged
        assert len(logged) == 10 // step
    assert "epoch" not in set(told["name"])
    assert found.recipe.items() >= {"learning_rate": 0.02, "max_steps": 10}.items()
    assert "output_dir" not in found.recipe
    assert "weight_decay" not in found.recipe  # a default


def test_training_that_fails_leaves_a_failed_run(tmp_path: Path) -> None:
    ws = at.init(tmp_path / "場所")
    run = ws.log(because="fails")
    training = trainer(tmp_path, run)
    training.model.linear = nn.Linear(5, 1)
    with pytest.raises(RuntimeError), run:
        training.train()
    assert ws.run(run.id).status == "failed"
