"""Several classes on one image: two where the task wants one, or said by two people at once.

Boxes, outlines and texts that two people changed at once, and pairs of which two say different
things, are told with them.
"""

from collections.abc import Sequence
from shlex import quote

from atarimae.look.checks.finding import Beside, Check, Finding
from atarimae.store import Conflict, Side
from atarimae.types import PAIR, POLYGON, Data, File, Label

_NAMES = {POLYGON: "outline"}


def _find(data: Data, beside: Beside) -> list[Finding]:
    known = {one.image: one for one in beside.conflicts if one.kind == "class"}
    others: dict[str, list[Conflict]] = {}
    for one in beside.conflicts:
        if one.kind != "class":
            others.setdefault(one.image, []).append(one)
    findings = []
    for image, files in beside.places(data).items():
        findings += [_other(conflict, files) for conflict in others.get(image, ())]
        classes = data.classes(files[0])
        conflict = known.get(image)
        at_once = conflict is not None and conflict.at_once
        if len(classes) > 1 and (beside.one_label or at_once):
            findings.append(
                Finding(
                    check.name,
                    _what(classes, at_once),
                    (image,),
                    tuple(file.path for file in files),
                    "; ".join(_evidence(conflict, data.labels[image])) + ".",
                    _fix(classes, files[0], beside.one_label),
                )
            )
    return findings


def _other(conflict: Conflict, files: Sequence[File]) -> Finding:
    """The finding of a conflict of another kind than classes."""
    names = " and ".join(f"'{side.value}'" for side in conflict.sides)
    images = (conflict.image, *(side.other for side in conflict.sides[:1] if side.other))
    pair = conflict.kind == PAIR
    return Finding(
        check.name,
        f"Two pictures are told to be {names}."
        if pair
        else f"One {_NAMES.get(conflict.kind, conflict.kind)} was changed by people who did not "
        f"see what the other did: there are {len(conflict.sides)} now.",
        images,
        tuple(file.path for file in files),
        "; ".join(map(_side, conflict.sides)) + ".",
        f"Keep the right {'word' if pair else 'one'}, and take the other away.",
    )


def _what(classes: Sequence[str], at_once: bool) -> str:
    names = " and ".join(f"'{name}'" for name in classes)
    how = ", by people who did not see what the other said" if at_once else ""
    return f"One picture is labelled {names}{how}."


def _evidence(conflict: Conflict | None, labels: Sequence[Label]) -> list[str]:
    """Who said what: with the edits, where they are known."""
    said = [label for label in labels if label.kind == "class"]
    if conflict is None:
        return [_said(label) for label in said]
    sides = [_side(side) for side in conflict.sides]
    return sides + [_said(label) for label in said if label.score is not None]


def _side(side: Side) -> str:
    seen = "" if side.seen == side.edit - 1 else f", who had seen version {side.seen}"
    box = side.box
    at = f" at {box.x0:g}, {box.y0:g}, {box.x1:g}, {box.y1:g}" if box else ""
    return f"'{side.value}'{at} by {side.by or 'unknown'} in edit {side.edit}{seen}"


def _said(label: Label) -> str:
    sure = "" if label.score is None else f", {label.score:.0%} sure"
    return f"'{label.value}' by {label.by or 'unknown'}{sure}"


def _fix(classes: Sequence[str], file: File, one_label: bool) -> str:
    counts = f"; until then '{classes[0]}' counts, which was said first" if one_label else ""
    return f"Keep the right one, with: atarimae label {quote(file.path)} --class …{counts}."


check = Check(
    "several labels on one image",
    "One of them is wrong, or the picture shows two things.",
    _find,
)
