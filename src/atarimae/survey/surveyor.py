"""A workspace's survey, made when somebody first asks for it."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from atarimae.survey.measure import Measure
from atarimae.survey.survey import Survey, survey
from atarimae.types import Data, Progress, silent
from atarimae.workspace import Workspace


@dataclass(frozen=True)
class Surveyor:
    """Makes the survey of data, with all measures, and holds on to it.

    Two are equal if they are of one workspace.
    """

    workspace: Workspace
    measures: tuple[Measure, ...]
    progress: Progress = field(default=silent, compare=False)
    _made: dict[tuple[str, ...], Survey] = field(default_factory=dict, compare=False, repr=False)

    def survey(self, data: Data) -> Survey:
        """Every measure of every image of `data`; what is in the cache is not decoded."""
        images = tuple(dict.fromkeys(file.image for file in data.files))
        if images not in self._made:
            self._made.clear()
            self._made[images] = self.only(data, self.measures)
        return self._made[images]

    def only(self, data: Data, measures: Sequence[Measure]) -> Survey:
        """Other measures, such as dear ones of a few images."""
        return survey(
            data, measures, self.workspace.cache,
            max_pixels=self.workspace.max_pixels, progress=self.progress,
        )  # fmt: skip
