"""What sampling alone does to a board: how large a gain must be, what the private score may be."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

import numpy as np

from atarimae.board.entries import Board, Entry
from atarimae.board.spread import SURE, Spread
from atarimae.score.distributions import normal_cdf
from atarimae.score.intervals import Numbers

DRAWS = 20_000


@dataclass(frozen=True)
class Gain:
    """A submission against the best one before it."""

    run: str
    against: str
    gain: float
    needed: float  # a gain that equal runs reach with a chance of 5 %, either way
    within_noise: bool

    def as_dict(self) -> dict[str, object]:
        """JSON values."""
        return asdict(self)


@dataclass(frozen=True)
class Private:
    """The private score to expect of a run, with its 95 % interval."""

    run: str
    public: float
    expected: float
    low: float
    high: float
    leads: float  # the chance that this run is the best of them on private

    def as_dict(self) -> dict[str, object]:
        """JSON values."""
        return asdict(self)


@dataclass(frozen=True)
class Shake:
    """What the private ranking may look like beside the public one."""

    public_queries: float
    private_queries: float
    leader_stays: float  # the chance that public's first is private's first too
    places: float  # by how many places a run moves, on average
    runs: tuple[Private, ...]

    def as_dict(self) -> dict[str, object]:
        """JSON values."""
        return asdict(self)


def gains(entries: Sequence[Entry], order: Sequence[str], board: Spread) -> list[Gain]:
    """Each submission against the best before it; `board` is the spread of its public score."""
    found: list[Gain] = []
    place = {run: row for row, run in enumerate(order)}
    best: Entry | None = None
    for entry in entries:
        if entry.run not in place:
            continue
        if best is not None and entry.run != best.run:
            needed = SURE * deviation(board.covariance, place[best.run], place[entry.run])
            gain = entry.score - best.score
            found.append(Gain(entry.run, best.run, gain, needed, abs(gain) < needed))
        if best is None or entry.score > best.score:
            best = entry
    return found


def deviation(covariance: Numbers, first: int, second: int) -> float:
    """The standard deviation of the difference between two means of the same queries."""
    both = covariance[first, first] + covariance[second, second]
    return float(np.sqrt(max(both - 2 * covariance[first, second], 0.0)))


def shake(
    public: Mapping[str, float], order: Sequence[str], sampled: Spread, board: Board
) -> Shake | None:
    """What the private score may be, from the public one and the run's own parts.

    Public and private queries are drawn from the same runs' parts, again and again; what is seen of
    the public scores weighs against the CV by their numbers of queries. None unless the board's
    queries and a public share below 1 are known.
    """
    if board.public is None or board.public_share in (None, 1.0) or not public:
        return None
    assert board.queries is not None
    hidden = board.queries - board.public
    rows = [order.index(run) for run in public]
    seen = np.array([*public.values()])
    few, many = sampled.of(board.public)[np.ix_(rows, rows)], sampled.of(hidden)[np.ix_(rows, rows)]
    own = sampled.covariance[np.ix_(rows, rows)]
    mean, covariance = _truth(seen, sampled.means[rows], few, own)
    drawn = _drawn(mean, covariance + many)
    first = drawn.argmax(axis=1)
    low, high = np.percentile(drawn, (2.5, 97.5), axis=0)
    leads = np.bincount(first, minlength=len(rows)) / len(drawn)
    columns = (seen, mean, low, high, leads)
    told = [
        Private(run, *(float(column[row]) for column in columns)) for row, run in enumerate(public)
    ]
    moved = np.abs(_places(drawn) - _places(seen[None]))
    stays = float((first == int(seen.argmax())).mean())
    return Shake(board.public, hidden, stays, float(moved.mean()), tuple(told))


def best_of_two(first: float, second: float, deviates: float) -> float:
    """The mean of the larger of two normal numbers. Clark, Operations Research 9, 1961."""
    if deviates <= 0:
        return max(first, second)
    z = (first - second) / deviates
    density = float(np.exp(-z * z / 2) / np.sqrt(2 * np.pi))
    return first * normal_cdf(z) + second * normal_cdf(-z) + deviates * density


def _truth(seen: Numbers, cv: Numbers, few: Numbers, own: Numbers) -> tuple[Numbers, Numbers]:
    """What the runs are worth on this board's questions, from the board and CV together.

    The board's level is its own; the differences between runs are told by both, each weighing by
    its precision.
    """
    count = len(seen)
    centre = np.eye(count) - 1 / count
    lean = centre @ (few @ np.linalg.pinv(few + own)) @ centre
    mean = seen - lean @ (seen - cv)
    covariance = few - lean @ few
    return mean, (covariance + covariance.T) / 2


def _drawn(mean: Numbers, covariance: Numbers) -> Numbers:
    """(draws, r) normal numbers; a covariance that rounding made negative is taken as zero."""
    values, vectors = np.linalg.eigh(covariance)
    root = vectors * np.sqrt(np.maximum(values, 0))
    unit = np.random.default_rng(0).standard_normal((DRAWS, len(mean)))
    return np.asarray(mean + unit @ root.T)


def _places(scores: Numbers) -> Numbers:
    return np.asarray(np.argsort(np.argsort(-scores, axis=1), axis=1), np.float64)
