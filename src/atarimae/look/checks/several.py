"""Several things in one image, where the task wants one.

Told by where a picture can be cut in two (`survey.parts`), against what is usual for its class: the
two dots of a colon lie apart in every picture of it, two cups in a picture of a cup do not.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from atarimae.look.checks.finding import Beside, Check, Finding
from atarimae.look.checks.neighbours import Neighbours, neighbours
from atarimae.look.checks.peers import Peers, peers_of
from atarimae.survey import parts
from atarimae.types import Data, Floats, Image

Numbers = npt.NDArray[np.float64]
Rows = npt.NDArray[Any]  # the survey's, a row an image

HINT = 0.5  # what a narrow place counts for, where an empty one counts 1
SEAM = 0.5  # of a seam's length: below, it is a picture's own line
CLEAR = 0.8  # of a seam's length, from which on it counts as a gap does
ALIKE = 0.4  # log₂ of width by height: a difference that is none; twice that counts in full
LEAST = 0.5  # a probability from which on it is a finding
BLOCK = 1 << 22  # cosines that are held at once

# Logistic regressions, fitted on seeds 6 to 9 of what `bench.several` plants: without a run, with.
BARE = {
    "bias": -7.4, "fresh": 2.6, "longer": 5.8, "strength": 3.0, "usual": -2.3, "clear": 2.2,
    "other": 1.8,
}  # fmt: skip
KNOWN = {
    "bias": -8.0, "fresh": 1.9, "longer": 6.6, "strength": 4.9, "usual": -2.9, "clear": 2.3,
    "other": 1.2, "alike": 0.4, "fresh and alike": -4.3, "longer and alike": -4.8, "own": -3.9,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Suspect:
    """An image, how likely it is to show several things, and the cut."""

    image: str
    score: float  # a probability
    upright: bool  # whether the cut goes from top to bottom
    at: float  # of the width, or of the height
    strength: float  # how clear the cut is, 0 to 1
    usual: float  # the mean of that over the images that it is compared with


def suspects(data: Data, beside: Beside) -> list[Suspect]:
    """Every image of the survey, the most suspicious first."""
    survey = beside.survey(data)
    if survey is None:
        return []
    rows: Rows = survey.of(parts.measure)
    known = neighbours(beside, data)
    place = {image: number for number, image in enumerate(survey.images)}
    peers = peers_of(data, place)
    across, down = (_strength(rows, axis) for axis in "xy")
    upright, strength = across >= down, np.maximum(across, down)
    usual = peers.mean(strength)
    told = {
        "strength": strength, "usual": usual, "fresh": strength * (1 - usual),
        "longer": _longer(rows["wide"], peers), "other": np.minimum(across, down),
        "clear": np.where(upright, _clear(rows, "x"), _clear(rows, "y")),
    }  # fmt: skip
    scores = _probability(told, BARE)
    if known is not None:
        alike = _alikeness(known, place, peers)
        told |= alike | {
            "fresh and alike": told["fresh"] * alike["alike"],
            "longer and alike": told["longer"] * alike["alike"],
        }
        scores = np.where(np.isnan(alike["alike"]), scores, _probability(told, KNOWN))
    at = np.where(upright, rows["x_at"], rows["y_at"])
    columns = (column.tolist() for column in (scores, upright, at, strength, usual))
    found = [Suspect(*one) for one in zip(place, *columns, strict=True)]
    return sorted(found, key=lambda one: (-one.score, one.image))


def _probability(told: Mapping[str, Numbers], weights: Mapping[str, float]) -> Numbers:
    logit = weights["bias"] + sum(told[name] * weights[name] for name in weights if name != "bias")
    return np.asarray(1 / (1 + np.exp(-logit)))


def _longer(wide: Numbers, peers: Peers) -> Numbers:
    """By how much the content's shape is not that of the others, 0 to 1."""
    return np.asarray(((np.abs(wide - peers.median(wide)) - ALIKE) / ALIKE).clip(0, 1))


def _alikeness(known: Neighbours, place: Mapping[str, int], peers: Peers) -> dict[str, Numbers]:
    """How much an image is like its class in the embeddings of a run; NaN for one without.

    `alike` is 0 for the image that is least like any of its class to 1 for the one that is most
    (without a class: like any other image), `own` the cosine to the former less that to the latter.
    """
    rows = np.full(len(place), -1)
    for row, file in enumerate(known.files):
        if file.image in place:
            rows[place[file.image]] = row
    nearest = np.where(rows >= 0, known.cosines[rows, 0], np.nan)
    cosines = np.where(peers.classed, np.nan, nearest)
    for some in peers.classes:
        there = some[rows[some] >= 0]
        if len(there) > 1:
            cosines[there] = _nearest_other(known.rows[rows[there]])
    ranks = np.full(len(place), np.nan)
    for kind in (peers.classed, ~peers.classed):
        there = np.flatnonzero(kind & np.isfinite(cosines))
        there = there[np.argsort(cosines[there], kind="stable")]
        ranks[there] = np.arange(len(there)) / max(len(there), 1)
    return {"alike": ranks, "own": cosines - nearest}


def _nearest_other(rows: Floats) -> Floats:
    """(n,): for each of (n, d) rows of unit length the cosine to the nearest other one."""
    found = np.empty(len(rows), np.float32)
    step = max(1, BLOCK // len(rows))
    for start in range(0, len(rows), step):
        cosines = rows[start : start + step] @ rows.T
        own = np.arange(len(cosines))
        cosines[own, start + own] = -np.inf
        found[start : start + step] = cosines.max(1)
    return found


def _strength(rows: Rows, axis: str) -> Numbers:
    """How clear the cut across one axis is, 0 to 1: a gap or a seam; a narrow place is a hint."""
    gap, seam, valley, balance = (
        rows[f"{axis}_{name}"].astype(np.float64) for name in ("gap", "seam", "valley", "balance")
    )
    empty = np.where(gap > 0, 1.0, HINT * valley**2)
    return np.asarray(np.maximum(empty * np.sqrt(balance), seam * (seam >= SEAM)))


def _clear(rows: Rows, axis: str) -> Numbers:
    """1 where there is a gap, or a seam through nearly all of it; 0 elsewhere."""
    found = (rows[f"{axis}_gap"] > 0) | (rows[f"{axis}_seam"] >= CLEAR)
    return np.asarray(found, np.float64)


def _find(data: Data, beside: Beside) -> list[Finding]:
    if not beside.one_label:
        return []
    files = beside.places(data)
    return [
        Finding(
            check.name,
            f"{files[one.image][0].path} may show several things.",
            (one.image,),
            tuple(file.path for file in files[one.image]),
            _evidence(one),
            f"Cut it {_where(data.images[one.image], one)} into images of their own, each with its "
            "label; leave it out; or give it all labels, where the task takes several.",
            sure=round(one.score, 6),
        )
        for one in suspects(data, beside)
        if one.score >= LEAST
    ]


def _evidence(one: Suspect) -> str:
    side = "top to bottom" if one.upright else "left to right"
    return (
        f"Several with a probability of {one.score:.2f}. It can be cut from {side} through a gap "
        f"or along a seam: {one.strength:.2f} of 1; what it is held against {one.usual:.2f} (mean)."
    )


def _where(image: Image, one: Suspect) -> str:
    side, axis = (image.width, "x") if one.upright else (image.height, "y")
    return f"at {axis} = {round(one.at * side):,} px"


check = Check(
    "several things in one image",
    "It can have one label only, so it is wrong for all but one of the things.",
    _find,
)
