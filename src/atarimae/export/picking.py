"""What of a workspace's labels a format can carry, and how much of the rest there is."""

import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from atarimae.export.format import Format
from atarimae.types import Box, File, Label

DIGITS = 3  # of a pixel, that boxes in shares are read to
FACTS = ("split", "role", "group", "source")


@dataclass(frozen=True, slots=True)
class Picked:
    """The labels of an image that the format carries."""

    classes: tuple[str, ...]
    boxes: tuple[tuple[str, Box], ...]


def pick(labels: Iterable[Label], format: Format, left: Counter[str]) -> Picked:
    """What people say of one image and the format carries; `left` counts the rest."""
    classes: dict[str, None] = {}  # a set that keeps its order
    boxes: dict[tuple[str, Box], None] = {}
    for label in labels:
        if label.score is not None:
            left["models"] += 1
        elif label.kind == "class" and label.value and _holds(label, format, left):
            classes[label.value] = None
        elif label.kind == "box" and label.box is not None and _holds(label, format, left):
            boxes[label.value, label.box] = None
        elif label.kind not in ("class", "box"):
            left[label.kind] += 1
    carried = _boxes(boxes, format, left)
    said = {value for value, _ in carried}
    kept = _classes(tuple(classes), said, format, left)
    if "apart" not in format.carries:
        left["apart"] += sum(bool(value) and value not in kept for value, _ in carried)
    return Picked(kept, carried)


def facts(files: Iterable[File], format: Format) -> Counter[str]:
    """How many files' splits, roles, groups and sources have no place in the format."""
    left: Counter[str] = Counter()
    for file in files:
        for fact in FACTS:
            value = getattr(file, fact)
            is_said = value is not None and not (fact == "role" and value == "both")
            left[fact] += is_said and fact not in format.carries
    return left


def _holds(label: Label, format: Format, left: Counter[str]) -> bool:
    if not format.holds(label.value):
        left["characters"] += 1
        return False
    left["by"] += bool(label.by)
    left["respelled"] += unicodedata.normalize("NFC", label.value.strip()) != label.value
    return True


def _boxes(
    boxes: Iterable[tuple[str, Box]], format: Format, left: Counter[str]
) -> tuple[tuple[str, Box], ...]:
    found = tuple(boxes)
    if "boxes" not in format.carries:
        left["boxes"] += len(found)
        return ()
    if "unnamed" not in format.carries:
        left["unnamed"] += sum(not value for value, _ in found)
        found = tuple((value, box) for value, box in found if value)
    if "exact" not in format.carries:
        left["rounded"] += sum(_is_fine(box) for _, box in found)
    return found


def _is_fine(box: Box) -> bool:
    return any(round(x, DIGITS) != x for x in (box.x0, box.y0, box.x1, box.y1))


def _classes(
    classes: Sequence[str], said: set[str], format: Format, left: Counter[str]
) -> tuple[str, ...]:
    """All of them, those that boxes have, or the first."""
    if "classes" not in format.carries:
        left["classes"] += sum(value not in said for value in classes)
        return tuple(value for value in classes if value in said)
    if "several" not in format.carries:
        left["several"] += max(len(classes) - 1, 0)
        return tuple(classes[:1])
    return tuple(classes)
