"""A workspace's survey, made when somebody first asks for it."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from atarimae.survey.hashes import PIXELS
from atarimae.survey.measure import Measure
from atarimae.survey.pairs import Pair, may_be_same, pairs
from atarimae.survey.survey import Survey, survey
from atarimae.types import Data, Progress, silent
from atarimae.workspace import Workspace

Names = tuple[str, ...]


@dataclass(frozen=True)
class Surveyor:
    """Makes the survey of data, with all measures, and holds on to it.

    Two are equal if they are of one workspace.
    """

    workspace: Workspace
    measures: tuple[Measure, ...]
    progress: Progress = field(default=silent, compare=False)
    _surveys: dict[Names, Survey] = field(default_factory=dict, compare=False, repr=False)
    _pairs: dict[Names, tuple[Pair, ...]] = field(default_factory=dict, compare=False, repr=False)

    def survey(self, data: Data) -> Survey:
        """Every measure of every image of `data`; what is in the cache is not decoded."""
        images = tuple(dict.fromkeys(file.image for file in data.files))
        if images not in self._surveys:
            self._surveys.clear()
            self._surveys[images] = self.only(data, self.measures)
        return self._surveys[images]

    def only(self, data: Data, measures: Sequence[Measure]) -> Survey:
        """Other measures, such as dear ones of a few images."""
        return survey(
            data, measures, self.workspace.cache,
            max_pixels=self.workspace.max_pixels, progress=self.progress,
        )  # fmt: skip

    def pairs(self, data: Data) -> tuple[Pair, ...]:
        """The images of `data` that show one picture, two by two; the most alike first."""
        images = self.survey(data).images
        if images not in self._pairs:
            self._pairs.clear()
            found = pairs(self.survey(data), self.workspace.cache, self.progress)
            told = self._told_same(data, found)
            order = sorted(told, key=lambda one: (not one.same, -one.likeness, one.outer))
            self._pairs[images] = tuple(order)
        return self._pairs[images]

    def _told_same(self, data: Data, found: Sequence[Pair]) -> list[Pair]:
        """Those that may be equal to the last pixel are decoded in full, once."""
        likely = [pair for pair in found if may_be_same(pair, data.images)]
        names = {name for pair in likely for name in (pair.outer, pair.inner)}
        full = self.only(data.where(lambda file: file.image in names), [PIXELS])
        rows = full.of(PIXELS)
        digests = {name: row.tobytes() for name, row in zip(full.images, rows, strict=True)}

        def same(pair: Pair) -> bool:
            one, other = digests.get(pair.outer), digests.get(pair.inner)
            return one is not None and one == other

        return [replace(pair, same=True) if same(pair) else pair for pair in found]
