"""What a model is worth while it is trained: judged after an epoch on a fixed sample of val."""

import shutil
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path

from atarimae import files
from atarimae.fit.hopeless import Check, Rival, hopeless
from atarimae.fit.loop import Metrics, Place
from atarimae.fit.probes import sheet
from atarimae.score.evaluate import Evaluation, evaluate
from atarimae.task import Model, Task, Training
from atarimae.types import Data, Score

CHECKS = 10  # at most, evenly spread
SHARE = 0.1  # of the training time that checks may take; the first and the last always may
FEWEST = 30  # classes or groups, below which an interval is not relied on
LEAST_SECONDS = 10.0  # a training that is over sooner needs no curve


@dataclass(frozen=True)
class Early:
    """Why a training was given up."""

    epoch: int
    of: int  # epochs it would have had
    value: float
    high: float
    against: str  # the parent's id
    had: float  # the parent's value when it had trained half as long

    def as_dict(self) -> dict[str, object]:
        """JSON values."""
        return asdict(self)


@dataclass
class Midway:
    """Called by the loop after each epoch; it decides itself when to look."""

    task: Task
    sample: Data  # of val
    metrics: Metrics
    scratch: Path
    cache: Callable[[Model], Path | None]
    max_pixels: int
    pictures: Path | None = None  # where the probes go
    rival: Rival | None = None  # whom to give up against; None: never
    early: Early | None = None
    seconds: float = 0.0  # that checks have taken
    _checks: list[Check] = field(default_factory=list)
    _dearest: float = 0.0

    @property
    def name(self) -> str:
        """What the curve is logged as."""
        return curve_name(self.task)

    def __call__(self, training: Training, place: Place) -> bool:
        """Whether the training should end here."""
        if not self._due(place):
            return False
        began = time.perf_counter()
        found = self._judged(training)
        score = next((one for one in found.scores if one.metric == self.task.metric), None)
        if score is not None:
            self.metrics.metric(self.name, score.value, step=place.step, epoch=place.epoch)
            self._checks.append(Check(place.share, score.value, trusted_high(score)))
        if self.pictures is not None:
            picture = self.pictures / f"probes-epoch-{place.epoch:03d}.webp"
            files.write(picture, sheet(self.task, found, self.max_pixels))
        taken = time.perf_counter() - began
        self.seconds += taken
        self._dearest = max(self._dearest, taken)
        return place.epoch < place.epochs and self._given_up(place)

    def _due(self, place: Place) -> bool:
        """At tenths of the epochs, where training takes long enough for it to be cheap."""
        epoch, epochs = place.epoch, place.epochs
        tenth = epoch * CHECKS // epochs > (epoch - 1) * CHECKS // epochs
        if epochs < 2 or not place.step or not tenth:
            return False
        if not self._dearest:
            return place.seconds / place.share >= LEAST_SECONDS
        return epoch == epochs or self.seconds + self._dearest <= SHARE * place.seconds

    def _judged(self, training: Training) -> Evaluation:
        shutil.rmtree(self.scratch, ignore_errors=True)  # of a session that was killed here
        try:
            model = training.export(self.scratch)
            return evaluate(
                self.task, model, self.sample, cache=self.cache(model), max_pixels=self.max_pixels
            )
        finally:
            shutil.rmtree(self.scratch, ignore_errors=True)

    def _given_up(self, place: Place) -> bool:
        if self.rival is None or not hopeless(self._checks, self.rival):
            return False
        last = self._checks[-1]
        had = self.rival.at(last.share / 2)
        assert had is not None, "hopeless() has asked"
        self.early = Early(
            place.epoch, place.epochs, last.value, last.high, self.rival.id, round(had, 6)
        )
        return True


def trusted_high(score: Score) -> float:
    """The upper end of the interval, NaN where resampling can't tell it.

    Few clusters, or parts that are all alike (none of 40 was right), give an interval that is too
    narrow, or none at all.
    """
    told = len(set(score.clusters)) >= FEWEST and score.high > score.low
    return score.high if told else float("nan")


def curve_name(task: Task) -> str:
    """What the curve of the main metric is logged as."""
    return f"val {task.metric}"
