"""Things without a box: a model that never learned from the image is sure that one is there."""

from collections.abc import Iterator

import numpy as np

from atarimae.look.checks.finding import Beside, Check, Finding
from atarimae.look.checks.placed import Suspect, box_told, findings
from atarimae.look.checks.proposed import HIT, LEAST, Opinion, Place, lacks, often, opinion
from atarimae.score.labels.boxes import overlooked
from atarimae.score.overlap import iou
from atarimae.types import Data


def _find(data: Data, beside: Beside) -> list[Finding]:
    found = opinion(data, beside)
    return findings(check.name, _suspects(data, found) if found else ())


def _suspects(data: Data, found: Opinion) -> Iterator[Suspect]:
    """The model's boxes that lie on nothing, where it is right often enough."""
    shared = [iou(place.boxes.people, place.boxes.model) for place in found.places]
    agree = [np.any((one >= HIT) & ~place.boxes.other, axis=0)
             for one, place in zip(shared, found.places, strict=True)]  # fmt: skip
    scores = [score for place in found.places for score in place.boxes.scores]
    shares = iter(often(scores, [bool(hit) for one in agree for hit in one]))
    for place, one in zip(found.places, shared, strict=True):
        near = one.max(0, initial=0.0)
        ranked = overlooked(place.boxes, np.ones(len(place.model), bool), found.floor)
        for number in range(len(place.model)):
            share = float(next(shares))
            is_alone = number not in place.pairs and near[number] < HIT
            if share >= LEAST and is_alone and _is_complete(data, place, number):
                yield _suspect(found, place, number, share, float(ranked[number]))


def _is_complete(data: Data, place: Place, number: int) -> bool:
    """Whether the image was looked through for that class, as far as anybody says."""
    covered = data.covered.get(place.file.image)
    return place.model[number].value in covered if covered else bool(place.people)


def _suspect(found: Opinion, place: Place, number: int, share: float, rank: float) -> Suspect:
    said = place.model[number]
    told = "" if np.isnan(rank) else f" ObjectLab's score: {rank:.3f}."
    return Suspect(
        place.file,
        f"{place.file.path} has no box where a '{said.value}' seems to be.",
        f"{box_told(said)} is '{said.value}' with a score of {said.score:.2f}, by {found.name}, "
        f"{found.why}. Of what it is as sure of, {share:.0%} has a person's box.{told}",
        "Accept the proposal, or draw the box. Reject it where nothing is there: it is not told "
        "again then.",
        share,
        said,
    )


check = Check(
    "missing boxes",
    "What has no box is taught to be background, and finding it counts as a mistake.",
    _find,
    lacks,
)
