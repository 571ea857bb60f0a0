"""CV against LB, for one board of a workspace: everything that `atarimae lb` shows."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

import numpy as np

from atarimae.board import chances, final
from atarimae.board.entries import Board, Entry, boards, entries, known
from atarimae.board.relation import (
    FEWEST_TO_FIT,
    Fit,
    fit,
)
from atarimae.board.spread import Parts, Spread, spread
from atarimae.errors import AtarimaeError
from atarimae.runlog import Run, find, find_best, parts, runs
from atarimae.score.correlation import FEWEST, Correlation, kendall, spearman
from atarimae.score.intervals import Numbers
from atarimae.workspace import Workspace


@dataclass(frozen=True)
class Standing:
    """A run with both: its newest outside score beside its own."""

    run: str
    because: str
    stage: str
    cv: float
    lb: float
    at: str


@dataclass(frozen=True)
class Prediction:
    """The LB to expect of a run that has none; None where too few runs have both."""

    run: str
    cv: float
    lb: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True)
class Overview:
    """What a board's scores say."""

    board: Board
    metric: str
    stage: str
    standings: tuple[Standing, ...]  # by LB, best first
    left_out: tuple[str, ...]  # runs with an LB whose own score is another question
    spearman: Correlation
    kendall: Correlation
    line: Fit | None
    prediction: Prediction | None
    gains: tuple[chances.Gain, ...]  # in the order of submission
    public_queries: float  # that the noise is reckoned with
    assumed: bool  # nobody said how many, so as many as CV has
    shake: chances.Shake | None
    final: final.Pair | None
    too_few: str | None  # what can't be told yet, and why

    def as_dict(self) -> dict[str, object]:
        """The shape of `lb --json`."""
        return asdict(self)


def overview(
    workspace: Workspace, *, board: str = "public", predict: str | None = None
) -> Overview:
    """CV against LB. Predicts the LB of run `predict`, or of the best run if it has none.

    Runs whose main metric, stage or data differ from the newest submission's are left out.
    """
    told = entries(workspace, board)
    if not told:
        raise _nothing(workspace, board)
    latest = {entry.run: entry for entry in told}
    every = {run.id: run for run in runs(workspace) if run.score is not None}
    like = _newest(every, told)
    comparable = {name: run for name, run in every.items() if _alike(run, like)}
    both = [run for run in comparable.values() if run.id in latest]
    sampled = _Sampled.of(list(comparable.values()))
    place = known(workspace, board)
    public = place.public or sampled.queries
    line = _line(both, latest, sampled, public)
    wanted = find(workspace, predict) if predict else find_best(workspace, like.stage)
    scores = {run.id: latest[run.id].score for run in both if run.id in sampled.order}
    rest = (place.queries - public) if place.queries and public < place.queries else public
    cv = [_cv(run) for run in both]
    lb = [latest[run.id].score for run in both]
    return Overview(
        board=place,
        metric=_metric(like),
        stage=like.stage,
        standings=_standings(both, latest),
        left_out=tuple(name for name in latest if name not in comparable),
        spearman=spearman(cv, lb),
        kendall=kendall(cv, lb),
        line=line,
        prediction=_prediction(wanted, line, like, latest, named=predict is not None),
        gains=tuple(chances.gains(told, sampled.order, sampled.over(public))),
        public_queries=public,
        assumed=place.public is None,
        shake=chances.shake(scores, sampled.order, sampled.spread, place),
        final=final.pair(sampled.order, sampled.spread, sampled.matrix, scores, public, rest),
        too_few=_too_few(len(both)),
    )


@dataclass(frozen=True)
class _Sampled:
    """The main metric's parts of the runs that have them."""

    order: tuple[str, ...]
    spread: Spread
    matrix: Numbers  # (queries, r), NaN where a run was not asked
    queries: float  # that the runs were asked, on average

    @classmethod
    def of(cls, known: Sequence[Run]) -> "_Sampled":
        import pandas as pd

        there = [run for run in known if _has_parts(run)]
        columns, several = {}, []
        for run in there:
            table = parts(run)[["key", "cluster", _metric(run)]].dropna()
            values = table[_metric(run)].to_numpy(np.float64)
            columns[run.id] = pd.Series(values, index=table["key"].to_numpy())
            several.append(Parts(values, tuple(table["cluster"].astype(str))))
        if not there:
            nothing = Spread(np.zeros(0), np.zeros((0, 0)), np.zeros(0))
            return cls((), nothing, np.zeros((0, 0)), 0.0)
        counted = spread(several)
        matrix = pd.DataFrame(columns).to_numpy(np.float64)
        ids = tuple(run.id for run in there)
        return cls(ids, counted, matrix, float(counted.counts.mean()))

    def over(self, queries: float) -> Spread:
        """The spread of a score over so many queries like these."""
        if not self.order:
            return self.spread
        return Spread(self.spread.means, self.spread.of(queries), self.spread.counts)

    def scatter(self, wanted: Sequence[str], queries: float) -> float:
        """How far LB − CV differs between these runs by sampling alone."""
        rows = [self.order.index(run) for run in wanted if run in self.order]
        if len(rows) < 2:
            return 0.0
        both = self.spread.covariance + self.spread.of(queries)
        pairs = [(i, j) for n, i in enumerate(rows) for j in rows[n + 1 :]]
        squares = [chances.deviation(both, i, j) ** 2 for i, j in pairs]
        return float(np.sqrt(np.mean(squares) / 2))


def _line(
    both: Sequence[Run], latest: Mapping[str, Entry], sampled: _Sampled, public: float
) -> Fit | None:
    floor = sampled.scatter([run.id for run in both], public)
    return fit([_cv(run) for run in both], [latest[run.id].score for run in both], floor)


def _standings(both: Sequence[Run], latest: Mapping[str, Entry]) -> tuple[Standing, ...]:
    rows = [
        Standing(run.id, run.because, run.stage, _cv(run), latest[run.id].score, latest[run.id].at)
        for run in both
    ]
    return tuple(sorted(rows, key=lambda row: -row.lb))


def _prediction(
    run: Run | None, line: Fit | None, like: Run, latest: Mapping[str, Entry], *, named: bool
) -> Prediction | None:
    if run is None or (run.id in latest and not named):
        return None
    if not _alike(run, like):
        raise AtarimaeError(
            f"The LB of run {run.id} can't be predicted.",
            f"Its metric, stage or data are not those of {like.id}, which has one.",
            f"Fit it at stage {like.stage} on the same data.",
        )
    told = line.predict(_cv(run)) if line else (None, None, None)
    return Prediction(run.id, _cv(run), *told)


def _newest(every: Mapping[str, Run], told: Sequence[Entry]) -> Run:
    found = [every[entry.run] for entry in told if entry.run in every]
    if not found:
        raise AtarimaeError(
            "No run with an LB has a score of its own.",
            f"{', '.join(dict.fromkeys(entry.run for entry in told))} did not finish.",
            "Go on with 'atarimae fit --resume', then there is a CV to compare.",
        )
    return found[-1]


def _nothing(workspace: Workspace, board: str) -> AtarimaeError:
    others = boards(workspace)
    return AtarimaeError(
        f"No run has a score on the board '{board}'.",
        f"There is {', '.join(others)}." if others else "No outside score is recorded yet.",
        f"Name it with --board {others[0]}." if others else
        "Record one: atarimae lb RUN --score 0.412",
    )  # fmt: skip


def _too_few(count: int) -> str | None:
    if count >= FEWEST:
        return None
    one = f"{count} run{'s have' if count > 1 else ' has'} CV and LB"
    if count >= FEWEST_TO_FIT:
        return f"{one}: too few for a correlation, which asks for {FEWEST}."
    return (
        f"{one}: too few to predict an LB, which asks for {FEWEST_TO_FIT}, "
        f"or for a correlation, which asks for {FEWEST}."
    )


def _alike(run: Run, like: Run) -> bool:
    ours, theirs = (None if r.data is None else r.data.hash for r in (run, like))
    return _metric(run) == _metric(like) and run.stage == like.stage and ours == theirs


def _has_parts(run: Run) -> bool:
    return (run.folder / "parts.parquet").is_file() and _metric(run) in parts(run).columns


def _metric(run: Run) -> str:
    return run.score.metric if run.score else ""


def _cv(run: Run) -> float:
    assert run.score is not None, "only runs with a score are looked at"
    return run.score.value
