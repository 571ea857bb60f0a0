"""How many of a run's proposals are right, measured on labelled val at the same threshold."""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np

from atarimae.errors import AtarimaeError
from atarimae.score.distributions import clopper_pearson
from atarimae.score.intervals import interval
from atarimae.types import Score

TRIED = 100  # thresholds, at most


@dataclass(frozen=True, slots=True)
class Judged:
    """One labelled query: the score of what would be proposed, and whether that is its class."""

    score: float
    right: bool
    cluster: str  # its class: pictures of one are not independent


@dataclass(frozen=True, slots=True)
class Estimate:
    """What is to be expected of proposals with a score of `at` or more."""

    at: float
    precision: float  # of val's queries at the threshold; NaN where there is none
    low: float  # 95 %
    high: float
    right: int
    accepted: int
    asked: int
    strangers: int  # queries of val whose class train lacks
    strangers_accepted: int  # of those, asked of train alone: each is wrong

    def with_strangers(self, share: float) -> float:
        """The precision where a share of the unlabelled images is of no class that is known."""
        if not self.asked or not self.strangers:
            return math.nan
        known, unknown = (1 - share) / self.asked, share / self.strangers
        matched = known * self.accepted + unknown * self.strangers_accepted
        return known * self.right / matched if matched else math.nan

    def as_dict(self) -> dict[str, object]:
        """JSON values; what can't be told is null."""
        told = {**asdict(self), "with_a_third_strangers": self.with_strangers(1 / 3)}
        return {name: None if value != value else value for name, value in told.items()}


def estimate(judged: Sequence[Judged], at: float, strangers: Sequence[float]) -> Estimate:
    """`strangers` are the scores of queries without a right answer.

    The interval is the wider of two: classes resampled, which knows that pictures of one class are
    alike, and Clopper and Pearson's, which knows that 20 right of 20 are not certainty.
    """
    taken = [one for one in judged if one.score >= at]
    right = sum(one.right for one in taken)
    low, high = _interval(taken)
    return Estimate(
        at, right / len(taken) if taken else math.nan, low, high, right, len(taken), len(judged),
        len(strangers), sum(score >= at for score in strangers),
    )  # fmt: skip


def threshold(judged: Sequence[Judged], precision: float) -> float:
    """The lowest score at which the precision's lower bound is as high as wanted."""
    scores = np.unique([one.score for one in judged if math.isfinite(one.score)])
    places = np.unique(np.linspace(0, len(scores) - 1, min(TRIED, len(scores))).round().astype(int))
    best = (-1.0, math.nan)
    for at in scores[places].tolist():
        low, _ = _interval([one for one in judged if one.score >= at])
        if low >= precision:
            return float(at)
        best = max(best, (low, float(at)))
    raise AtarimaeError(
        f"No threshold is sure to give a precision of {precision:g}.",
        f"The best lower bound on {len(judged):,} queries of val is {best[0]:.3f}, "
        f"at {best[1]:.3f}."
        if judged
        else "There is no labelled query to measure it on.",
        "Ask for less with --precision, name a threshold with --at, or label more of val.",
    )


def _interval(taken: Sequence[Judged]) -> tuple[float, float]:
    if not taken:
        return 0.0, 1.0
    parts = np.array([one.right for one in taken], np.float32)
    exact = clopper_pearson(int(parts.sum()), len(parts))
    drawn = interval(Score(
        "precision", float(parts.mean()), {}, parts=parts,
        clusters=tuple(one.cluster for one in taken), within=(0.0, 1.0),
    ))  # fmt: skip
    # Where all are of one class nothing can be drawn, and the bounds are NaN.
    return min(exact[0], drawn.low if drawn.low == drawn.low else 0.0), max(
        exact[1], drawn.high if drawn.high == drawn.high else 1.0
    )
