"""Score a bundle on data that it has never seen."""

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from atarimae import bundle, files, task
from atarimae.errors import AtarimaeError, UsageError
from atarimae.predict.run import outputs
from atarimae.score.evaluate import Evaluation, evaluate
from atarimae.types import Data, Progress, silent
from atarimae.workspace import MAX_PIXELS


@dataclass(frozen=True)
class Judgement:
    """The scores of a bundle on some queries, and the answers that they judge.

    Without any labels there are answers all the same, and no scores.
    """

    found: Evaluation

    def as_dict(self) -> dict[str, object]:
        """The shape of `score --json`; `convention` is the main metric's."""
        metrics = {
            s.metric: {name: s.as_dict()[name] for name in ("value", "low", "high")}
            for s in self.found.scores
        }
        return {
            "metrics": metrics,
            "convention": dict(self.found.scores[0].convention) if self.found.scores else {},
            "queries": len(self.found.predictions),
            "gallery": len(self.found.context.index),
        }

    def submission(self) -> str:
        """CSV with `file` and `matches`: ranked files, parted by spaces (theirs become %20)."""
        stream = io.StringIO()
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(["file", "matches"])
        chosen = task.load(self.found.task)
        for row, key in enumerate(self.found.predictions.keys):
            answer = chosen.answer(self.found.predictions, row, self.found.context)
            writer.writerow([key, " ".join(_names(answer))])
        return stream.getvalue()


def judge(
    folder: Path,
    queries: Data,
    gallery: Data | None = None,
    *,
    max_pixels: int = MAX_PIXELS,
    progress: Progress = silent,
) -> Judgement:
    """Score the bundle in `folder`; matches are looked up in `gallery`, or in its own index."""
    shipped = bundle.read(folder)
    chosen = task.load(shipped.task)
    index = shipped.index
    if gallery is not None:
        known = _with_role(gallery, "gallery")
        found = outputs(
            chosen.predictor(shipped.model), known, max_pixels=max_pixels, progress=progress
        )
        index = chosen.index(found, known)
    asked = _with_role(queries, "query")
    if not len(asked):
        raise AtarimaeError(
            "There are no queries.", "The table has no rows.", "Name some pictures in it."
        )
    return Judgement(
        evaluate(
            chosen, shipped.model, asked, index=index, max_pixels=max_pixels, progress=progress
        )
    )


def write_submission(judgement: Judgement, path: Path) -> None:
    """Write the ranked ids as CSV."""
    files.write(path, judgement.submission())


def _with_role(data: Data, role: str) -> Data:
    return replace(data, files=tuple(replace(file, role=role) for file in data.files))


def _names(answer: Mapping[str, object]) -> list[str]:
    matches = answer.get("matches")
    if not isinstance(matches, list):
        raise UsageError(
            "There is nothing to rank.",
            "This task's answers hold no matches.",
            "Omit --submission.",
        )
    return [str(match["file"]).replace(" ", "%20") for match in matches]
