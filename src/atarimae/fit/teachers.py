"""The run whose outputs a student follows: found, checked, and its model read."""

from pathlib import Path

from atarimae import bundle, runlog
from atarimae.errors import AtarimaeError
from atarimae.fit.stages import FOLDED
from atarimae.runlog import Run
from atarimae.task import Distils, Joins, Model, Recipe, Task
from atarimae.types import Version
from atarimae.workspace import Workspace


def named(
    workspace: Workspace, task: Task, recipe: Recipe, version: Version, stage: str, folds: int
) -> tuple[Recipe, Run | None]:
    """The recipe with the teacher's whole id, and the teacher; None where it names none."""
    name = _name(task, recipe)
    if not name:
        return recipe, None
    run = runlog.find(workspace, name)
    _check(task, run, version, stage, folds)
    assert isinstance(task, Distils), "only such a task has a name"
    return recipe.model_copy(update={task.teacher: run.id}), run


def model_of(workspace: Workspace, task: Task, recipe: Recipe, folder: Path) -> Model | None:
    """The teacher's model for a run or fold in `folder`; None where the recipe names none."""
    name = _name(task, recipe)
    if not name:
        return None
    place = Path("folds", folder.name) if folder.parent.name == "folds" else Path()
    return bundle.read_model(workspace.runs / name / place / "model")


def _name(task: Task, recipe: Recipe) -> str:
    return str(getattr(recipe, task.teacher)) if isinstance(task, Distils) else ""


def _check(task: Task, run: Run, version: Version, stage: str, folds: int) -> None:
    """It must know nothing of what the student is judged by, and have a model to say it."""
    place = Path("folds", "1") if stage == FOLDED else Path()
    model = run.folder / place / "model"
    wanted = f"stage folds with {folds} folds" if stage == FOLDED else "stage holdout"
    # A sample's val is a part of the whole's.
    fits = run.stage in {stage, "holdout"} - ({"holdout"} if stage == FOLDED else set())
    why = ""
    if run.data is None or run.data.hash != version.hash:
        why = "It was fitted on another data version."
    elif not fits or (stage == FOLDED and run.folds != folds):
        why = f"It is of stage {run.stage}, and would know images that the student is judged by."
    elif not run.is_done or not (model / "model.json").is_file():
        why = f"It is {run.status}." if not run.is_done else "Its model is not there."
    elif isinstance(task, Joins):
        why = task.unjoinable(bundle.read_model(model).settings)
    if why:
        raise AtarimaeError(
            f"Run {run.id} can't be a teacher here.", why,
            f"Name a run of {wanted} on today's data that answers by one embedding.",
        )  # fmt: skip
