"""Two submissions for the end: the best, and one that is nearly as good and errs elsewhere."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

import numpy as np

from atarimae.board.chances import best_of_two, deviation
from atarimae.board.spread import Spread
from atarimae.score.intervals import Numbers


@dataclass(frozen=True)
class Pair:
    """A proposal: the better of the two is what counts in the end."""

    first: str
    second: str
    worth: tuple[float, float]  # CV and LB together, on the scale of CV
    correlation: float | None  # of their parts; None where a run has none that vary
    gain: float  # what the second adds to the first alone, on average

    def as_dict(self) -> dict[str, object]:
        """JSON values."""
        return asdict(self)


def pair(
    order: Sequence[str],
    sampled: Spread,
    matrix: Numbers,
    lb: Mapping[str, float],
    public: float,
    private: float,
) -> Pair | None:
    """The run with the best evidence, and the one with which the better of two is best.

    `matrix` holds the parts (queries, r) of the runs, NaN where a run was not asked. None below two
    runs.
    """
    if len(order) < 2:
        return None
    worth = evidence(order, sampled, lb, public)
    first = int(worth.argmax())
    hidden = sampled.of(private) + sampled.covariance  # by chance there, and by what CV can't tell
    others = [row for row in range(len(order)) if row != first]
    together = {
        row: best_of_two(worth[first], worth[row], deviation(hidden, first, row)) for row in others
    }
    second = max(together, key=lambda row: together[row])
    return Pair(
        order[first],
        order[second],
        (float(worth[first]), float(worth[second])),
        _alike(matrix[:, first], matrix[:, second]),
        float(together[second] - worth[first]),
    )


def evidence(
    order: Sequence[str], sampled: Spread, lb: Mapping[str, float], public: float
) -> Numbers:
    """CV, and where there is one the LB less the board's offset, weighed by their queries."""
    worth = sampled.means.copy()
    rows = [row for row, run in enumerate(order) if run in lb]
    if len(rows) < 2:  # one score says nothing beyond the offset
        return worth
    seen = np.array([lb[order[row]] for row in rows])
    seen = seen - (seen - sampled.means[rows]).mean()
    weight = sampled.counts[rows] / (sampled.counts[rows] + public)
    worth[rows] = weight * sampled.means[rows] + (1 - weight) * seen
    return worth


def _alike(first: Numbers, second: Numbers) -> float | None:
    both = ~(np.isnan(first) | np.isnan(second))
    if both.sum() < 2 or not first[both].std() or not second[both].std():
        return None
    return float(np.corrcoef(first[both], second[both])[0, 1])
