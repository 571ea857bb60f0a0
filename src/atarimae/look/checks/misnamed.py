"""Boxes of a wrong class, by a model that never learned from the image."""

from collections.abc import Iterator

import numpy as np

from atarimae.look.checks.finding import Beside, Check, Finding
from atarimae.look.checks.placed import Suspect, box_told, findings
from atarimae.look.checks.proposed import HIT, LEAST, Opinion, Place, lacks, often, opinion
from atarimae.score.labels.boxes import swapped
from atarimae.score.overlap import iou
from atarimae.types import CHECKED, Data


def _find(data: Data, beside: Beside) -> list[Finding]:
    found = opinion(data, beside)
    return findings(check.name, _suspects(data, found) if found else ())


def _suspects(data: Data, found: Opinion) -> Iterator[Suspect]:
    """Boxes of one thing whose classes differ, where the model names things rightly elsewhere."""
    rows = [
        (place, own, said, float(overlaps[own, said]))
        for place in found.places
        for overlaps in [iou(place.boxes.people, place.boxes.model)]
        for said, own in place.pairs.items()
        if place.people[own].value and overlaps[own, said] >= HIT
    ]
    same = [place.people[own].value == place.model[said].value for place, own, said, _ in rows]
    shares = often([float(place.boxes.scores[said]) for place, _, said, _ in rows], same)
    for (place, own, said, shared), is_same, share in zip(rows, same, shares, strict=True):
        doubtful = not is_same and share >= LEAST and not _in_two_minds(place, own, said)
        if doubtful and not _is_confirmed(data, place, own):
            yield _suspect(found, place, own, said, shared, float(share))


def _in_two_minds(place: Place, own: int, said: int) -> bool:
    """Whether the model says the person's class of the same thing too, and is as sure."""
    near = iou(place.boxes.people, place.boxes.model)[own] >= HIT
    as_sure = place.boxes.scores >= place.boxes.scores[said]
    return bool(np.any(near & as_sure & ~place.boxes.other[own]))


def _is_confirmed(data: Data, place: Place, own: int) -> bool:
    """Whether a person has looked at the image since, and said that the class is right."""
    value = place.people[own].value
    return any(one.value == value for one in data.said(place.file.image, CHECKED))


def _suspect(
    found: Opinion, place: Place, own: int, said: int, shared: float, share: float
) -> Suspect:
    mine, theirs = place.people[own], place.model[said]
    rank = float(swapped(place.boxes, np.ones(len(place.model), bool), found.floor)[own])
    return Suspect(
        place.file,
        f"{place.file.path} has a box of '{mine.value}' that looks like '{theirs.value}'.",
        f"{box_told(mine)} is '{mine.value}' by {mine.by or 'unknown'}; {box_told(theirs).lower()} "
        f"is '{theirs.value}' with a score of {theirs.score:.2f}, by {found.name}, {found.why} "
        f"(IoU {shared:.2f}). Where it is as sure, it says what people say in {share:.0%}. "
        f"ObjectLab's score: {rank:.3f}.",
        f"Call it '{theirs.value}', or say that '{mine.value}' is right: "
        f"atarimae confirm {place.file.path}",
        share,
        theirs,
        mine,
    )


check = Check(
    "boxes of a wrong class",
    "The box is right and its name is not: it teaches both classes what is not so.",
    _find,
    lacks,
)
