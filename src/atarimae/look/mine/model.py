"""Whose embeddings are compared: the newest run's that left a model, or a bundle's."""

from dataclasses import dataclass
from pathlib import Path

from atarimae import bundle, runlog
from atarimae import task as tasks
from atarimae.errors import AtarimaeError
from atarimae.look.checks.judged import newest
from atarimae.look.searcher import newest_bundle
from atarimae.predict.run import apply
from atarimae.predict.tiles import weights_key
from atarimae.predict.unit import embeddings, unit
from atarimae.task import Embeds, Predictor, Task
from atarimae.types import Floats, Source
from atarimae.workspace import Workspace


@dataclass(frozen=True)
class Eye:
    """What turns a picture into a vector."""

    name: str  # the run's, or the bundle's folder
    predictor: Predictor
    key: str  # of its embeddings, see `weights_key`

    def see(self, sources: list[Source]) -> Floats:
        """(n, d) at unit length."""
        return unit(embeddings(apply(self.predictor, list(map(self.predictor.windows, sources)))))


def eye(workspace: Workspace, name: str = "") -> Eye:
    """Of the run or bundle of that name; where none is named, the newest run, or bundle.

    Raises `AtarimaeError` where there is none, or where the task's outputs can't be compared.
    """
    chosen = tasks.load(workspace.task)
    if not isinstance(chosen, Embeds):
        raise AtarimaeError(
            f"Task {chosen.name} can't mine.", "Its outputs are not compared by their cosine.",
            "Use a workspace whose task embeds images, as retrieve does.",
        )  # fmt: skip
    told, folder = _model(workspace, chosen, name)
    model = bundle.read_model(folder)
    predictor = chosen.predictor(model)
    return Eye(told, predictor, weights_key(predictor, model))


def _model(workspace: Workspace, chosen: Task, name: str) -> tuple[str, Path]:
    if name and (Path(name) / "bundle.json").is_file():
        return name, bundle.read(Path(name)).folder
    if name:
        run = runlog.find_trained(workspace, name)
        return run.id, run.model
    judged = newest(workspace, chosen)
    if judged is not None:
        return judged.run.id, judged.run.model
    shipped = newest_bundle(workspace)
    if shipped is None:
        raise AtarimaeError(
            "There is no model to look with.", "No run has left one, and there is no bundle.",
            "Fit one first: atarimae fit --because baseline --set epochs=0",
        )  # fmt: skip
    return shipped.name, bundle.read(shipped).folder
