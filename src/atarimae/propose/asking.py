"""A model, asked about some files and answered from others."""

from collections.abc import Sequence
from dataclasses import dataclass

from atarimae.predict.run import outputs
from atarimae.propose.concluding import Answer
from atarimae.task import Context, Model, Proposes, Task
from atarimae.types import Array, Data, File, Index, Progress
from atarimae.workspace import Workspace


@dataclass(frozen=True)
class Asking:
    """What is computed once is kept in the workspace's cache."""

    workspace: Workspace
    task: Task
    model: Model
    progress: Progress

    def __call__(self, asked: Data, known: Data) -> list[tuple[File, Answer]]:
        """By file that was asked about: its class, the score of that, and the file that says so."""
        return self.of(asked, self.task.index(self._outputs(known), known))

    def of(self, asked: Data, index: Index) -> list[tuple[File, Answer]]:
        """The same, answered from an index."""
        assert isinstance(self.task, Proposes)
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
