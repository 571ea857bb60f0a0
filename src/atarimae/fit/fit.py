"""One run, from the data at its version to scores, costs and a verdict."""

from collections.abc import Sequence
from dataclasses import replace
from typing import cast

from atarimae import bundle, files, runlog
from atarimae.errors import AtarimaeError, UsageError
from atarimae.fit import stages, teachers
from atarimae.fit.costs import asked, costs, forget_peak
from atarimae.fit.device import choose
from atarimae.fit.expectation import expectation
from atarimae.fit.folds import train_folds
from atarimae.fit.hopeless import rival
from atarimae.fit.midway import curve_name
from atarimae.fit.part import Part, Work
from atarimae.fit.split import with_split
from atarimae.fit.stages import FOLDED, FOLDS
from atarimae.predict import golden
from atarimae.predict.region import known_box
from atarimae.review import weights
from atarimae.runlog import Log, Run, writer
from atarimae.runlog.ensemble import ORIGIN
from atarimae.score.verdict import verdict
from atarimae.store import Store
from atarimae.task import Recipe, Task
from atarimae.types import Data, Progress, Score, silent
from atarimae.workspace import Workspace


def fit(
    workspace: Workspace,
    task: Task,
    recipe: Recipe,
    *,
    because: str,
    stage: str = "holdout",
    seed: int = 0,
    device: str = "auto",
    parent: str | None = None,
    expect: str | float | None = None,
    folds: int = FOLDS,
    idea: str | None = None,
    edit: int | None = None,
    threads: int | None = None,
    sweep: str | None = None,
    may_stop: bool = False,
    progress: Progress = silent,
) -> Run:
    """Try a recipe, and log it. The parent is the best run of the stage where none is named.

    An ensemble is no such run, as one recipe is not to be measured against several; a teacher that
    the recipe names is, whatever it is.

    `expect` is the difference that the main metric should make to it: 0.01, "+0.01" or "+2%".
    `folds` is how many there are at stage folds; `idea` the id of the idea's first run;
    `edit` the data version, the newest if none is named; `threads` how many PyTorch may use.
    With `may_stop` it is given up where it is hopeless beside its parent, and is then "done early".
    """
    if not 0 <= seed < 2**63:
        raise UsageError(
            "The seed is out of range.", f"It is {seed}.", "Give a whole number from 0 to 2^63 - 1."
        )
    scaled = stages.stage(stage)
    if folds < 2:
        raise UsageError(
            "Too few folds.", f"There is {folds}.", "Give two at least, with --folds 3 for example."
        )
    chosen = choose(device, threads)
    data = _data(workspace, task, recipe, stage, edit)
    recipe, teacher = teachers.named(workspace, task, recipe, data.version, stage, folds)
    best = runlog.find(workspace, parent) if parent else teacher
    best = best or runlog.find_parent(workspace, stage)
    run = runlog.start(
        workspace,
        because=because,
        stage=stage,
        seed=seed,
        parent=best.id if best else None,
        expect=expectation(expect, best),
        folds=folds if stage == FOLDED else None,
        idea=idea,
        sweep=sweep,
        may_stop=may_stop,
        recipe=recipe.model_dump(mode="json"),
        data=data.version,
        device=chosen.name,
        threads=chosen.threads,
    )
    with run, files.having_room(f"Run {run.id}"):
        sample, resolved = scaled(data, recipe)
        part = Part(workspace, task, run, run.folder, sample, resolved, seed, chosen, progress)
        _run(run, part, resume=False)
    return runlog.read(run.folder)


def resume(
    workspace: Workspace,
    task: Task,
    name: str,
    *,
    device: str = "auto",
    progress: Progress = silent,
) -> Run:
    """Go on with a run that was stopped, from the end of its last whole epoch."""
    old = runlog.find(workspace, name)
    if old.is_done or old.status == "running":
        raise AtarimaeError(
            f"Run {old.id} can't be resumed.", f"It is {old.status}.", "Start a new one with 'fit'."
        )
    if old.data is None or old.seed is None:
        raise AtarimaeError(
            f"Run {old.id} can't be resumed.", "It was logged by a loop of its own.", "Run that."
        )
    recipe = recipe_of(task, old)
    data = _data(workspace, task, recipe, old.stage, old.data.edit)
    sample, resolved = stages.stage(old.stage)(data, recipe)
    chosen = choose(device)
    with writer.resume(old.folder, workspace) as run, files.having_room(f"Run {old.id}"):
        part = Part(workspace, task, run, old.folder, sample, resolved, old.seed, chosen, progress)
        _run(run, part, resume=True)
    return runlog.read(old.folder)


def recipe_of(task: Task, run: Run) -> Recipe:
    """What the run was fitted from, as the task reads it today."""
    if run.origin == ORIGIN:
        members = ", ".join(cast(Sequence[str], run.recipe.get("members", ())))
        raise AtarimaeError(
            f"Run {run.id} is an ensemble, and has no recipe that is fitted.",
            f"It joins {members}.",
            "Name one of those, or join them anew with 'atarimae fit --ensemble'.",
        )
    return task.recipe.of(run.recipe)


def _data(workspace: Workspace, task: Task, recipe: Recipe, stage: str, edit: int | None) -> Data:
    """What the run learns from and is judged by; smoke's sample has no room for proposals."""
    wanted = recipe.pseudo_labels and stage != "smoke"
    store = Store(workspace)
    data = with_split(task, store.data(edit), trust=wanted)
    if wanted and not data.trusted:
        raise UsageError(
            "There are no pseudo-labels to learn from.",
            "No model has given an unlabelled image a class that train has.",
            "Let a run propose some with 'atarimae propose RUN', or set pseudo_labels = false.",
        )
    # As of the version that is learned from, so that a run that goes on does so alike.
    known = store.proposals(data.version.edit) if wanted else []
    return replace(data, weights=weights(known))


def _run(run: Log, part: Part, *, resume: bool) -> None:
    """Train, judge, write, and say the verdict against the parent."""
    forget_peak()
    told = runlog.read(run.folder)
    parent = runlog.get(part.workspace, told.parent) if told.parent else None
    if parent and parent.score and parent.stage == told.stage:
        part = replace(part, to_beat=_told(parent.score))
    if told.stage == FOLDED:
        folded = train_folds(part, told.folds or FOLDS, resume=resume)
        run.scores(folded.scores)
        run.finish(scores=folded.scores, costs=folded.costs, leaks=folded.leaks.as_dict())
    else:
        beside = parent if told.may_stop else None
        other = rival(told, beside, curve_name(part.task)) if beside else None
        pictures = run.folder / "pictures"
        keep(run, replace(part, rival=other, pictures=pictures), resume=resume)
    seen = verdict(parent, runlog.read(run.folder)) if parent else None
    if seen is not None:
        run.verdict(seen.as_dict())


def keep(run: Log, part: Work, *, resume: bool) -> None:
    """Make one model, and write it with all that `ship` needs of it."""
    trained = part.train(resume=resume)
    found, early = trained.found, trained.early
    part.progress(1, 1, _told(found.scores[0]))
    bundle.write_model(trained.model)
    limit = part.workspace.max_pixels
    files_asked = asked(found)
    golden.record(
        part.task.predictor(trained.model), [found.data.path(file) for file in files_asked],
        trained.model.folder / "golden", limit,
        [known_box(found.data, file) for file in files_asked],
    )  # fmt: skip
    files.write_json(
        run.folder / "evaluated.json", {"files": [file.path for file in found.data.files]}
    )
    run.scores(found.scores, found.predictions)
    run.finish(
        "done early" if early else "done", scores=found.scores,
        costs=costs(part.task, trained, limit), early=early.as_dict() if early else None,
        leaks=trained.leaks.as_dict(),
    )  # fmt: skip
    part.forget()


def _told(score: Score) -> str:
    return f"{score.metric} {score.value:.3f}"
