"""Is the gate right? What stages rejected, what folds said of those that went on anyway."""

import itertools
import statistics
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass

from atarimae.runlog import Run
from atarimae.score.correlation import Correlation, spearman
from atarimae.score.distributions import clopper_pearson

STAGES = ("smoke", "holdout", "folds")
USUAL_FOLDS = 3
REJECTED, ANYWAY, ACCEPTED, BASELINE = "rejected", "promoted anyway", "accepted", "baseline"


@dataclass(frozen=True)
class Idea:
    """The runs of one climb by stage, and what each stage decided."""

    because: str
    runs: Mapping[str, Run]
    decisions: Mapping[str, str]
    better: Mapping[str, float]  # by stage, the chance of being better than the parent

    @property
    def rejected_at(self) -> str | None:
        """The first stage that turned it down, also where it went on anyway."""
        said = self.decisions.items()
        return next((stage for stage, word in said if word in (REJECTED, ANYWAY)), None)

    @property
    def outcome(self) -> str | None:
        """What folds said; None where it did not get there."""
        return self.decisions.get(STAGES[-1])

    @property
    def seconds(self) -> float:
        """Of its own runs."""
        return sum(run.seconds or 0.0 for run in self.runs.values())


@dataclass(frozen=True)
class Agreement:
    """How alike two stages order the ideas that both have judged on the same data."""

    first: str
    second: str
    ideas: int
    correlation: Correlation


@dataclass(frozen=True)
class Audit:
    """The gate's record over all ideas that climbed."""

    ideas: tuple[Idea, ...]  # without baselines, oldest first
    rejected: int  # by a cheap stage, those that went on anyway among them
    promoted: int  # of these, how many went on anyway and were judged by folds
    wrong: int  # of these, how many folds accepted
    low: float  # 95 % interval of wrong / promoted, Clopper and Pearson; 0 to 1 for none
    high: float
    agreements: tuple[Agreement, ...]
    spent: float  # seconds of all ideas' runs
    full: float  # seconds of full validation of each, estimated where it was not made

    @property
    def false_reject_rate(self) -> float | None:
        """Of the rejected ideas that were judged in full, the share that folds accepted."""
        return self.wrong / self.promoted if self.promoted else None

    def as_dict(self) -> dict[str, object]:
        """The shape of `gate --json`."""
        return {
            "ideas": len(self.ideas),
            "rejected": self.rejected,
            "promoted_anyway": self.promoted,
            "wrong": self.wrong,
            "false_reject_rate": self.false_reject_rate,
            "low": self.low,
            "high": self.high,
            "agreements": [asdict(one) for one in self.agreements],
            "seconds_spent": self.spent,
            "seconds_full": self.full,
            "seconds_saved": self.full - self.spent,
        }


def audit(runs: Sequence[Run]) -> Audit:
    """The record of `fit --stage auto` in a workspace, from its runs, oldest first."""
    every = ideas(runs)
    judged = [idea for idea in every if BASELINE not in idea.decisions.values()]
    turned_down = [idea for idea in judged if idea.rejected_at]
    anyway = [idea for idea in turned_down if idea.outcome]
    wrong = sum(idea.outcome == ACCEPTED for idea in anyway)
    low, high = clopper_pearson(wrong, len(anyway)) if anyway else (0.0, 1.0)
    typical = full_seconds(run for idea in every for run in idea.runs.values())
    full = sum(_full(idea, typical) for idea in judged)
    return Audit(
        tuple(judged), len(turned_down), len(anyway), wrong, low, high, _agreements(every),
        sum(idea.seconds for idea in judged), full,
    )  # fmt: skip


def audit_lines(found: Audit) -> list[str]:
    """The gate's record in sentences."""
    ideas = "idea" if len(found.ideas) == 1 else "ideas"
    lines = [f"{len(found.ideas)} {ideas}, {found.rejected} rejected before folds."]
    if found.promoted:
        lines.append(
            f"{found.promoted} of these went on anyway; folds accepted {found.wrong}: a false-"
            f"reject rate of {found.false_reject_rate:.0%}, "
            f"95 % [{found.low:.0%}, {found.high:.0%}]."
        )
    elif found.rejected:
        lines.append("None of these was judged in full: how often that was wrong is not known.")
    for one in found.agreements:
        rho = one.correlation
        if rho.value is not None:
            lines.append(
                f"{one.first} and {one.second} order {one.ideas} ideas alike: Spearman "
                f"{rho.value:.2f}, 95 % [{rho.low:.2f}, {rho.high:.2f}]."
            )
    saved = found.full - found.spent
    lines.append(
        f"{_told(found.spent)} spent; full validation of each alone about {_told(found.full)}: "
        f"{_told(abs(saved))} {'saved' if saved >= 0 else 'more'}."
    )
    return lines


def _told(seconds: float) -> str:
    """Hours, or seconds where it is less than six minutes."""
    return f"{seconds / 3600:.2f} h" if seconds >= 360 else f"{seconds:.0f} s"


def ideas(runs: Sequence[Run]) -> list[Idea]:
    """Runs that climbed, put together by idea."""
    climbs: dict[str, list[Run]] = defaultdict(list)
    for run in runs:
        if run.gate is not None:
            climbs[run.idea or run.id].append(run)
    return [_idea(climb) for climb in climbs.values()]


def _idea(climb: Sequence[Run]) -> Idea:
    ordered = sorted(climb, key=lambda run: STAGES.index(run.stage))
    gates = {run.stage: run.gate or {} for run in ordered}
    return Idea(
        ordered[0].because,
        {run.stage: run for run in ordered},
        {stage: str(gate["decision"]) for stage, gate in gates.items()},
        {
            stage: float(str(gate["better"]))
            for stage, gate in gates.items()
            if gate.get("better") is not None
        },
    )


def full_seconds(runs: Iterable[Run], folds: int = USUAL_FOLDS) -> float:
    """Seconds of a run at folds, their median; where there is none, `folds` times holdout.

    0 where there is neither.
    """
    timed = [(run.stage, run.seconds) for run in runs if run.seconds is not None]
    folded = [seconds for stage, seconds in timed if stage == STAGES[2]]
    held = [folds * seconds for stage, seconds in timed if stage == STAGES[1]]
    return statistics.median(folded or held or [0.0])


def _full(idea: Idea, typical: float) -> float:
    dear = idea.runs.get(STAGES[-1])
    return typical if dear is None else dear.seconds or 0.0


def _agreements(every: Sequence[Idea]) -> tuple[Agreement, ...]:
    return tuple(
        _agreement(every, first, second) for first, second in itertools.combinations(STAGES, 2)
    )


def _agreement(every: Sequence[Idea], first: str, second: str) -> Agreement:
    pairs = [
        (one.score.value, other.score.value)
        for one, other in _both(every, first, second)
        if one.score and other.score
    ]
    correlation = spearman([a for a, _ in pairs], [b for _, b in pairs])
    return Agreement(first, second, len(pairs), correlation)


def _both(every: Sequence[Idea], first: str, second: str) -> list[tuple[Run, Run]]:
    """The runs of ideas that both stages judged, on the newest data that any of them did."""
    found = [
        (idea.runs[first], idea.runs[second])
        for idea in every
        if first in idea.runs and second in idea.runs
    ]
    newest = max((run.data.edit for pair in found for run in pair if run.data), default=0)
    return [pair for pair in found if all(run.data and run.data.edit == newest for run in pair)]
