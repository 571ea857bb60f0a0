"""Ask a run about every unlabelled image, and append what it is sure of as one edit."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from atarimae import bundle, runlog
from atarimae.errors import AtarimaeError, UsageError
from atarimae.predict.run import outputs
from atarimae.propose.estimate import Estimate, Judged, estimate, threshold
from atarimae.propose.sides import Sides, as_queries, both, sides
from atarimae.runlog import Run
from atarimae.store import Edit, Origin, Store
from atarimae.task import Context, Model, Proposes, Task
from atarimae.types import Array, Data, File, Label, Progress, silent
from atarimae.workspace import Workspace

PRECISION = 0.95


@dataclass(frozen=True, slots=True)
class Proposal:
    """A class for an unlabelled file, and the known file that says so."""

    file: str
    image: str
    label: str
    score: float
    like: str


@dataclass(frozen=True)
class Proposed:
    """What a run proposes, surest first, and what that is worth; `edit` where it was recorded."""

    run: str
    unlabelled: int  # images that were asked about
    estimate: Estimate
    found: tuple[Proposal, ...]
    edit: Edit | None = None

    def as_dict(self) -> dict[str, object]:
        """The shape of `propose --json`."""
        return {
            "run": self.run,
            "unlabelled": self.unlabelled,
            "estimate": self.estimate.as_dict(),
            "proposals": [asdict(one) for one in self.found],
            "edit": None if self.edit is None else self.edit.id,
        }


def propose(
    workspace: Workspace,
    task: Task,
    run: Run,
    *,
    at: float | None = None,
    precision: float | None = None,
    dry_run: bool = False,
    progress: Progress = silent,
) -> Proposed:
    """Label what is matched at a score of `at` or more, or at one that gives the `precision`.

    With `dry_run` nothing is recorded. Raises `AtarimaeError` where nothing can be proposed.
    """
    if at is not None and precision is not None:
        raise UsageError("Two thresholds.", "There is --at and --precision.", "Give one of them.")
    if not isinstance(task, Proposes):
        raise AtarimaeError(
            f"Task {task.name} proposes no labels.", "It has no method 'proposals'.",
            "See docs/new-task.md for what it returns.",
        )  # fmt: skip
    _check(run)
    store = Store(workspace)
    asking = _Asking(workspace, task, bundle.read_model(run.model), progress)
    parts = sides(store.data(), _judged_images(store, run))
    judged, strangers = _measured(asking, parts)
    chosen = threshold(judged, precision or PRECISION) if at is None else at
    told = estimate(judged, chosen, strangers)
    answers = asking(as_queries(parts.pool), parts.known) if len(parts.pool) else []
    found = [
        Proposal(file.path, file.image, label, round(score, 6), like)
        for file, (label, score, like) in answers
        if label and score >= chosen
    ]
    found.sort(key=lambda one: (-one.score, one.file))
    edit = None
    if found and not dry_run:
        why = f"{run.id} at {chosen:.4f}"
        labels = [Label(p.image, p.label, by=run.id, score=p.score) for p in found]
        edit = store.say(labels, action="propose", why=why, origin=Origin(run=run.id))
    return Proposed(run.id, len(parts.pool), told, tuple(found), edit)


@dataclass(frozen=True)
class _Asking:
    """A run's model, asked about some files and answered from others."""

    workspace: Workspace
    task: Task
    model: Model
    progress: Progress

    def __call__(self, asked: Data, known: Data) -> list[tuple[File, tuple[str, float, str]]]:
        """By file that was asked about: its class, the score of that, and the file that says so."""
        assert isinstance(self.task, Proposes)
        index = self.task.index(self._outputs(known), known)
        model = self.model
        context = Context(index, model.constants, model.settings, learned=model.learned)
        predictions = self.task.finish(self._outputs(asked), asked, context)
        files = {file.path: file for file in asked.files}
        said = self.task.proposals(predictions, context)
        return [(files[key], one) for key, one in zip(predictions.keys, said, strict=True)]

    def _outputs(self, data: Data) -> Sequence[Array]:
        return outputs(
            self.task.predictor(self.model), data, cache=self.workspace.cache,
            max_pixels=self.workspace.max_pixels, progress=self.progress,
        )  # fmt: skip


def _measured(asking: _Asking, parts: Sides) -> tuple[list[Judged], list[float]]:
    """Val asked of train and val together; and the scores of its strangers, asked of train alone.

    The gallery is never smaller than the one that proposals are found in, so there is no less to
    be taken for.
    """
    val = parts.val
    answers = asking(val, both(parts.known, val.where(lambda file: val.label(file) is not None)))
    judged = [
        Judged(score, label in val.classes(file), val.label(file) or file.path)
        for file, (label, score, _) in answers
    ]
    names = set(parts.known.class_names)
    strangers = val.where(lambda file: names.isdisjoint(val.classes(file)))
    alone = asking(as_queries(strangers), parts.known) if len(strangers) else []
    return judged, [score for _, (_, score, _) in alone]


def _judged_images(store: Store, run: Run) -> frozenset[str]:
    """By their content: the files may lie elsewhere by now."""
    paths = runlog.judged_paths(run.folder)
    then = store.data(run.data.edit if run.data else None)
    return frozenset(file.image for file in then.files if file.path in paths)


def _check(run: Run) -> None:
    if run.stage == "smoke" or not run.is_done or not (run.model / "model.json").is_file():
        raise AtarimaeError(
            f"Run {run.id} can't propose labels.",
            f"It is {run.status}, at stage {run.stage}.",
            "Name a holdout run that is done: its val says what its proposals are worth.",
        )
