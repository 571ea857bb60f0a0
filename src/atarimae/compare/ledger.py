"""The ledger: every idea tried, what was expected and what came, and what helped."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import cast

from atarimae import runlog
from atarimae.compare.comparison import Change, recipe_changes
from atarimae.compare.expectation import Outcome, outcome
from atarimae.runlog import Run
from atarimae.score.distributions import clopper_pearson
from atarimae.score.verdict import Verdict, obstacle, verdict
from atarimae.workspace import Workspace

DEARNESS = ("log", "smoke", "holdout", "folds")


@dataclass(frozen=True)
class Idea:
    """One recipe, with all its runs: other seeds and other stages are the same idea."""

    run: str  # the run that speaks for it: the first of the dearest stage with a verdict
    because: str
    stage: str
    parent: str | None
    changes: tuple[Change, ...]  # recipe against the parent's
    runs: tuple[str, ...]
    verdict: str | None  # as it was told when the run ended
    difference: float | None
    low: float | None
    high: float | None
    outcome: Outcome | None  # None where nothing was expected


@dataclass(frozen=True)
class Rate:
    """How often something was so, with its exact 95 % interval."""

    hits: int
    of: int

    def as_dict(self) -> dict[str, object]:
        """Hits, number, rate and bounds; the last three are null where there is nothing."""
        low, high = clopper_pearson(self.hits, self.of) if self.of else (None, None)
        rate = self.hits / self.of if self.of else None
        return {"hits": self.hits, "of": self.of, "rate": rate, "low": low, "high": high}

    def __str__(self) -> str:
        """As in "3 of 4 (75%, 95 % from 19% to 99%)"."""
        if not self.of:
            return "of none"
        low, high = clopper_pearson(self.hits, self.of)
        share = self.hits / self.of
        return f"{self.hits} of {self.of} ({share:.0%}, 95 % from {low:.0%} to {high:.0%})"


@dataclass(frozen=True)
class Step:
    """One change along the lineage of the best run, and what it did."""

    run: str
    parent: str
    because: str
    changes: tuple[Change, ...]
    verdict: Verdict | None
    obstacle: str | None  # why the two can't be compared


@dataclass(frozen=True)
class Ledger:
    """All ideas, oldest first; expectations against outcomes; the best run's lineage."""

    ideas: tuple[Idea, ...]
    direction: Rate  # expectations that went the right way
    inside: Rate  # expectations inside the verdict's interval
    best: str | None
    helped: tuple[Step, ...]  # oldest first

    def as_dict(self) -> dict[str, object]:
        """The shape of `ledger --json`."""
        return {
            "ideas": [asdict(idea) for idea in self.ideas],
            "expectations": {
                "direction": self.direction.as_dict(),
                "inside": self.inside.as_dict(),
            },
            "best": self.best,
            "helped": [
                asdict(step) | {"verdict": step.verdict.as_dict() if step.verdict else None}
                for step in self.helped
            ],
        }


def ledger(workspace: Workspace) -> Ledger:
    """Read every run folder; the verdicts along the best run's lineage are told anew."""
    known = runlog.runs(workspace)
    ideas = tuple(_idea(several, known) for several in _grouped(known))
    came = [idea.outcome for idea in ideas if idea.outcome and idea.outcome.came is not None]
    best = runlog.find_best(workspace)
    return Ledger(
        ideas=ideas,
        direction=_rate([one.direction for one in came]),
        inside=_rate([one.inside for one in came]),
        best=best.id if best else None,
        helped=steps(workspace, best) if best else (),
    )


def steps(workspace: Workspace, best: Run) -> tuple[Step, ...]:
    """The changes that led to a run, oldest first, each judged at the stage where it was tried.

    The lineage is that of ideas: a run that came of one with the same recipe (another seed, or at
    another stage to compare with) goes by the first run of its recipe that came of another.
    """
    known = runlog.runs(workspace)
    by_id = {run.id: run for run in known}
    groups = {run.id: several for several in _grouped(known) for run in several}
    found: list[Step] = []
    seen: set[str] = set()
    run: Run | None = best
    while run and run.id not in seen:
        seen |= {one.id for one in groups[run.id]}
        tried = next((one for one in (run, *groups[run.id]) if _changes(one, by_id)), run)
        run = by_id.get(tried.parent or "")
        if run and (changes := _changes(tried, by_id)):
            refusal = obstacle(run, tried)
            told = None if refusal else verdict(run, tried)
            why = refusal.what if refusal else None
            found.append(Step(tried.id, run.id, tried.because, changes, told, why))
    return tuple(reversed(found))


def _grouped(known: Sequence[Run]) -> list[list[Run]]:
    """Runs by recipe, the first to try it first; a run without a recipe is an idea of its own."""
    groups: dict[str, list[Run]] = {}
    for run in known:
        key = json.dumps(run.recipe, sort_keys=True, default=str) if run.recipe else run.id
        groups.setdefault(key, []).append(run)
    return list(groups.values())


def _changes(run: Run, known: Mapping[str, Run]) -> tuple[Change, ...]:
    """The recipe against the parent's, nothing where there is none."""
    parent = known.get(run.parent or "")
    return recipe_changes(parent.recipe, run.recipe) if parent else ()


def _idea(several: Sequence[Run], known: Sequence[Run]) -> Idea:
    by_id = {run.id: run for run in known}
    # Other seeds have the idea itself as their parent: they are no trial of it against another.
    own = {run.id for run in several}
    tried = [run for run in several if run.verdict and run.parent not in own]
    judged = tried or [run for run in several if run.score] or several
    run = max(judged, key=_dearness)
    told: Mapping[str, object] = run.verdict or {}
    expecting = next((one for one in (run, *several) if one.expect is not None), None)
    low, high = (cast(float | None, told.get(name)) for name in ("low", "high"))
    return Idea(
        run=run.id,
        because=(run if tried else several[0]).because,
        stage=run.stage,
        parent=run.parent,
        changes=_changes(run, by_id),
        runs=tuple(one.id for one in several),
        verdict=cast(str | None, told.get("verdict")),
        difference=cast(float | None, told.get("difference")),
        low=low,
        high=high,
        outcome=outcome(expecting) if expecting else None,
    )


def _dearness(run: Run) -> int:
    return DEARNESS.index(run.stage) if run.stage in DEARNESS else 0


def _rate(answers: Sequence[bool | None]) -> Rate:
    told = [answer for answer in answers if answer is not None]
    return Rate(sum(told), len(told))
