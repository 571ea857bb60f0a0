"""Answer a competition's queries, and write what its sample asks for."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import cast

from atarimae import bundle, files, task
from atarimae.errors import AtarimaeError
from atarimae.predict.run import outputs
from atarimae.runlog import Run
from atarimae.store import Store
from atarimae.submission.kinds import Gallery, Kind, kind_of
from atarimae.submission.queries import Named, load, named
from atarimae.submission.sample import BOM, Sample, check, read
from atarimae.submission.settings import Settings
from atarimae.task import Context, Model, Task
from atarimae.types import Data, Index, Progress, silent
from atarimae.workspace import MAX_PIXELS, Workspace


@dataclass(frozen=True, slots=True)
class Submission:
    """A written file, and what is to be known of it."""

    path: Path
    queries: int
    answers: str  # what is answered with
    layout: str
    notes: tuple[str, ...]

    def as_dict(self) -> dict[str, object]:
        """JSON values."""
        return {**asdict(self), "path": str(self.path), "notes": list(self.notes)}

    def __str__(self) -> str:
        told = f"Submission: {self.path} ({self.queries:,} queries, answered with {self.answers})."
        return "\n".join([told, *self.notes])


@dataclass(frozen=True)
class _Answerer:
    """A model with what it answers from."""

    task: Task
    model: Model
    gallery: Gallery
    index: Callable[[], Index]
    cache: Path | None
    max_pixels: int
    progress: Progress


def of_run(
    workspace: Workspace,
    chosen: Task,
    run: Run,
    settings: Settings,
    out: Path,
    *,
    progress: Progress = silent,
) -> Submission:
    """The run's answers, looked up in every gallery file of the workspace as it is now."""
    if not (run.model / "model.json").is_file():
        raise AtarimaeError(
            f"Run {run.id} has no model to answer with.",
            f"It is {run.status}, at stage {run.stage}.",
            "Name a holdout run that is done.",
        )
    model = bundle.read_model(run.model)
    data = Store(workspace).data()
    inside = f"{settings.gallery}/" if settings.gallery else ""
    known = data.where(lambda file: file.role != "query" and file.path.startswith(inside))

    def index() -> Index:
        found = outputs(
            chosen.predictor(model), known, cache=workspace.cache,
            max_pixels=workspace.max_pixels, progress=progress,
        )  # fmt: skip
        return chosen.index(found, known)

    gallery = Gallery(known.files, known.class_names)
    answerer = _Answerer(
        chosen, model, gallery, index, workspace.cache, workspace.max_pixels, progress
    )
    return _submit(answerer, settings, out)


def of_bundle(
    folder: Path, settings: Settings, out: Path, *, progress: Progress = silent
) -> Submission:
    """The bundle's answers, from its own index: without workspace, network or torch."""
    shipped = bundle.read(folder)
    gallery = Gallery(shipped.index.files, {*shipped.index.labels} - {""})
    answerer = _Answerer(
        task.load(shipped.task), shipped.model, gallery, lambda: shipped.index, None, MAX_PIXELS,
        progress,
    )  # fmt: skip
    return _submit(answerer, settings, out)


def _submit(answerer: _Answerer, settings: Settings, out: Path) -> Submission:
    pictures = named(settings)
    known = answerer.gallery.answers()
    sample = read(
        settings.sample,
        pictures.__contains__,
        lambda token: token in known or token in pictures,
    )
    kind = kind_of(sample, answerer.gallery, settings)
    answers, unread, context = _answers(answerer, pictures, sample, kind)
    shown = sample.answers()
    for query in unread:
        answers[query] = shown[query]
    text = sample.written(answers)
    check(sample, text)
    files.write(out, (BOM if sample.bom else b"") + text.encode())
    notes = tuple(_notes(sample, kind, answers, unread, context))
    return Submission(out, len(sample.queries), kind.name, sample.layout, notes)


def _answers(
    answerer: _Answerer, pictures: Named, sample: Sample, kind: Kind
) -> tuple[dict[str, Sequence[str]], Mapping[str, AtarimaeError], Context]:
    """By query what is answered, and those whose picture can't be read."""
    chosen, model = answerer.task, answerer.model
    asked, unread = load(pictures, sample.queries, answerer.max_pixels)
    found = outputs(
        chosen.predictor(model), asked, cache=answerer.cache, max_pixels=answerer.max_pixels,
        progress=answerer.progress,
    )  # fmt: skip
    # Each its own image: a copy in the gallery is an answer here, and the query itself is not.
    alone = replace(asked, files=tuple(replace(file, image=file.path) for file in asked.files))
    index = chosen.index(found, _gallery(alone)) if kind.name == "test" else answerer.index()
    context = Context(index, model.constants, model.settings, learned=model.learned)
    predictions = chosen.finish(found, alone, context)
    answers: dict[str, Sequence[str]] = {
        query: _answer(chosen.answer(predictions, row, context), query, kind, context)
        for row, query in enumerate(predictions.keys)
    }
    return answers, unread, context


def _gallery(data: Data) -> Data:
    return replace(data, files=tuple(replace(file, role="gallery") for file in data.files))


def _answer(answer: Mapping[str, object], query: str, kind: Kind, context: Context) -> list[str]:
    """Each answer once, best first; the unknown where the similarity falls below the threshold.

    Before the first one it stands where the answer itself says so.
    """
    threshold = context.constants.get("threshold")
    told: list[str] = [query] if kind.itself else []
    matches = cast(Sequence[Mapping[str, object]], answer.get("matches", ()))
    for place, match in enumerate(matches):
        below = threshold is not None and cast(float, match.get("score", 1.0)) < threshold
        if place == 0 and "unknown" in answer:  # it may rest on more than the similarity
            below = answer["unknown"] is True
        if below and kind.itself:
            break
        if below and kind.unknown is not None and kind.unknown not in told:
            told.append(kind.unknown)
        word = kind.write(match)
        if word and word not in told:
            told.append(word)
    if not told and kind.unknown is not None:
        told.append(kind.unknown)
    return told[: kind.number]


def _notes(
    sample: Sample,
    kind: Kind,
    answers: Mapping[str, Sequence[str]],
    unread: Mapping[str, AtarimaeError],
    context: Context,
) -> list[str]:
    notes = []
    if unread:
        query, error = next(iter(unread.items()))
        notes.append(
            f"{len(unread):,} pictures can't be read, and keep the sample's answers: {query}, "
            f"{error.found}"
        )
    needed = {query: len(found) for query, found in sample.answers().items()}
    short = [
        query for query, found in answers.items()
        if query not in unread
        and len(found) < (needed[query] if sample.layout == "long" else kind.number or 0)
    ]  # fmt: skip
    if short:
        notes.append(
            f"{len(short):,} queries have fewer answers than the sample shows: the task gives no "
            f"more. {short[0]} has {len(answers[short[0]])}."
        )
    if (kind.unknown or kind.itself) and "threshold" not in context.constants:
        so = f"'{kind.unknown}' stands nowhere" if kind.unknown else "no list is cut short"
        notes.append(f"No threshold was fitted (val has no query without a match), so {so}.")
    return notes
