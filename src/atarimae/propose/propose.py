"""Ask a run about every unlabelled image, and append what it is sure of as one edit."""

from atarimae import bundle, runlog
from atarimae.errors import AtarimaeError
from atarimae.propose.asking import Asking
from atarimae.propose.concluding import Proposed, Wish, conclude
from atarimae.propose.estimate import Judged
from atarimae.propose.sides import Sides, as_queries, both, sides
from atarimae.runlog import Run
from atarimae.store import Store
from atarimae.task import Task
from atarimae.types import Progress, silent
from atarimae.workspace import Workspace


def propose(
    workspace: Workspace, task: Task, run: Run, wish: Wish, progress: Progress = silent
) -> Proposed:
    """Label what is matched at the wished score or more.

    Raises `AtarimaeError` where nothing can be proposed.
    """
    wish.check(task)
    _check(run)
    store = Store(workspace)
    asking = Asking(workspace, task, bundle.read_model(run.model), progress)
    parts = sides(store.data(), judged_images(store, run))
    return conclude(
        store, run.id, wish, _measured(asking, parts),
        lambda: asking(as_queries(parts.pool), parts.known) if len(parts.pool) else [],
    )  # fmt: skip


def judged_images(store: Store, run: Run) -> frozenset[str]:
    """By their content: the files may lie elsewhere by now."""
    paths = runlog.judged_paths(run.folder)
    then = store.data(run.data.edit if run.data else None)
    return frozenset(file.image for file in then.files if file.path in paths)


def _measured(asking: Asking, parts: Sides) -> tuple[list[Judged], list[float]]:
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


def _check(run: Run) -> None:
    if run.stage == "smoke" or not run.is_done or not (run.model / "model.json").is_file():
        raise AtarimaeError(
            f"Run {run.id} can't propose labels.",
            f"It is {run.status}, at stage {run.stage}.",
            "Name a holdout run that is done: its val says what its proposals are worth.",
        )
