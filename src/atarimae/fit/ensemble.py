"""Join runs that are there into one run: judged, logged and shipped as any other."""

from collections.abc import Mapping, Sequence
from typing import cast

from atarimae import bundle, files, runlog
from atarimae.errors import AtarimaeError, UsageError
from atarimae.fit.adds import report
from atarimae.fit.assembly import Assembly
from atarimae.fit.costs import forget_peak
from atarimae.fit.device import choose
from atarimae.fit.expectation import expectation
from atarimae.fit.fit import keep
from atarimae.fit.folds import train_folds
from atarimae.fit.part import fold_folder
from atarimae.fit.split import with_split
from atarimae.fit.stages import FOLDED, FOLDS, sample
from atarimae.runlog import Run
from atarimae.runlog import ensemble as kept
from atarimae.score.verdict import verdict
from atarimae.store import Store
from atarimae.task import Joins, Settings, Task
from atarimae.types import Progress, Score, silent
from atarimae.workspace import Workspace


def ensemble(
    workspace: Workspace,
    task: Task,
    names: Sequence[str],
    settings: Mapping[str, object],
    *,
    because: str,
    parent: str | None = None,
    expect: str | float | None = None,
    progress: Progress = silent,
) -> Run:
    """Join runs of one stage on one data version, and log it.

    `settings` are those of the task's ensembles, without `members`. The parent is the best of the
    members where none is named. What is joined is copied: members may be deleted afterwards.
    """
    if not isinstance(task, Joins):
        raise AtarimaeError(
            f"Task {task.name} has no ensembles.",
            "It has no method 'join'.",
            "See docs/new-task.md for what it returns.",
        )
    members = _members(workspace, task, names)
    told = _settings(task, settings, members)
    first = members[0]
    assert first.data is not None, "_check() asks for data"
    best = runlog.find(workspace, parent) if parent else max(members, key=_value)
    chosen = choose("cpu")
    whole = with_split(task, Store(workspace).data(first.data.edit))
    data = sample(whole) if first.stage == "smoke" else whole
    run = runlog.start(
        workspace,
        because=because,
        stage=first.stage,
        seed=0,  # nothing is drawn
        parent=best.id,
        expect=expectation(expect, best),
        folds=first.folds,
        origin=kept.ORIGIN,
        recipe=told.model_dump(mode="json"),
        data=first.data,
        device=chosen.name,
        threads=chosen.threads,
    )
    with run, files.having_room(f"Run {run.id}"):
        forget_peak()
        work = Assembly(workspace, task, told, members, run.folder, data, progress, data)
        if first.stage == FOLDED:
            folded = train_folds(work, first.folds or FOLDS, resume=False)
            run.scores(folded.scores)
            run.finish(scores=folded.scores, costs=folded.costs, leaks=folded.leaks.as_dict())
        else:
            keep(run, work, resume=False)
        done = runlog.read(run.folder)
        kept.write(run.folder, report(work, done))
        seen = verdict(best, done)
        if seen is not None:
            run.verdict(seen.as_dict())
    return runlog.read(run.folder)


def _settings(task: Joins, given: Mapping[str, object], members: Sequence[Run]) -> Settings:
    told = dict(given)
    ids = [run.id for run in members]
    if told.setdefault("members", ids) != ids:
        raise UsageError(
            "The recipe names other members.",
            f"It has {told['members']}, and {ids} were given.",
            "Leave members out of it: they are those of --ensemble.",
        )
    return task.ensemble.of(told)


def _members(workspace: Workspace, task: Joins, names: Sequence[str]) -> tuple[Run, ...]:
    """The runs by name, each once, checked to fit together."""
    members = tuple(runlog.find(workspace, name) for name in names)
    ids = [run.id for run in members]
    if len(ids) < 2 or len(set(ids)) < len(ids):
        raise UsageError(
            "An ensemble has two runs at least, each once.",
            f"Found {', '.join(ids) or 'none'}.",
            "Name runs that differ: another backbone, image size, loss or seed.",
        )
    for run in members:
        _check(task, run)
    for run in members[1:]:
        _check_alike(members[0], run)
    return members


def _check(task: Joins, run: Run) -> None:
    """Whether the run has a model that can be joined."""
    folder = fold_folder(run.folder, 1) if run.stage == FOLDED else run.folder
    there = (folder / "model" / "model.json").is_file()
    if not run.is_done or run.score is None or run.data is None or not there:
        raise AtarimaeError(
            f"Run {run.id} can't be a member.",
            f"It is {run.status}." if not run.is_done else "Its model is not there.",
            "Name runs that 'atarimae fit' made, and whose models 'atarimae gc' did not delete.",
        )
    why = task.unjoinable(bundle.read_model(folder / "model").settings)
    if why:
        raise AtarimaeError(
            f"Run {run.id} can't be a member.", why, "Join the runs that it is made of."
        )


def _check_alike(first: Run, second: Run) -> None:
    """Whether two runs were taught and judged by the same images."""
    told = [
        ("task", first.task, second.task),
        ("stage", first.stage, second.stage),
        ("number of folds", first.folds, second.folds),
        ("data version", _version(first), _version(second)),
        ("set of images that they were judged by", *_judged(first, second)),
    ]
    for what, ours, theirs in told:
        if ours != theirs:
            raise AtarimaeError(
                f"Runs {first.id} and {second.id} can't be joined: the {what} differs.",
                f"{first.id} has {ours}, {second.id} has {theirs}.",
                f"Fit the recipe of {second.id} again as {first.id} was fitted.",
            )


def _judged(first: Run, second: Run) -> tuple[str, str]:
    """What differs of the images, as far as the runs say."""
    if first.stage == FOLDED or not all(
        (run.folder / "evaluated.json").is_file() for run in (first, second)
    ):
        return "", ""
    ours, theirs = (runlog.judged_paths(run.folder) for run in (first, second))
    only = len(ours - theirs), len(theirs - ours)
    return (f"{only[0]} of its own", f"{only[1]} of its own") if any(only) else ("", "")


def _version(run: Run) -> str:
    return "none" if run.data is None else f"edit {run.data.edit} ({run.data.hash[:12]})"


def _value(run: Run) -> float:
    return cast(Score, run.score).value
