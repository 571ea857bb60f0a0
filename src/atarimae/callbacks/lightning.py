"""Lightning's Trainer: `Trainer(logger=Lightning(run))`."""

from argparse import Namespace
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from atarimae.errors import AtarimaeError
from atarimae.score.open_run import OpenRun

try:
    from lightning.pytorch.loggers import Logger
    from lightning.pytorch.utilities import rank_zero_only
except ModuleNotFoundError as error:
    raise AtarimaeError(
        "There is no Trainer to log.",
        f"There is no {error.name} here.",
        "Install it with: pip install lightning",
    ) from None

if TYPE_CHECKING:
    from atarimae.runlog.png import Picture


class Lightning(Logger):
    """Logs what `self.log` and `save_hyperparameters` give; checkpoints lie in the run's folder.

    The run stays open when training ends, so that it can be scored.
    """

    def __init__(self, run: OpenRun) -> None:
        super().__init__()
        self.run = run

    @property
    def name(self) -> str:
        """Of no folder between the runs and the run."""
        return ""

    @property
    def version(self) -> str:
        """The run's id."""
        return self.run.id

    @property
    def save_dir(self) -> str:
        """The folder of all runs."""
        return str(self.run.folder.parent)

    @property
    def experiment(self) -> OpenRun:
        """The run: `self.logger.experiment.picture(…)`."""
        return self.run

    @rank_zero_only
    def log_metrics(self, metrics: Mapping[str, float], step: int | None = None) -> None:
        """Append the values of one step."""
        epoch = metrics.get("epoch")
        values = {name: value for name, value in metrics.items() if name != "epoch"}
        self.run.metrics(values, step=step, epoch=None if epoch is None else int(epoch))

    @rank_zero_only
    def log_hyperparams(self, params: Mapping[str, object] | Namespace) -> None:
        """Keep the settings."""
        self.run.settings(vars(params) if isinstance(params, Namespace) else params)

    @rank_zero_only
    def log_image(self, key: str, images: "Sequence[Picture]", step: int | None = None) -> None:
        """Keep pictures, as Lightning's other loggers do."""
        at = "" if step is None else f" {step}"
        for number, image in enumerate(images):
            self.run.picture(f"{key}{at} {number}", image)
