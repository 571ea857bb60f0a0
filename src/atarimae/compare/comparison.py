"""Two runs side by side: the verdict, what was changed, what it costs, which images moved."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING

from atarimae.runlog import Run, find
from atarimae.runlog.costs import by_cost
from atarimae.runlog.settings import differing
from atarimae.score.verdict import Verdict, judge, obstacle, shared_parts
from atarimae.types import Score
from atarimae.workspace import Workspace

if TYPE_CHECKING:
    import pandas as pd

SHOWN = 12  # images listed as better, and as worse


@dataclass(frozen=True)
class Change:
    """One thing in the first run and in the second; None where a run doesn't have it."""

    key: str
    first: object
    second: object


@dataclass(frozen=True)
class Comparison:
    """The second run against the first."""

    verdict: str  # helped, hurt, no difference seen
    difference: float  # second minus first, main metric
    low: float
    high: float
    better: float  # probability that the second is better
    metric: str
    stage: str
    first: str  # the runs' ids
    second: str
    because: tuple[str, str]  # the runs' reasons
    shared: int  # queries that both were judged by
    of: int  # queries that either was judged by
    seeds: tuple[int, int]  # runs that each side is the mean of
    sigma: tuple[float | None, float | None]  # seed noise of one run of each
    seed_noise: str  # where that is known from
    expected: float | None  # of the second, said before it was run
    seeds_needed: int | None  # of each, to see as large a difference as expected or seen
    rescored: int | None  # images that both were judged by anew, where their data differ
    recipe: tuple[Change, ...]  # settings that differ
    scores: tuple[tuple[str, Score | None, Score | None], ...]  # by metric
    costs: tuple[Change, ...]
    improved: tuple[Change, ...]  # images that got better most, by file path, largest gain first
    worsened: tuple[Change, ...]

    def as_dict(self) -> dict[str, object]:
        """The comparison as JSON values; what could not be told is null."""
        plain = asdict(replace(self, scores=()))
        plain["scores"] = [
            {
                "metric": metric,
                "first": _score(first),
                "second": _score(second),
            }
            for metric, first, second in self.scores
        ]
        return {key: None if value != value else value for key, value in plain.items()}

    def _repr_html_(self) -> str:
        from atarimae.compare.html import comparison_html

        return comparison_html(self)


def compare(workspace: Workspace, first: Run | str, second: Run | str) -> Comparison:
    """Pair the runs, or the runs of those names, over the queries that both were judged by.

    Refused where task, main metric, stage or convention differ: the numbers would then speak of
    different questions. On different data both are judged anew, or refused where that can't be.
    """
    first = find(workspace, first) if isinstance(first, str) else first
    second = find(workspace, second) if isinstance(second, str) else second
    refusal = obstacle(first, second)
    if refusal:
        raise refusal
    both = shared_parts(first, second)
    return _side_by_side(first, second, judge(first, second, both), both)


def recipe_changes(first: Mapping[str, object], second: Mapping[str, object]) -> tuple[Change, ...]:
    """Settings that differ, by name, tables within tables as `table.key`."""
    return tuple(Change(key, *values) for key, values in differing([first, second]).items())


def _side_by_side(first: Run, second: Run, told: Verdict, both: "pd.DataFrame") -> Comparison:
    changed = recipe_changes(first.recipe, second.recipe)
    if first.seed != second.seed:
        changed = (*changed, Change("seed", first.seed, second.seed))
    return Comparison(
        verdict=told.verdict,
        difference=told.difference,
        low=told.low,
        high=told.high,
        better=told.better,
        metric=told.metric,
        stage=told.stage,
        first=first.id,
        second=second.id,
        because=(first.because, second.because),
        shared=told.shared,
        of=told.of,
        seeds=told.seeds,
        sigma=told.sigma,
        seed_noise=told.seed_noise,
        expected=told.expected,
        seeds_needed=told.seeds_needed,
        rescored=told.rescored,
        recipe=changed,
        scores=_scores(first, second),
        costs=_costs(first, second),
        improved=_most(both, 1),
        worsened=_most(both, -1),
    )


def _scores(first: Run, second: Run) -> tuple[tuple[str, Score | None, Score | None], ...]:
    ours = {score.metric: score for score in first.scores}
    theirs = {score.metric: score for score in second.scores}
    names = dict.fromkeys([*ours, *theirs])
    return tuple((name, ours.get(name), theirs.get(name)) for name in names)


def _costs(first: Run, second: Run) -> tuple[Change, ...]:
    both = by_cost([first.costs, second.costs])
    return tuple(Change(key, *values) for key, values in both.items())


def _most(both: "pd.DataFrame", sign: int) -> tuple[Change, ...]:
    """The queries that moved furthest up (1) or down (-1); equal ones by path."""
    moved = both.assign(gain=sign * (both["second"] - both["first"]))
    moved = moved[moved["gain"] > 0].sort_values(["gain", "key"], ascending=[False, True])
    columns = [moved.head(SHOWN)[name].tolist() for name in ("key", "first", "second")]
    return tuple(map(Change, *columns))


def _score(score: Score | None) -> dict[str, float | None] | None:
    if score is None:
        return None
    return {
        name: None if value != value else value
        for name, value in (("value", score.value), ("low", score.low), ("high", score.high))
    }
