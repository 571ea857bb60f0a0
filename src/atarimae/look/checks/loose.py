"""Boxes that lie worse on their thing than is usual, by a model that never learned from the image.

How people and the model draw boxes differs from set to set: what counts is how well the two agree
elsewhere in the set.
"""

from collections.abc import Iterator

import numpy as np

from atarimae.look.checks.finding import Beside, Check, Finding
from atarimae.look.checks.placed import Suspect, box_told, findings
from atarimae.look.checks.proposed import LEAST, Opinion, Place, lacks, often, opinion
from atarimae.look.checks.usual import Rule, unusual, usual
from atarimae.score.labels.boxes import badly_placed
from atarimae.score.overlap import iou
from atarimae.types import Data

# Of an IoU: above the guard none is loose, and below the bound each is, unless most are.
RULE = Rule(side=-1, guard=0.8, certain=0.4, least=0.03)


def _find(data: Data, beside: Beside) -> list[Finding]:
    found = opinion(data, beside)
    return findings(check.name, _suspects(found) if found else ())


def _suspects(found: Opinion) -> Iterator[Suspect]:
    rows = [
        (place, own, said, float(shared[own, said]))
        for place in found.places
        for shared in [iou(place.boxes.people, place.boxes.model)]
        for said, own in place.pairs.items()
        if place.people[own].value == place.model[said].value
    ]
    overlaps = np.array([row[3] for row in rows], np.float64)
    loose = set(unusual(overlaps, RULE))
    scores = [float(place.boxes.scores[said]) for place, _, said, _ in rows]
    shares = often(scores, [number not in loose for number in range(len(rows))])
    for number in sorted(loose):
        if shares[number] >= LEAST:
            place, own, said, overlap = rows[number]
            yield _suspect(
                found, place, own, said, overlap, usual(overlaps).median, float(shares[number])
            )


def _suspect(
    found: Opinion, place: Place, own: int, said: int, overlap: float, median: float, share: float
) -> Suspect:
    mine, theirs = place.people[own], place.model[said]
    rank = float(badly_placed(place.boxes, np.ones(len(place.model), bool))[own])
    return Suspect(
        place.file,
        f"{place.file.path} has a box of '{mine.value}' that seems not to fit.",
        f"{box_told(mine)} is '{mine.value}' by {mine.by or 'unknown'}; {box_told(theirs).lower()} "
        f"by {found.name}, {found.why}, with a score of {theirs.score:.2f}. They share "
        f"{overlap:.2f} of what both cover (IoU); {median:.2f} is usual. Of what it is as sure of, "
        f"{share:.0%} lies as usual. ObjectLab's score: {rank:.3f}.",
        "Move the box. Reject the proposal where the box is right: it is not told again then.",
        share,
        theirs,
        mine,
    )


check = Check(
    "loose boxes",
    "A box that holds too much or too little teaches where things are not.",
    _find,
    lacks,
)
