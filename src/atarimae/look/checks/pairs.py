"""Pairs of images that are said to be the same and lie far apart, or to be different and lie near.

Told by a model that learned from neither image. How near two of the same lie differs from model to
model, so it is learned from the pairs themselves: the medians and robust deviations of both kinds
say how likely a cosine is among each, and some wrong pairs move these little.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from atarimae.look.checks.finding import Beside, Check, Finding
from atarimae.look.checks.unseen import Section, everything
from atarimae.look.checks.usual import NORMAL
from atarimae.predict.unit import unit
from atarimae.types import CHECKED, DIFFERENT, PAIR, SAME, Data, File, Label

Numbers = npt.NDArray[np.float64]

FEWEST = 10  # pairs of each kind that have to be judged, below which nothing is said
SURE = 0.5  # the least probability of a finding
NARROW = 0.03  # the least deviation of a kind's cosines


@dataclass(frozen=True)
class JudgedPair:
    """A pair with the cosine of its images, and by whose model."""

    label: Label
    files: tuple[File, File]
    cosine: float
    run: str


def _find(data: Data, beside: Beside) -> list[Finding]:
    judged = _judged(data, beside)
    same = np.array([one.label.value == SAME for one in judged], bool)
    if min(np.count_nonzero(same), np.count_nonzero(~same)) < FEWEST:
        return []
    cosines = np.array([one.cosine for one in judged], np.float64)
    medians = [float(np.median(cosines[one])) for one in (same, ~same)]
    alike = probability(cosines, same)
    found = [
        _finding(one, medians, float(1 - p if one.label.value == SAME else p))
        for one, p in zip(judged, alike, strict=True)
        if not _is_confirmed(data, one)
    ]
    return sorted((one for one in found if one.sure >= SURE), key=lambda f: (-f.sure, f.files))


def probability(cosines: Numbers, same: npt.NDArray[np.bool_]) -> Numbers:
    """That each pair is of the same, by its cosine alone; a half where the kinds lie as far apart.

    Beyond the medians nothing is surer than there: a pair that lies nearer than most is no doubt.
    """
    (near, wide), (far, broad) = (_spread(cosines[kind]) for kind in (same, ~same))
    if near <= far:
        return np.full(len(cosines), 0.5)
    at = np.clip(cosines, far, near)
    shares = same.mean(), 1 - same.mean()
    weights = [
        share / width * np.exp(-0.5 * ((at - middle) / width) ** 2)
        for share, middle, width in zip(shares, (near, far), (wide, broad), strict=True)
    ]
    return np.asarray(weights[0] / (weights[0] + weights[1]))


def _spread(values: Numbers) -> tuple[float, float]:
    median = float(np.median(values))
    return median, max(NORMAL * float(np.median(np.abs(values - median))), NARROW)


def _judged(data: Data, beside: Beside) -> list[JudgedPair]:
    """The pairs that one model may judge, both of whose images are embedded; each once."""
    pairs = [one for labels in data.labels.values() for one in labels
             if one.kind == PAIR and one.score is None]  # fmt: skip
    if not pairs:
        return []
    found: dict[Label, JudgedPair] = {}
    for section in everything(data, beside):
        for one in _of(section, pairs):
            found.setdefault(one.label, one)
    return list(found.values())


def _of(section: Section, pairs: list[Label]) -> Iterator[JudgedPair]:
    places = {file.image: number for number, file in enumerate(section.data.files)}
    there = [one for one in pairs if one.image in places and one.other in places]
    if not there:
        return
    rows = unit(section.rows)
    for one in there:
        first, second = places[one.image], places[str(one.other)]
        files = section.data.files[first], section.data.files[second]
        cosine = float(rows[first] @ rows[second])
        yield JudgedPair(one, files, cosine, section.judged.run.mark)


def _is_confirmed(data: Data, one: JudgedPair) -> bool:
    """Whether a person has looked at the pair since, and said that it is right."""
    label = one.label
    return any(
        said.other == label.other and said.value == label.value
        for said in data.said(label.image, CHECKED)
    )


def _finding(one: JudgedPair, medians: list[float], sure: float) -> Finding:
    first, second = one.files
    said, other = one.label.value, DIFFERENT if one.label.value == SAME else SAME
    lie = "far apart" if said == SAME else "near each other"
    return Finding(
        check.name,
        f"{first.path} and {second.path} are said to be '{said}', and lie {lie}.",
        (first.image, second.image),
        (first.path, second.path),
        f"Their cosine is {one.cosine:.2f}, by run {one.run}, which learned from neither; "
        f"{medians[0]:.2f} is usual for the same and {medians[1]:.2f} for different ones. Wrong "
        f"with a probability of {sure:.2f}.",
        f"Say '{other}', or say that '{said}' is right: "
        f"atarimae confirm {first.path} {second.path}",
        sure=round(sure, 6),
        label=other,
    )


check = Check(
    "wrong pairs",
    "A wrong pair pulls together what is different, or drives apart what is the same.",
    _find,
)
