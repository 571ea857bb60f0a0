"""An idea climbs the stages: cheap ones may reject it, only the dearest may accept it."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from atarimae import fit, runlog
from atarimae.errors import UsageError
from atarimae.fit.split import chance, with_split
from atarimae.fit.stages import FOLDED, FOLDS, STAGES
from atarimae.runlog import Run
from atarimae.runlog.settings import differing
from atarimae.runlog.writer import amend
from atarimae.score.gate import ACCEPTED, ANYWAY, BASELINE, REJECTED, full_seconds
from atarimae.score.verdict import HELPED, verdict
from atarimae.store import Store
from atarimae.task import Recipe, Task
from atarimae.types import Progress, named, silent
from atarimae.workspace import Workspace

GATE = 0.1  # an idea is rejected below this chance of being better than its parent
AUDIT = 0.05  # share of the rejected that goes on anyway, to see how often the gate is wrong

PASSED, NOT_ACCEPTED, UNJUDGED = "passed", "not accepted", "not judged here"


@dataclass(frozen=True)
class Rung:
    """One stage of a climb: what was decided there, and by which runs."""

    stage: str
    decision: str  # baseline, passed, rejected, promoted anyway, accepted, … (see above)
    run: Run | None = None  # None where the stage can't express the change
    against: Run | None = None
    better: float | None = None  # the chance that the idea is better than its parent

    def as_dict(self) -> dict[str, object]:
        """JSON values."""
        return {
            "stage": self.stage,
            "decision": self.decision,
            "run": self.run.id if self.run else None,
            "against": self.against.id if self.against else None,
            "better": self.better,
        }


@dataclass(frozen=True)
class Climb:
    """How far an idea came, and what that cost."""

    rungs: tuple[Rung, ...]
    spent: float  # seconds of the idea's own runs
    compared: float  # seconds of runs of its parent that had to be made to compare with
    full: float  # seconds of full validation: measured where the idea got there, else estimated
    measured: bool

    @property
    def decision(self) -> str:
        """What the last stage said."""
        return self.rungs[-1].decision

    @property
    def last(self) -> Run:
        """The run of the dearest stage that it reached."""
        return [rung.run for rung in self.rungs if rung.run][-1]

    def as_dict(self) -> dict[str, object]:
        """The shape of `fit --stage auto --json`: the row of its last run, and the climb."""
        return self.last.row() | {
            "decision": self.decision,
            "stages": [rung.as_dict() for rung in self.rungs],
            "spent": self.spent,
            "compared": self.compared,
            "full": self.full,
            "full_is_measured": self.measured,
        }


def climb(
    workspace: Workspace,
    task: Task,
    recipe: Recipe,
    *,
    because: str,
    parent: str | None = None,
    expect: str | float | None = None,
    seed: int = 0,
    folds: int = FOLDS,
    gate: float = GATE,
    audit: float = AUDIT,
    device: str = "auto",
    progress: Progress = silent,
) -> Climb:
    """Take an idea through smoke, holdout and folds, as far as it gets.

    A stage rejects it where the chance that it is better than its parent, paired over the queries
    of that stage, is below `gate`; of the rejected a share `audit`, drawn by the recipe's hash,
    goes on anyway. Where the parent has no run at a stage, one is made. Runs that are there
    already count, and those that were stopped are gone on with. Without a parent (by default the
    best run) an idea is a baseline, and goes through all stages unjudged.
    """
    _check(gate, audit)
    base = runlog.find(workspace, parent) if parent else _best(workspace, task, recipe)
    if base is not None and _is_of(task, recipe, base):
        raise UsageError(
            "There is nothing to judge.",
            f"The recipe is that of its parent, run {base.id}.",
            "Change a setting with --set; for another seed see 'atarimae noise'.",
        )
    climber = _Climber(workspace, task, folds, device, progress)
    rungs: list[Rung] = []
    idea: str | None = None
    for stage in STAGES:
        if base and not _is_judged(recipe, base, stage):
            rungs.append(Rung(stage, UNJUDGED))
            continue
        against = climber.parent(base, stage) if base else None
        run = climber.run(recipe, stage, because, seed, against, expect, idea)
        idea = idea or run.id
        rung = judge(run, against, gate, audit)
        rungs.append(rung)
        if rung.decision == REJECTED:
            break
    return climber.climbed(rungs)


def _check(gate: float, audit: float) -> None:
    for name, value in (("gate", gate), ("share that is promoted anyway", audit)):
        if not 0 <= value <= 1:
            raise UsageError(
                f"The {name} is out of range.", f"It is {value}.", "Give a number from 0 to 1."
            )


def _best(workspace: Workspace, task: Task, recipe: Recipe) -> Run | None:
    """The best run; None where it is none to compare with.

    That is one with settings from a spreadsheet, which are no recipe that could be run, and this
    recipe's own: a baseline that was stopped.
    """
    best = runlog.find_parent(workspace)
    if best is None or best.origin == "import":
        return None
    is_baseline = best.gate is not None and best.gate["decision"] == BASELINE
    return None if is_baseline and _is_of(task, recipe, best) else best


def _is_of(task: Task, recipe: Recipe, run: Run) -> bool:
    return bool(run.recipe) and fit.recipe_of(task, run) == recipe


def _settings(recipe: Recipe) -> dict[str, object]:
    return recipe.model_dump(mode="json")


def _is_judged(recipe: Recipe, base: Run, stage: str) -> bool:
    """Whether the stage can express everything that the idea changes."""
    changed = differing([_settings(recipe), base.recipe])
    return not changed.keys() & recipe.unjudged.get(stage, frozenset())


def judge(run: Run, against: Run | None, gate: float = GATE, audit: float = AUDIT) -> Rung:
    """What its stage decides of a done run beside its parent's; kept in the run's result."""
    rung = _judged(run, against, gate, audit)
    told = rung.as_dict() | {"threshold": gate, "share promoted anyway": audit}
    amend(run.folder, gate=told)
    return rung


def _judged(run: Run, against: Run | None, gate: float, audit: float) -> Rung:
    if against is None:
        return Rung(run.stage, BASELINE, run)
    seen = verdict(against, run)
    if seen is None:  # nothing can be said: nothing may be rejected
        decision = NOT_ACCEPTED if run.stage == FOLDED else PASSED
        return Rung(run.stage, decision, run, against)
    better = None if seen.better != seen.better else seen.better
    if run.stage == FOLDED:
        decision = ACCEPTED if seen.verdict == HELPED else NOT_ACCEPTED
    elif better is None or better >= gate:
        decision = PASSED
    else:
        decision = ANYWAY if _chance(run) < audit else REJECTED
    return Rung(run.stage, decision, run, against, better)


def _chance(run: Run) -> float:
    """A number in [0, 1) drawn by the recipe and the data: the same at each stage."""
    told = json.dumps([dict(run.recipe), run.data.hash if run.data else ""], sort_keys=True)
    return chance(told)


class _Climber:
    """Makes the runs that a climb needs, and counts their seconds."""

    def __init__(
        self, workspace: Workspace, task: Task, folds: int, device: str, progress: Progress
    ) -> None:
        self.workspace = workspace
        self.task = task
        self.folds = folds
        self.device = device
        self.progress = progress
        self.data = with_split(task, Store(workspace).data()).version.hash
        self.compared = 0.0

    def parent(self, base: Run, stage: str) -> Run:
        """The parent's run at the stage, on today's data; made where there is none.

        What is made has `base` as its parent: it is the same idea, and no trial of it.
        """
        recipe = fit.recipe_of(self.task, base)
        because = f"to compare with at {stage}: {base.because}"
        known = {run.id for run in runlog.runs(self.workspace) if run.is_done}
        run = self.run(recipe, stage, because, base.seed or 0, base, None, None)
        if run.id not in known:
            self.compared += run.seconds or 0.0
        return run

    def run(
        self,
        recipe: Recipe,
        stage: str,
        because: str,
        seed: int,
        parent: Run | None,
        expect: str | float | None,
        idea: str | None,
    ) -> Run:
        """The recipe's run at the stage: the one that is there, gone on with or new."""
        there = self._there(recipe, stage, seed)
        if there and there.is_done:
            return there
        if there and there.status != "running":
            return fit.resume(
                self.workspace, self.task, there.id, device=self.device, progress=self._told(stage)
            )
        return fit.fit(
            self.workspace, self.task, recipe, because=because, stage=stage, seed=seed,
            device=self.device, parent=parent.id if parent else None,
            expect=expect if parent else None, folds=self.folds, idea=idea, may_stop=True,
            progress=self._told(stage),
        )  # fmt: skip

    def climbed(self, rungs: Sequence[Rung]) -> Climb:
        """The climb with what it cost."""
        runs = [rung.run for rung in rungs if rung.run]
        spent = sum(run.seconds or 0.0 for run in runs)
        dearest = runs[-1]
        if dearest.stage == FOLDED:
            return Climb(tuple(rungs), spent, self.compared, dearest.seconds or 0.0, True)
        return Climb(tuple(rungs), spent, self.compared, self._full(dearest), False)

    def _full(self, run: Run) -> float:
        """What folds would have cost: as they did in this workspace, else `folds` times holdout."""
        return full_seconds(runlog.runs(self.workspace), self.folds) or run.seconds or 0.0

    def _there(self, recipe: Recipe, stage: str, seed: int) -> Run | None:
        """The newest run of just this; a finished one before others, a failed one not at all."""
        wanted = {key: value for key, value in _settings(recipe).items() if value is not None}
        found = [
            run
            for run in runlog.runs(self.workspace)
            if (run.stage, run.seed, dict(run.recipe)) == (stage, seed, wanted)
            and run.data and run.data.hash == self.data and run.status != "failed"
            and run.folds in (None, self.folds)
        ]  # fmt: skip
        return max(found, key=lambda run: (run.is_done, run.created), default=None)

    def _told(self, stage: str) -> Progress:
        return named(self.progress, stage)
