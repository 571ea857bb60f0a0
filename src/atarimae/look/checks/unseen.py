"""Runs that may judge labels: each only those of images that it never learned from.

An image that a network was trained on looks right whatever its label is, so its own run is no
witness. A run that took nothing from labels (a frozen backbone, say) may judge all of them; a run
by folds each image with the model of the fold that it was left out of; another trained run what is
neither in its train nor in one group with something that is.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from atarimae import bundle, runlog
from atarimae.errors import AtarimaeError
from atarimae.look.checks.finding import Beside
from atarimae.look.checks.judged import Judged
from atarimae.predict.region import known_box
from atarimae.predict.run import kept_outputs
from atarimae.runlog import Run
from atarimae.task import Crops, Learns, Predictor, Task
from atarimae.types import Array, Data, File
from atarimae.workspace import Workspace

FOLDED = "folds"


@dataclass(frozen=True)
class Section:
    """Images with one label each that one model may judge, compared among themselves."""

    data: Data  # one file an image
    labels: tuple[str, ...]  # one a file: its class, or that of its box where only that is read
    rows: Sequence[Array]
    judged: Judged  # by whose model


def witnesses(workspace: Workspace, task: Task) -> tuple[Judged, ...]:
    """The newest run that took nothing from labels, the newest by folds, the newest other."""
    try:
        known = runlog.runs(workspace)
    except AtarimaeError:
        return ()
    first: dict[str, Judged] = {}
    for run in reversed(known):
        if run.is_done and (kind := _kind(task, run)):
            first.setdefault(kind, Judged(workspace, task, run))
    return tuple(first.values())


def sections(data: Data, known: Beside) -> list[Section]:
    """What the run may judge that may judge most images; of equal ones the newest's."""
    best: list[Section] = []
    for judged in _newest_first(known):
        found = [section for section in _sections(data, known, judged) if section.labels]
        if judged_images(found) > judged_images(best):
            best = found
    return best


def everything(data: Data, known: Beside) -> Iterator[Section]:
    """All that runs may judge and that is embedded, whatever its labels; the newest run's first."""
    for judged in _newest_first(known):
        yield from _sections(data, known, judged, labelled=False)


def judged_images(found: Sequence[Section]) -> int:
    """How many images are judged."""
    return sum(len(section.labels) for section in found)


def _newest_first(known: Beside) -> list[Judged]:
    return sorted(known.witnesses, key=lambda one: one.run.created, reverse=True)


def _kind(task: Task, run: Run) -> str:
    """What kind of witness a run is, empty for none."""
    if not _models(run):
        return ""
    if not _learned(task, run.recipe):
        return "unlearned"
    return FOLDED if run.stage == FOLDED else "learned"


def _learned(task: Task, recipe: Mapping[str, object]) -> bool:
    """In doubt a run has learned."""
    return not isinstance(task, Learns) or task.learns(recipe)


def _models(run: Run) -> list[Path]:
    """The folders of its trainings, one or one a fold, that left a model."""
    folds = sorted((run.folder / "folds").glob("*"))
    return [one for one in (run.folder, *folds) if (one / "model" / "model.json").is_file()]


def _sections(
    data: Data, known: Beside, judged: Judged, *, labelled: bool = True
) -> Iterator[Section]:
    run, kind = judged.run, _kind(judged.task, judged.run)
    for folder in _models(run)[: None if kind == FOLDED else 1]:
        try:
            if kind == "unlearned":
                left = data
            else:
                left = left_out(data, known, judged, folder, val=kind == FOLDED)
            yield _section(data, known, left, judged, folder, labelled=labelled)
        except (AtarimaeError, OSError, KeyError):  # what can't be read is no witness
            continue


def left_out(data: Data, known: Beside, judged: Judged, folder: Path, *, val: bool = False) -> Data:
    """The files of images that a training left out, with their groups; of its val alone, if so.

    Whatever it was not judged by it may have learned from, but for the test split.
    """
    then = known.then(data, judged.workspace, judged.run)
    paths = runlog.judged_paths(folder)
    asked = {file.image for file in then.files if file.path in paths}
    learned = [file for file in then.files if file.path not in paths and file.split != "test"]
    images = {file.image for file in learned}
    groups = {file.group for file in learned if file.group}
    return data.where(
        lambda file: (
            file.image not in images
            and file.group not in groups
            and (file.image in asked or not val)
        )
    )


def _section(
    data: Data, known: Beside, left: Data, judged: Judged, folder: Path, *, labelled: bool
) -> Section:
    """Each image once, where it has one label, if asked, and its embedding is in the cache."""
    predictor = judged.task.predictor(bundle.read_model(folder / "model"))
    first = {file.image: file for file in reversed(left.files)}
    said = {file.path: _label(left, file, predictor) for file in first.values()}

    def asked(file: File) -> bool:
        return bool(said.get(file.path)) or (not labelled and file.path in said)

    if judged == known.judged and folder == judged.run.folder:  # others ask for it as well
        kept, rows = known.embedded(data, asked)
    else:
        kept, rows = kept_outputs(predictor, left.where(asked), judged.workspace.cache)
    return Section(kept, tuple(said[file.path] for file in kept.files), rows, judged)


def _label(data: Data, file: File, predictor: Predictor) -> str:
    """What is said of what the model reads: the class of its box, or that of the image.

    Empty where nothing is said, or several classes are: that is another check's finding.
    """
    box, image = known_box(data, file), data.images[file.image]
    if isinstance(predictor, Crops) and box and predictor.part(box, (image.width, image.height)):
        said = [one for one in data.labels[file.image] if one.box == box and one.kind == "box"]
        names = dict.fromkeys(one.value for one in said if one.score is None and one.value)
        if names:
            return next(iter(names)) if len(names) == 1 else ""
    classes = data.classes(file)
    return classes[0] if len(classes) == 1 else ""
