"""How far a measure of sureness can be trusted: the risk of answering, and whether it is told true.

Both look at n first answers: how sure each is, and whether it is right. Rows that found nothing
are as sure as -inf, and wrong.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.float64]
BINS = 10


@dataclass(frozen=True)
class Coverage:
    """One point for each value that a threshold can stand below, the surest first."""

    sure: Numbers  # falling: all that are at least as sure are answered
    coverage: Numbers  # rising to 1: the share of queries that are answered then
    risk: Numbers  # the share of wrong answers among those

    @property
    def area(self) -> float:
        """The mean risk over all queries as the last one answered: AURC. Equals stand together."""
        share = np.diff(self.coverage, prepend=0.0)
        return float(share @ self.risk)


def risk_coverage(sure: npt.ArrayLike, right: npt.ArrayLike) -> Coverage:
    """The risk–coverage curve. Geifman and El-Yaniv, NeurIPS 2017."""
    values, hits = np.asarray(sure, np.float64), np.asarray(right, bool)
    order = np.argsort(-values, kind="stable")
    falling, wrong = values[order], ~hits[order]
    last = np.append(falling[1:] != falling[:-1], True)[: len(falling)]
    answered = np.arange(1, len(falling) + 1)
    risk = np.cumsum(wrong) / answered
    return Coverage(falling[last], (answered / max(len(falling), 1))[last], risk[last])


@dataclass(frozen=True)
class Bin:
    """Answers that are about equally sure."""

    answers: int
    told: float  # their mean confidence
    right: float  # the share of them that is right


def reliability(confidence: npt.ArrayLike, right: npt.ArrayLike, bins: int = BINS) -> list[Bin]:
    """The least sure tenth first, and so on. Equally sure answers are parted by their order."""
    values, hits = np.asarray(confidence, np.float64), np.asarray(right, bool)
    order = np.argsort(values, kind="stable")
    parts = [part for part in np.array_split(order, bins) if len(part)]
    return [Bin(len(part), float(values[part].mean()), float(hits[part].mean())) for part in parts]


def calibration_error(table: Sequence[Bin]) -> float:
    """How far what is told lies from what is right, on average: the ECE of bins of equal size.

    Nguyen and O'Connor, EMNLP 2015.
    """
    answers = sum(one.answers for one in table)
    return sum(one.answers * abs(one.told - one.right) for one in table) / max(answers, 1)
