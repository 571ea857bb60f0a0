"""A real Lightning Trainer, ten steps of a tiny model on random numbers."""

import logging
import warnings
from pathlib import Path

import lightning
import pytest
import torch
from torch import nn

import atarimae as at
from atarimae.callbacks.lightning import Lightning


class Sum(lightning.LightningModule):
    def __init__(self, lr: float = 0.02, layers: tuple[int, ...] = (4, 1)) -> None:
        super().__init__()
        self.save_hyperparameters()
        self.linear = nn.Linear(*layers)
        self.seen: list[float] = []

    def training_step(self, batch: torch.Tensor, _: int) -> torch.Tensor:
        loss = nn.functional.mse_loss(self.linear(batch)[:, 0], batch.sum(dim=1))
        self.log("loss", loss)
        self.seen.append(float(loss.detach()))
        return loss

    def on_train_end(self) -> None:
        self.logger.experiment.picture("重み", torch.sigmoid(self.linear.weight))

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.SGD(self.parameters(), self.hparams["lr"])


def fit(module: Sum, run) -> None:
    logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
    torch.manual_seed(0)
    loader = torch.utils.data.DataLoader(torch.randn(20, 4), batch_size=4)
    trainer = lightning.Trainer(
        logger=Lightning(run), max_epochs=2, log_every_n_steps=1, accelerator="cpu",
        enable_progress_bar=False, enable_model_summary=False,
    )  # fmt: skip
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        trainer.fit(module, loader)


def test_trainer_logs_its_numbers_settings_and_pictures(tmp_path: Path) -> None:
    ws = at.init(tmp_path / "場所")
    module = Sum()
    with ws.log(because="Lightning's") as run:
        fit(module, run)
        run.score("mrr@20", 0.5)
    found = ws.run(run.id)
    assert (found.status, found.score.value) == ("done", 0.5)
    told = found.metrics()
    assert set(told["name"]) == {"loss"}
    assert told["value"].tolist() == pytest.approx(module.seen)
    assert told["step"].tolist() == list(range(10))
    assert told["epoch"].tolist() == [0] * 5 + [1] * 5
    assert found.recipe == {"lr": 0.02, "layers": [4, 1]}
    assert (found.folder / "pictures" / "重み.png").is_file()


def test_checkpoints_lie_in_the_runs_folder(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    ws = at.init(tmp_path / "場所")
    with ws.log(because="a checkpoint") as run:
        fit(Sum(), run)
    assert len(list((run.folder / "checkpoints").iterdir())) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["場所"]
