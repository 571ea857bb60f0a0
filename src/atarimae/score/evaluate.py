"""The only evaluation loop: fit, ship, score and look all judge a model here."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from atarimae.errors import AtarimaeError
from atarimae.predict.run import outputs
from atarimae.score.intervals import interval
from atarimae.task import Context, Crossfits, Model, Task
from atarimae.types import Array, Data, Index, Predictions, Progress, Score, silent
from atarimae.workspace import MAX_PIXELS


@dataclass(frozen=True)
class Evaluation:
    """What a model says of some data, and how good that is. The main score comes first."""

    task: str
    data: Data
    outputs: Sequence[Array]
    context: Context
    predictions: Predictions
    scores: tuple[Score, ...]


def evaluate(
    task: Task,
    model: Model,
    data: Data,
    *,
    index: Index | None = None,
    calibrate: bool = False,
    cache: Path | None = None,
    max_pixels: int = MAX_PIXELS,
    progress: Progress = silent,
) -> Evaluation:
    """Predict in fp32 through the task's own predictor, and score with 95 % intervals.

    Answers are looked up in `index`, or in the data itself where none is given. With
    `calibrate` the task's constants are fitted on these predictions first (what is scored then are
    predictions by constants that left their class out, where the task has such), and the main
    metric must be there: it is an error if the data can't give it.
    """
    asked = task.samples(data)
    found = outputs(
        task.predictor(model), asked, cache=cache, max_pixels=max_pixels, progress=progress
    )
    known = task.index(found, asked) if index is None else index
    context = Context(known, model.constants, model.settings, learned=model.learned)
    predictions = task.finish(found, asked, context)
    if calibrate:
        constants = {**model.constants, **task.calibrate(predictions, asked, context)}
        context = replace(context, constants=constants)
        predictions = task.finish(found, asked, context)
        if isinstance(task, Crossfits):
            predictions = task.crossfitted(predictions, asked, context)
    scores = tuple(
        interval(_said(score, calibrate)) for score in task.score(predictions, asked, context)
    )
    if calibrate and not any(score.metric == task.metric for score in scores):
        raise AtarimaeError(
            f"{task.metric} can't be measured on these {len(asked)} files.",
            "None of those that are asked about has an answer among the others.",
            "Add labelled images of one thing from several sources, or change the split.",
        )
    return Evaluation(task.name, asked, found, context, predictions, scores)


def _said(score: Score, calibrated: bool) -> Score:
    """A score whose threshold was fitted on the same answers says so."""
    if not calibrated or "threshold" not in score.convention:
        return score
    convention = {**score.convention, "threshold fitted on": "these queries"}
    return replace(score, convention=convention)
