"""Ask a bundle about one picture, and know how long each function took."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from atarimae.bundle import Bundle
from atarimae.errors import UsageError
from atarimae.predict.index import Words
from atarimae.predict.region import boxed
from atarimae.predict.source import open_source
from atarimae.shapes import inside
from atarimae.task import Crops, Filters, Task
from atarimae.types import ALL, Box, Data, File, Image, Only, Version
from atarimae.workspace import MAX_PIXELS


@dataclass(frozen=True)
class Answer:
    """The answer as JSON values, and milliseconds by function in the order they ran."""

    value: dict[str, object]
    milliseconds: dict[str, float]


class Asker:
    """A loaded bundle, ready for questions; used by one thread at a time."""

    def __init__(self, bundle: Bundle, task: Task) -> None:
        self.bundle = bundle
        self.task = task
        self._predictor = task.predictor(bundle.model)
        self._words = Words(bundle.index, task.filters if isinstance(task, Filters) else ())

    def only(self, asked: Mapping[str, Sequence[str]]) -> Only:
        """The filter of fields and their values; `UsageError` for what the bundle doesn't know."""
        return self._words.only(asked)

    def __call__(
        self,
        picture: bytes | Path,
        max_pixels: int = MAX_PIXELS,
        only: Only = ALL,
        box: Box | None = None,
    ) -> Answer:
        """Answer for the bytes of an image file, or a file, from the known images of a filter.

        With a box only what is in it is asked about; `UsageError` where the picture can't hold it,
        or where the bundle was not measured on boxes.
        """
        clock = _Clock()
        source = open_source(picture, max_pixels)
        if box is None:
            source.pixels(self._predictor.reads)
        else:
            source = boxed(source, self._checked(box, source.size))
        clock.lap("decode")
        batch = [self._predictor.windows(source)]
        clock.lap("resize")
        for name, step in self._predictor.steps.items():
            batch = list(step(batch))
            clock.lap(name)
        image = Image("", *source.size, "", 0)
        question = Data(Path(), Version(0, ""), (File("", ""),), {"": image}, {})
        context = replace(self.bundle.context, only=only)
        predictions = self.task.finish(batch, question, context)
        value = self.task.answer(predictions, 0, context)
        clock.lap(self.task.endpoint)
        return Answer(value, clock.laps)

    def _checked(self, box: Box, size: tuple[int, int]) -> Box:
        box = inside(box, size)
        reader = self._predictor
        if not isinstance(reader, Crops) or reader.part(box, size) is None:
            raise UsageError(
                "This bundle reads whole pictures.",
                "Its run was measured on those, not on boxes.",
                "Leave the box out, or cut the picture yourself.",
            )
        return box


class _Clock:
    def __init__(self) -> None:
        self.laps: dict[str, float] = {}
        self._last = time.perf_counter()

    def lap(self, name: str) -> None:
        now = time.perf_counter()
        self.laps[name] = (now - self._last) * 1000
        self._last = now
