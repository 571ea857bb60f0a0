"""Which rival convention or mistake explains the gap between CV and LB?"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace

import numpy as np

from atarimae import task as tasks
from atarimae.board.entries import Board, Entry, entries, known
from atarimae.board.evidence import answers
from atarimae.board.spread import SURE, Parts, spread
from atarimae.board.submission import oddities
from atarimae.errors import AtarimaeError
from atarimae.runlog import Run, find, runs
from atarimae.score.distributions import chi2_tail
from atarimae.score.intervals import Numbers
from atarimae.task import Counting, Recounts
from atarimae.types import Progress, silent
from atarimae.workspace import Workspace

LIKELY = 0.05  # a way to count explains the gap if chance makes one as large so often
DEAR = 6.0  # that a change must lower the squared distance by: a coincidence among many is cheap
NOISE, EXPLAINED, UNEXPLAINED = "noise", "explained", "unexplained"
CLOSE = 0.0005  # values that differ by less are one and the same
MOST = 6  # runs that are looked at together, the newest ones


@dataclass(frozen=True)
class Hypothesis:
    """One way in which the board may count."""

    changes: tuple[str, ...]  # none: as this run's own score counts
    check: str
    values: tuple[float, ...]  # a run each, as recomputed
    distance: float  # from the LB, in standard deviations; the root mean square over runs
    chance: float  # of a distance at least as large, if the board counts like this
    explains: bool
    same: tuple[tuple[str, ...], ...] = ()  # other changes that give the very same values here

    def as_dict(self) -> dict[str, object]:
        """JSON values."""
        return asdict(self)


@dataclass(frozen=True)
class Explanation:
    """Ways to count, the likeliest first."""

    board: Board
    runs: tuple[str, ...]  # the one asked about first
    cv: tuple[float, ...]
    lb: tuple[float, ...]
    public_queries: float
    assumed: bool  # nobody said how many, so as many as CV has
    verdict: str  # noise, explained, unexplained
    hypotheses: tuple[Hypothesis, ...]
    by_chance: float | None  # share of the scores between 0 and 1 that one change would explain
    could_not: Mapping[str, str]  # changes that could not be recomputed, and why
    submission: tuple[str, ...]  # what is odd about the file that was sent

    def as_dict(self) -> dict[str, object]:
        """The shape of `lb RUN --explain --json`."""
        return asdict(self)


def explain(
    workspace: Workspace, name: str, *, board: str = "public", progress: Progress = silent
) -> Explanation:
    """Recount the run's answers, and those of the other runs with an LB, in every known way."""
    task = tasks.load(workspace.task)
    if not isinstance(task, Recounts):
        raise AtarimaeError(
            f"Task {task.name} knows no other ways to count.",
            "It has no method 'countings'.",
            "See docs/new-task.md for what it returns.",
        )
    asked = find(workspace, name)
    latest = {entry.run: entry for entry in entries(workspace, board)}
    if asked.id not in latest:
        raise AtarimaeError(
            f"Run {asked.id} has no score on the board '{board}'.",
            "There is no gap to explain.",
            f"Record it: atarimae lb {asked.mark} --score X",
        )
    chosen = _chosen(workspace, asked, latest)
    counted: list[Mapping[tuple[str, ...], Counting]] = []
    could_not: dict[str, str] = {}
    for run in chosen:
        found, why = answers(workspace, task, run, progress=progress)
        ways = task.countings(found)
        could_not |= {way.changes[0]: f"{way.missing} {why}".strip() for way in ways if way.missing}
        counted.append({way.changes: way for way in ways if not way.missing})
    place = known(workspace, board)
    lb = [latest[run.id].score for run in chosen]
    public = place.public or float(counted[0][()].of)
    told, by_chance = ranked(counted, lb, public)
    return Explanation(
        board=place,
        runs=tuple(run.id for run in chosen),
        cv=tuple(run.score.value for run in chosen if run.score),
        lb=tuple(lb),
        public_queries=public,
        assumed=place.public is None,
        verdict=_verdict(told),
        hypotheses=tuple(told),
        by_chance=by_chance,
        could_not=could_not,
        submission=oddities(latest[asked.id]),
    )


def ranked(
    counted: Sequence[Mapping[tuple[str, ...], Counting]], lb: Sequence[float], public: float
) -> tuple[list[Hypothesis], float | None]:
    """Ways to count, the likeliest first, from each run's countings and its LB.

    Also, for a single run, the share of all scores that some way with one change would explain.
    """
    shared = [changes for changes in counted[0] if all(changes in ways for ways in counted[1:])]
    found = [_Way.of([ways[changes] for ways in counted], public) for changes in shared]
    told = _joined([way.judged(np.array(lb)) for way in found])
    told.sort(key=lambda h: (not h.explains, h.distance**2 * len(lb) + DEAR * len(h.changes)))
    return told, _by_chance(found) if len(lb) == 1 else None


def _verdict(told: Sequence[Hypothesis]) -> str:
    if any(h.explains and not h.changes for h in told):
        return NOISE
    return EXPLAINED if told[0].explains else UNEXPLAINED


def _chosen(workspace: Workspace, asked: Run, latest: Mapping[str, Entry]) -> list[Run]:
    """The run, and the newest others that are judged like it and kept their answers."""
    alike = [
        run
        for run in runs(workspace)
        if run.id in latest and run.id != asked.id and _question(run) == _question(asked)
        and (run.folder / "predictions.parquet").is_file()
    ]  # fmt: skip
    alike.sort(key=lambda run: latest[run.id].at)
    return [asked, *alike[::-1][: MOST - 1]]


def _question(run: Run) -> tuple[object, ...]:
    metric = run.score.metric if run.score else None
    return metric, run.stage, None if run.data is None else run.data.hash


@dataclass(frozen=True)
class _Way:
    """One way to count, over all runs: what it gives, and how far chance lets an LB stray."""

    changes: tuple[str, ...]
    check: str
    values: Numbers
    covariance: Numbers

    @classmethod
    def of(cls, ways: Sequence[Counting], public: float) -> "_Way":
        """Both sides are drawn: our queries, and the board's as many as it counts of its own."""
        seen = spread([Parts(way.parts.astype(np.float64), way.clusters) for way in ways])
        queries = np.array([max(public * len(way.parts) / way.of, 1.0) for way in ways])
        scale = np.where([way.summed for way in ways], queries, 1.0)
        # One class more or less: queries that are all alike would else have no spread at all.
        classes = np.array([len({*way.clusters}) for way in ways], np.float64)
        least = (1 + seen.counts**2 / queries**2) / classes**2
        both = (seen.covariance + seen.of(queries) + np.diag(least)) * np.outer(scale, scale)
        return cls(ways[0].changes, ways[0].check, seen.means * scale, both)

    def judged(self, lb: Numbers) -> Hypothesis:
        """How far the LB lies from it."""
        rounding = np.array([_unit(score) ** 2 / 12 for score in lb])
        noise = self.covariance + np.diag(rounding)
        gap = lb - self.values
        square = float(gap @ np.linalg.solve(noise, gap))
        chance = chi2_tail(square, len(lb))
        values = tuple(float(value) for value in self.values)
        distance = float(np.sqrt(square / len(lb)))
        return Hypothesis(self.changes, self.check, values, distance, chance, chance >= LIKELY)


def _unit(score: float) -> float:
    """The last digit that a board shows: that of the score as it was given, third to sixth."""
    return float(10.0 ** -min(max(len(repr(score).partition(".")[2]), 3), 6))


def _joined(found: Sequence[Hypothesis]) -> list[Hypothesis]:
    """Those that no board could tell apart as one, named by the fewest changes."""
    joined: list[Hypothesis] = []
    for one in sorted(found, key=lambda h: len(h.changes)):
        row = next((row for row, first in enumerate(joined) if _close(first, one)), None)
        if row is None:
            joined.append(one)
        else:
            joined[row] = replace(joined[row], same=(*joined[row].same, one.changes))
    return joined


def _close(first: Hypothesis, second: Hypothesis) -> bool:
    gaps = zip(first.values, second.values, strict=True)
    return all(abs(a - b) < CLOSE for a, b in gaps)


def _by_chance(found: Sequence[_Way]) -> float:
    """The share of scores from 0 to 1 that some way with at most one change would explain."""
    ways = [way for way in found if len(way.changes) < 2]
    scores = np.linspace(0, 1, 1001)
    values = np.array([way.values[0] for way in ways])
    strays = np.sqrt([way.covariance[0, 0] for way in ways])
    met = np.abs(scores[:, None] - values) <= SURE * strays + 5e-5
    return float(met.any(axis=1).mean())
