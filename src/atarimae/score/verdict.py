"""Did the second run help? Paired over the queries that both runs were judged by."""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from atarimae.errors import AtarimaeError
from atarimae.runlog import Run, mark_of, parts
from atarimae.score.intervals import Difference, Spread, paired, with_seeds
from atarimae.score.power import seeds_needed
from atarimae.score.rescore import rescored
from atarimae.score.sisters import Side, sides

if TYPE_CHECKING:
    import pandas as pd

HELPED, HURT, UNSEEN = "helped", "hurt", "no difference seen"
UNKNOWN = "seed noise unknown"


@dataclass(frozen=True)
class Verdict:
    """Second minus first on the main metric, with its 95 % interval."""

    verdict: str  # helped, hurt, no difference seen
    difference: float
    low: float  # NaN where there are fewer than two clusters to resample
    high: float
    better: float  # probability that the second is better, 0 to 1
    metric: str
    stage: str
    against: str  # the first run's id
    shared: int  # queries that both runs were judged by
    of: int  # queries that either was judged by
    seeds: tuple[int, int] = (1, 1)  # runs that each side is the mean of
    sigma: tuple[float | None, float | None] = (None, None)  # seed noise of one run of each
    seed_noise: str = UNKNOWN  # where that is known from
    expected: float | None = None
    seeds_needed: int | None = None  # of each, to see as large a difference as expected or seen
    rescored: int | None = None  # images that both were judged by anew, where their data differ

    def as_dict(self) -> dict[str, object]:
        """The verdict as JSON values; what could not be told is null."""
        return {name: None if value != value else value for name, value in asdict(self).items()}


def verdict(first: Run, second: Run) -> Verdict | None:
    """The verdict on the second run, None where the two can't be compared."""
    if obstacle(first, second):
        return None
    return judge(first, second, shared_parts(first, second))


def judge(first: Run, second: Run, both: "pd.DataFrame") -> Verdict:
    """The verdict from `shared_parts` of two runs that can be compared.

    Runs of the same recipe, stage and data with other seeds ("sisters") are averaged in, and the
    seeds' noise is added to the queries' where it is known: docs/verdicts.md.
    """
    assert second.score is not None, "obstacle() asks for a score"
    pair = sides(first, second, both)
    clusters = both["cluster"].tolist()
    plain = paired(pair[0].parts.mean(axis=0), pair[1].parts.mean(axis=0), clusters)
    noise = _noise(*pair)
    seen = with_seeds(plain, len(set(clusters)), noise) if noise else plain
    told = word(seen)
    wanted = seen.value if second.expect is None else second.expect
    return Verdict(
        verdict=told,
        difference=seen.value,
        low=seen.low,
        high=seen.high,
        better=seen.better,
        metric=second.score.metric,
        stage=second.stage,
        against=first.id,
        shared=len(both),
        of=int(both.attrs["of"]),
        seeds=(pair[0].seeds, pair[1].seeds),
        sigma=(_sigma(pair[0]), _sigma(pair[1])),
        seed_noise=_said(*pair),
        expected=second.expect,
        rescored=both.attrs.get("rescored"),
        seeds_needed=_needed(wanted, plain, len(set(clusters)), noise, pair)
        if told == UNSEEN
        else None,
    )


def _noise(first: Side, second: Side) -> list[tuple[float, Spread]]:
    """The factor and spread of each source of seed noise; none where a side's is not known."""
    if not (first.noises and second.noises):
        return []
    runs = [{name for known in side.noises for name in known.runs} for side in (first, second)]
    if runs[0] & runs[1]:
        one = first if first.own else second
        return [(1 / first.seeds + 1 / second.seeds, one.spread)]
    return [(1 / first.seeds, first.spread), (1 / second.seeds, second.spread)]


def _needed(
    wanted: float,
    plain: Difference,
    clusters: int,
    noise: Sequence[tuple[float, Spread]],
    pair: tuple[Side, Side],
) -> int | None:
    if not noise or plain.low != plain.low:
        return None
    shared = sum(factor * source.overlap for factor, source in noise)
    queries = max(0.0, plain.variance - shared)
    return seeds_needed(wanted, queries, clusters, [side.spread for side in pair])


def _sigma(side: Side) -> float | None:
    return math.sqrt(side.spread.variance) if side.noises else None


def _said(first: Side, second: Side) -> str:
    """Where the seed noise of each side comes from, in a few words."""
    if not (first.noises and second.noises):
        return UNKNOWN
    told = [_source(side) for side in (first, second)]
    return told[0] if told[0] == told[1] else f"{told[0]}; {told[1]}"


def _source(side: Side) -> str:
    known = side.noises[0]
    if known.deterministic:
        return f"{side.run.mark} has no seed noise"
    seeds = sum(len(known.values) for known in side.noises)
    of = side.run.mark
    if not side.own:
        names = ", ".join(mark_of(known.runs[0]) for known in side.noises)
        of = f"{names}, the nearest to {side.run.mark}"
    return f"σ {math.sqrt(side.spread.variance):.4f} from {seeds} seeds of {of}"


def word(seen: Difference) -> str:
    """Helped or hurt where the interval leaves zero out, else no difference seen."""
    if seen.low > 0:
        return HELPED
    return HURT if seen.high < 0 else UNSEEN


def shared_parts(first: Run, second: Run) -> "pd.DataFrame":
    """The queries that both runs were judged by: `key`, `cluster`, `first`, `second`, by key.

    `attrs["of"]` counts the queries that either was judged by. Runs on different data versions, or
    before and after files were moved, are judged anew on the images that both share; then
    `attrs["rescored"]` counts those.
    """
    if (first.data and first.data.hash) != (second.data and second.data.hash):
        return rescored(first, second)
    ours, theirs = _main_parts(first), _main_parts(second)
    if _moved(first, second, ours, theirs):
        return rescored(first, second)
    both = ours.merge(theirs, on="key", suffixes=("_first", "_second"), validate="one_to_one")
    both = both.rename(
        columns={"cluster_first": "cluster", "part_first": "first", "part_second": "second"}
    )[["key", "cluster", "first", "second"]].sort_values("key", ignore_index=True)
    both.attrs["of"] = len(ours) + len(theirs) - len(both)
    return both


def _moved(first: Run, second: Run, ours: "pd.DataFrame", theirs: "pd.DataFrame") -> bool:
    """Whether runs on the same data have no file in common, and can be judged by content."""
    if set(ours["key"]) & set(theirs["key"]) or not (first.data and second.data):
        return False
    return first.data.edit != second.data.edit and _not_rescored(first, second) is None


def obstacle(first: Run, second: Run) -> AtarimaeError | None:
    """Why two runs can't be compared, None where they can."""
    for run in (first, second):
        if run.score is None:
            return AtarimaeError(
                f"Run {run.id} has no score to compare.",
                f"It is {run.status}.",
                "Let it finish, or go on with 'atarimae fit --resume'.",
            )
        if run.origin == "import":
            return AtarimaeError(
                f"Run {run.id} was imported from a table and has no parts to compare.",
                "Only its numbers are known, not what it said of each image.",
                "Fit its recipe again to compare it.",
            )
        if not _has_parts(run):
            return AtarimaeError(
                f"Run {run.id} has no parts to compare.",
                f"parts.parquet in {run.folder} has none of {run.score.metric}.",
                "Compare runs whose metric is a mean over queries.",
            )
    return _unlike(first, second) or _nothing_shared(first, second)


def _has_parts(run: Run) -> bool:
    assert run.score is not None
    there = (run.folder / "parts.parquet").is_file()
    return there and run.score.metric in parts(run).columns


def _unlike(first: Run, second: Run) -> AtarimaeError | None:
    """The first thing that must be equal in both runs and isn't."""
    assert first.score is not None
    assert second.score is not None
    metrics = first.score.metric, second.score.metric
    versions = [run.data.hash if run.data else None for run in (first, second)]
    if first.task != second.task:
        return _differ(first, second, "task", first.task, second.task, "Compare runs of one task.")
    if metrics[0] != metrics[1]:
        return _differ(first, second, "main metric", *metrics, "Score both by one metric.")
    if first.stage != second.stage:
        fix = f"Run the other idea at stage {first.stage} or {second.stage} too."
        return _differ(first, second, "stage", first.stage, second.stage, fix)
    if versions[0] != versions[1]:
        return _not_rescored(first, second)
    rules = dict(first.score.convention), dict(second.score.convention)
    unequal = sorted(
        key for key in {*rules[0], *rules[1]} if rules[0].get(key) != rules[1].get(key)
    )
    if unequal:
        ours, theirs = ("; ".join(f"{key} = {rule.get(key)}" for key in unequal) for rule in rules)
        return _differ(first, second, "convention", ours, theirs, "Score both by one convention.")
    return None


def _not_rescored(first: Run, second: Run) -> AtarimaeError | None:
    """Why two runs on different data can't be judged anew on what both share."""
    reason = "Each fold has a model of its own."
    if first.data and second.data and "folds" not in (first.stage, second.stage):
        try:
            rescored(first, second)
        except AtarimaeError as error:
            reason = str(error)
        else:
            return None
    return _differ(
        first, second, "data version", _version(first), _version(second),
        f"{reason} The galleries differ with the data: fit both recipes again on one version.",
    )  # fmt: skip


def _nothing_shared(first: Run, second: Run) -> AtarimaeError | None:
    if len(shared_parts(first, second)):
        return None
    return AtarimaeError(
        f"Runs {first.id} and {second.id} were not judged by one query in common.",
        f"Of {shared_parts(first, second).attrs['of']} queries none is in both.",
        "Compare runs that were scored on the same images.",
    )


def _differ(first: Run, second: Run, what: str, a: str, b: str, fix: str) -> AtarimaeError:
    return AtarimaeError(
        f"Runs {first.id} and {second.id} can't be compared: the {what} differs.",
        f"{first.id} has {a}, {second.id} has {b}.",
        fix,
    )


def _version(run: Run) -> str:
    return "no version" if run.data is None else f"edit {run.data.edit} ({run.data.hash[:12]})"


def _main_parts(run: Run) -> "pd.DataFrame":
    """The main metric's parts, one row a query that has one."""
    assert run.score is not None, "obstacle() asks for a score"
    found = parts(run)[["key", "cluster", run.score.metric]]
    return found.rename(columns={run.score.metric: "part"}).dropna()
