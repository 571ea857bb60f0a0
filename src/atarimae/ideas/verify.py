"""Leave one change out: does the best run need each of the changes that led to it?"""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np

from atarimae import fit, runlog
from atarimae.compare.comparison import recipe_changes
from atarimae.compare.ledger import Step, steps
from atarimae.errors import AtarimaeError
from atarimae.fit.stages import FOLDS
from atarimae.runlog import Run
from atarimae.score.intervals import Difference, paired, with_seeds
from atarimae.score.sisters import sides
from atarimae.score.verdict import Verdict, obstacle, shared_parts, verdict
from atarimae.task import Recipe, Task
from atarimae.types import Progress, silent
from atarimae.workspace import Workspace


@dataclass(frozen=True)
class Left:
    """The best run against itself without one change; `skipped` says why there is none."""

    step: Step
    run: str | None = None
    verdict: Verdict | None = None  # best minus the run without
    skipped: str | None = None


@dataclass(frozen=True)
class Verified:
    """Each change alone, and all of them together."""

    best: str
    first: str | None  # the run that all changes together are measured from
    left: tuple[Left, ...]
    joint: Verdict | None  # best minus first
    interaction: Difference | None  # joint minus the sum of single effects; NaN if not to tell

    @property
    def interacts(self) -> bool:
        """Whether the changes work otherwise together than their single effects add up to."""
        seen = self.interaction
        return seen is not None and (seen.low > 0 or seen.high < 0)

    def as_dict(self) -> dict[str, object]:
        """The shape of `ledger --verify --json`."""
        plain = asdict(self.interaction) if self.interaction else None
        return {
            "best": self.best,
            "first": self.first,
            "left": [
                {
                    "because": one.step.because,
                    "changes": [asdict(change) for change in one.step.changes],
                    "run": one.run,
                    "verdict": one.verdict.as_dict() if one.verdict else None,
                    "skipped": one.skipped,
                }
                for one in self.left
            ],
            "joint": self.joint.as_dict() if self.joint else None,
            "interaction": plain
            and {name: None if value != value else value for name, value in plain.items()},
            "interacts": self.interacts,
        }


def verify(
    workspace: Workspace,
    task: Task,
    name: str = "best",
    *,
    device: str = "auto",
    progress: Progress = silent,
) -> Verified:
    """Fit the run's recipe without each change of its lineage, at its stage and on its data.

    Runs that are there already count. What all changes add together is told where the first run
    of the lineage can be compared with the best one: same stage, data and convention.
    """
    best = runlog.find(workspace, name)
    fit.recipe_of(task, best)  # refuses an ensemble
    led = steps(workspace, best)
    if not led:
        raise AtarimaeError(
            f"There is nothing to leave out of run {best.id}.",
            "No change led to it.",
            "Try ideas on top of it, or name another run.",
        )
    first = _first(workspace, led[0], best)
    left = tuple(_without(workspace, task, best, step, device, progress) for step in led)
    runs = [runlog.find(workspace, one.run) for one in left if one.run]
    return Verified(
        best=best.id,
        first=first.id if first else None,
        left=left,
        joint=verdict(first, best) if first else None,
        interaction=_interaction(first, best, runs)
        if first and len(runs) == len(left) > 1
        else None,
    )


def _first(workspace: Workspace, step: Step, best: Run) -> Run | None:
    """The run of the recipe that the lineage begins with, at the best run's stage and data."""
    known = runlog.runs(workspace)
    begun = next(run for run in known if run.id == step.parent)
    alike = (one for one in known if not recipe_changes(one.recipe, begun.recipe))
    return next((run for run in alike if obstacle(run, best) is None), None)


def _without(
    workspace: Workspace, task: Task, best: Run, step: Step, device: str, progress: Progress
) -> Left:
    settings = dict(best.recipe)
    undone = [
        one for one in step.changes if "." not in one.key and settings.get(one.key) == one.second
    ]
    if len(undone) < len(step.changes):
        return Left(step, skipped="a later change replaced it")
    for one in undone:
        settings[one.key] = one.first
    settings = {key: value for key, value in settings.items() if value is not None}
    try:
        recipe = task.recipe.of(settings)
    except AtarimaeError as error:
        return Left(step, skipped=f"the rest needs it: {error.found}")
    run = _known(workspace, best, recipe) or _fitted(
        workspace, task, best, recipe, f"without {step.because}", device, progress
    )
    return Left(step, run.id, verdict(run, best))


def _known(workspace: Workspace, best: Run, recipe: Recipe) -> Run | None:
    """A finished run of that recipe with which the best run can be compared."""
    wanted = {k: v for k, v in recipe.model_dump(mode="json").items() if v is not None}
    for run in runlog.runs(workspace):
        if not recipe_changes(run.recipe, wanted) and obstacle(run, best) is None:
            return run
    return None


def _fitted(
    workspace: Workspace,
    task: Task,
    best: Run,
    recipe: Recipe,
    because: str,
    device: str,
    progress: Progress,
) -> Run:
    return fit.fit(
        workspace,
        task,
        recipe,
        because=because,
        stage=best.stage,
        seed=best.seed or 0,
        device=device,
        parent=best.id,
        edit=best.data.edit if best.data else None,
        folds=best.folds or FOLDS,
        progress=progress,
    )


def _interaction(first: Run, best: Run, runs: Sequence[Run]) -> Difference:
    """(best − first) − Σ (best − without): paired over queries, with each run's seed noise."""
    both = shared_parts(first, best)
    tables = [shared_parts(run, best) for run in runs]
    keys = set(both["key"]).intersection(*(table["key"] for table in tables))
    both = both[both["key"].isin(keys)]
    pairs = [sides(first, best, both)]
    pairs += [
        sides(run, best, table[table["key"].isin(keys)])
        for run, table in zip(runs, tables, strict=True)
    ]
    top = pairs[0][1]
    terms = [(1 - len(runs), top), (-1, pairs[0][0]), *((1, pair[0]) for pair in pairs[1:])]
    mixed = np.sum([factor * side.parts.mean(axis=0) for factor, side in terms], axis=0)
    clusters = both["cluster"].tolist()
    seen = paired(np.zeros(len(mixed)), mixed, clusters)
    if not all(side.noises for _, side in terms) or math.isnan(seen.low):
        return seen
    noise = [(factor**2 / side.seeds, side.spread) for factor, side in terms]
    return with_seeds(seen, len(set(clusters)), noise)
