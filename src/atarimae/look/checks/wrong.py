"""Labels that images do not look like, told by models that never learned from those images."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from atarimae.look.checks.decided import Decided, decided
from atarimae.look.checks.finding import Beside, Check, Finding
from atarimae.look.checks.suspected import suspected
from atarimae.look.checks.unseen import Section, judged_images, sections
from atarimae.predict.unit import unit
from atarimae.score.labels import Left, Suspicions, left
from atarimae.types import Data, File, Floats

SURE = 0.25  # the least probability of a finding
FEWEST = 20  # images that have to be judged, below which nothing is said


@dataclass(frozen=True)
class JudgedSection:
    """One section, what is suspected of its labels, and what people decided of them."""

    part: Section
    rows: Floats  # at unit length
    found: Suspicions
    decided: Decided

    @cached_property
    def places(self) -> dict[str, list[int]]:
        """By label, which rows have it."""
        found: dict[str, list[int]] = {}
        for place, label in enumerate(self.part.labels):
            found.setdefault(label, []).append(place)
        return found


@dataclass(frozen=True)
class JudgedLabels:
    """What one run says of the labels that it never learned from."""

    sections: tuple[JudgedSection, ...]
    left: Left

    def __len__(self) -> int:
        return sum(len(one.found) for one in self.sections)


def judged_labels(data: Data, known: Beside) -> JudgedLabels | None:
    """The labels that can be judged; None where there is no run that may, or too few of them."""
    return known.answers.once("judged labels", data, lambda: _judged(data, known))


def _judged(data: Data, known: Beside) -> JudgedLabels | None:
    parts = sections(data, known) if known.one_label else []
    if judged_images(parts) < FEWEST:
        return None
    made = tuple(_section(data, known, part) for part in parts)
    told = left(
        np.concatenate([one.found.wrong for one in made]),
        np.concatenate([one.decided.right for one in made]),
        np.concatenate([one.decided.wrong for one in made]),
    )
    return JudgedLabels(made, told)


def _section(data: Data, known: Beside, part: Section) -> JudgedSection:
    """A label that was changed is judged as it was, so that the estimate learns from it."""
    rows, told = unit(part.rows), decided(data, known, part)
    groups = [file.group for file in part.data.files]
    cache = part.judged.workspace.cache
    found = suspected(cache, rows, part.labels, groups, told.before)
    return JudgedSection(part, rows, found, told)


def _find(data: Data, beside: Beside) -> list[Finding]:
    judged = judged_labels(data, beside)
    findings = [
        _finding(one, int(place))
        for one in (judged.sections if judged else ())
        for place in np.flatnonzero((one.found.wrong >= SURE) & ~one.decided.looked_at)
    ]
    return sorted(findings, key=lambda one: (-one.sure, one.files))


def _finding(judged: JudgedSection, place: int) -> Finding:
    part, found = judged.part, judged.found
    file, own = part.data.files[place], part.labels[place]
    other = found.classes[found.rather[place]]
    near = {name: _nearest(judged, place, name) for name in (other, own)}
    told = "; ".join(_told(name, *one) for name, one in near.items())
    return Finding(
        check.name,
        f"{file.path} is labelled '{own}', and looks like '{other}'.",
        (file.image,),
        (file.path,),
        f"Wrong with a probability of {found.wrong[place]:.2f}, by run {part.judged.run.mark}, "
        f"which never learned from it: '{other}' {found.other[place]:.2f}, '{own}' "
        f"{found.own[place]:.2f}. Nearest: {told}.",
        f"Label it '{other}', or say that '{own}' is right: atarimae confirm {file.path}",
        sure=round(float(found.wrong[place]), 6),
        like=tuple(one[0].image for one in near.values() if one),
        label=other,
    )


def _nearest(judged: JudgedSection, place: int, name: str) -> tuple[File, float] | tuple[()]:
    """The nearest other image with that label, and its cosine."""
    places = [other for other in judged.places.get(name, ()) if other != place]
    if not places:
        return ()
    cosines = judged.rows[places] @ judged.rows[place]
    best = int(np.argmax(cosines))
    return judged.part.data.files[places[best]], float(cosines[best])


def _told(name: str, file: File | None = None, cosine: float = 0.0) -> str:
    return f"under '{name}' {file.path} ({cosine:.2f})" if file else f"no other under '{name}'"


def _lacks(data: Data, beside: Beside) -> str:
    """What is needed where not all labels can be judged; images of several classes never are."""
    if not beside.one_label:
        return ""
    judged = judged_labels(data, beside)
    labelled = len({file.image for file in data.files if len(data.classes(file)) == 1})
    number = len(judged) if judged else 0
    if number >= labelled or labelled < FEWEST:
        return ""
    return (
        f"{number:,} of {labelled:,} labelled images could be judged: a model may judge only what "
        "it never learned from, and only what is embedded. For all of them: atarimae fit "
        '--because "to judge the labels" --stage folds --set epochs=0'
    )


check = Check(
    "wrong labels",
    "A wrong label teaches what is not so, and makes a right answer count as wrong.",
    _find,
    _lacks,
)
