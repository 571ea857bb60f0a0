"""Boxes that a model proposed, in images that it never learned from, beside those of people.

Turned boxes and outlines count by the upright boxes around them: a model's are upright mostly.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from atarimae import runlog
from atarimae.errors import AtarimaeError
from atarimae.look.checks.finding import Beside
from atarimae.look.checks.judged import Judged
from atarimae.look.checks.unseen import left_out
from atarimae.score.labels.boxes import Beside as Boxes
from atarimae.score.labels.boxes import floor
from atarimae.score.overlap import iou
from atarimae.shapes import upright
from atarimae.store import Store
from atarimae.task import Learns, Task
from atarimae.types import BOX, POLYGON, Data, File, Label
from atarimae.workspace import Workspace

Numbers = npt.NDArray[np.float64]

FEWEST = 20  # of the model's boxes that have to lie on people's, below which nothing is said
HIT = 0.5  # an IoU from which on two boxes are of one thing
TOUCH = 0.1  # the same, where the class is the same
PREFERRED = 0.2  # of an IoU, that the same class counts for when boxes are matched
AROUND = 20  # boxes nearest in score, at least, that tell how often the model is right
LEAST = 0.75  # how often it has to be right, for a finding


@dataclass(frozen=True)
class Place:
    """An image with people's boxes and the model's, and which of them lie on each other."""

    file: File
    people: tuple[Label, ...]
    model: tuple[Label, ...]
    boxes: Boxes
    pairs: Mapping[int, int]  # of the model's, the place of the person's that it lies on


@dataclass(frozen=True)
class Opinion:
    """What one model says of the boxes in images that it never learned from."""

    name: str
    why: str  # why it may judge them
    places: tuple[Place, ...]
    floor: float = field(default=0.0, compare=False)

    @property
    def matches(self) -> int:
        """How many of its boxes lie on a person's of the same class."""
        return sum(
            one.people[own].value == one.model[found].value
            for one in self.places
            for found, own in one.pairs.items()
        )


def proposers(workspace: Workspace, store: Store, task: Task) -> dict[str, Judged | None]:
    """Who said labels with a score, each with its run, if it is one here."""
    names = store.models()
    if not names:
        return {}
    try:
        runs = {run.id: Judged(workspace, task, run) for run in runlog.runs(workspace)}
    except AtarimaeError:
        runs = {}
    return {name: runs.get(name) for name in names}


def opinion(data: Data, known: Beside) -> Opinion | None:
    """Of the model that may judge most boxes; None where none may, or too few of them."""
    return known.answers.once("proposed boxes", data, lambda: _best(data, known))


def lacks(data: Data, known: Beside) -> str:
    """What is needed where a model proposed boxes, and none may judge people's."""
    said = sum(
        label.kind == BOX and label.score is not None
        for labels in data.labels.values()
        for label in labels
    )
    if not said or opinion(data, known) is not None:
        return ""
    return (
        f"{said:,} boxes were proposed, and fewer than {FEWEST} of them lie on people's boxes in "
        "images that the model never learned from: a run may judge what it left out, and a model "
        "that is no run here what is in val or test alone."
    )


def often(scores: Sequence[float], right: Sequence[bool]) -> Numbers:
    """By box, how often the model is right where it is as sure: over those nearest in score."""
    order = np.argsort(np.array(scores, np.float64), kind="stable")
    hits = np.array(right, np.float64)[order]
    wide = min(len(hits), max(AROUND, len(hits) // 10))
    sums = np.concatenate([[0.0], np.cumsum(hits)])
    starts = np.clip(np.arange(len(hits)) - wide // 2, 0, len(hits) - wide)
    shares = np.empty(len(hits))
    shares[order] = (sums[starts + wide] - sums[starts]) / max(wide, 1)
    return shares


def _best(data: Data, known: Beside) -> Opinion | None:
    found = [one for one in _opinions(data, known) if one.matches >= FEWEST]
    return max(found, key=lambda one: (one.matches, one.name), default=None)


def _opinions(data: Data, known: Beside) -> Iterator[Opinion]:
    for name, judged in known.proposers.items():
        try:
            asked, why = _may_judge(data, known, judged)
        except (AtarimaeError, OSError, KeyError):  # what can't be read is no witness
            continue
        first = {file.image: file for file in reversed(asked.files)}
        places = tuple(filter(None, (_place(data, file, name) for file in first.values())))
        if places:
            yield Opinion(name, why, places, floor([one.boxes for one in places]))


def _may_judge(data: Data, known: Beside, judged: Judged | None) -> tuple[Data, str]:
    """The images that the model did not learn from, and how that is known."""
    if judged is None:
        apart = ("val", "test")
        learned = [file for file in data.files if file.split not in apart]
        images = {file.image for file in learned}
        groups = {file.group for file in learned if file.group}
        asked = data.where(
            lambda file: file.image not in images and (not file.group or file.group not in groups)
        )
        return asked, "which is no run here, and is taken not to have learned from val and test"
    if isinstance(judged.task, Learns) and not judged.task.learns(judged.run.recipe):
        return data, "which learned from no labels"
    return left_out(data, known, judged, judged.run.folder), "which never learned from the image"


def _place(data: Data, file: File, name: str) -> Place | None:
    """None where nobody has looked for boxes, or the model has proposed none."""
    people = tuple(one for one in data.said(file.image, BOX, POLYGON) if one.box is not None)
    model = tuple(
        one
        for one in data.labels.get(file.image, ())
        if one.kind == BOX and one.by == name and one.score is not None and one.box is not None
    )
    if not model or not (people or data.covered.get(file.image)):
        return None
    boxes = Boxes(
        _corners(people), [one.value for one in people], _corners(model),
        [one.value for one in model], np.array([one.score for one in model], np.float64),
    )  # fmt: skip
    return Place(file, people, model, boxes, _matched(boxes))


def _corners(labels: Sequence[Label]) -> Numbers:
    boxes = [upright(one.box) for one in labels if one.box is not None]
    rows = [(box.x0, box.y0, box.x1, box.y1) for box in boxes]
    return np.array(rows, np.float64).reshape(-1, 4)


def _matched(boxes: Boxes) -> dict[int, int]:
    """One to one, the nearest first; of another class only those that are of one thing."""
    shared, same = iou(boxes.people, boxes.model), ~boxes.other
    close = np.where(same, shared >= TOUCH, shared >= HIT)
    worth = np.where(close, shared + PREFERRED * same, -1.0)
    found: dict[int, int] = {}
    for flat in np.argsort(-worth, axis=None, kind="stable"):
        own, said = divmod(int(flat), worth.shape[1])
        if worth[own, said] < 0:
            break
        if said not in found and own not in found.values():
            found[said] = own
    return found
