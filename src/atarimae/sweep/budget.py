"""How long a sweep may take, and what still fits."""

import re
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from atarimae.errors import UsageError
from atarimae.runlog import Run

UNITS = {"h": 3600, "m": 60, "s": 1}
WRITTEN = re.compile(r"(?:(\d+(?:\.\d+)?)h)?(?:(\d+(?:\.\d+)?)m)?(?:(\d+(?:\.\d+)?)s)?")


def seconds(said: str | float) -> float:
    """The seconds of "30m", "2h", "90s", "1h30m", or of a number."""
    found = WRITTEN.fullmatch(said.strip()) if isinstance(said, str) else None
    told = float(said) if not isinstance(said, str) else 0.0
    if found:
        told = sum(
            float(part) * unit
            for part, unit in zip(found.groups(), UNITS.values(), strict=True)
            if part
        )
    if not 0 < told < float("inf"):
        raise UsageError(
            "The budget is no span of time.", f"It is '{said}'.", "Write 30m, 2h, 90s or 1h30m."
        )
    return told


@dataclass(frozen=True)
class Budget:
    """What a sweep may spend: all its sessions together."""

    seconds: float | None  # of the clock
    ideas: int | None
    before: float  # seconds that earlier sessions took
    began: float = field(default_factory=time.monotonic)

    @property
    def spent(self) -> float:
        """Seconds so far."""
        return self.before + time.monotonic() - self.began

    def fits(self, stages: Sequence[str], runs: Sequence[Run]) -> bool:
        """Whether there is time to go through the stages, by what they took so far.

        A stage that nobody went through yet is thought to take none.
        """
        if self.seconds is None:
            return True
        return self.spent + sum(cost(stage, runs) for stage in stages) <= self.seconds


def cost(stage: str, runs: Sequence[Run]) -> float:
    """Median seconds of the stage's done runs, 0 where there is none."""
    known = [
        run.seconds
        for run in runs
        if run.stage == stage and run.status == "done" and run.seconds is not None
    ]
    return statistics.median(known) if known else 0.0
