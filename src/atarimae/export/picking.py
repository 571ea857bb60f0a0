"""What of a workspace's labels a format can carry, and how much of the rest there is."""

import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from atarimae.export.format import Format
from atarimae.shapes import upright
from atarimae.types import BOX, PAIR, POLYGON, TEXT, File, Image, Label

DIGITS = 3  # of a pixel, that boxes in shares are read to
FACTS = ("split", "role", "group", "source")


@dataclass(frozen=True, slots=True)
class Picked:
    """The labels of an image that the format carries."""

    classes: tuple[str, ...] = ()
    shapes: tuple[Label, ...] = ()  # boxes and outlines
    texts: tuple[Label, ...] = ()
    pairs: tuple[Label, ...] = ()


_BESIDE = {TEXT: "texts", PAIR: "pairs"}  # kinds that have no class, by what carries them
_KINDS = ("class", BOX, POLYGON, *_BESIDE)


def pick(labels: Iterable[Label], image: Image, format: Format, left: Counter[str]) -> Picked:
    """What people say of one image and the format carries; `left` counts the rest."""
    said: dict[str, list[Label]] = {kind: [] for kind in _KINDS}
    for label in labels:
        if label.score is not None:
            left["models"] += 1
        elif label.kind not in said:
            left[label.kind] += 1
        elif label.kind in _BESIDE and _BESIDE[label.kind] not in format.carries:
            said[label.kind].append(label)  # to be counted, each once
        elif (label.value or label.kind != "class") and _holds(label, format, left):
            said[label.kind].append(label)
    shapes = _shapes(_once([*said[BOX], *said[POLYGON]]), image, format, left)
    classes = tuple(dict.fromkeys(label.value for label in said["class"]))
    kept = _classes(classes, {label.value for label in shapes}, format, left)
    if "apart" not in format.carries:
        left["apart"] += sum(bool(one.value) and one.value not in kept for one in shapes)
    rest = {name: _once(said[kind]) for kind, name in _BESIDE.items()}
    for name in rest.keys() - format.carries:
        left[name] += len(rest[name])
        rest[name] = ()
    if "exact" not in format.carries:
        left["rounded"] += sum(map(_is_fine, (*shapes, *rest["texts"])))
    return Picked(kept, shapes, **rest)


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


def _once(labels: Iterable[Label]) -> tuple[Label, ...]:
    """Each once, whoever said it."""
    return tuple(dict.fromkeys(replace(label, by="") for label in labels))


def _shapes(
    found: tuple[Label, ...], image: Image, format: Format, left: Counter[str]
) -> tuple[Label, ...]:
    """Boxes and outlines; the upright boxes around those that the format has no place for."""
    if "boxes" not in format.carries:
        left["boxes"] += sum(label.kind == BOX for label in found)
        left["outlines"] += sum(label.kind == POLYGON for label in found)
        return ()
    if "unnamed" not in format.carries:
        left["unnamed"] += sum(not label.value for label in found)
        found = tuple(label for label in found if label.value)
    kept = []
    for label in found:
        kind = "polygons" if label.points else "angles" if label.box and label.box.angle else ""
        if kind and kind not in format.carries and label.box is not None:
            left[kind] += 1
            box = upright(label.box, (image.width, image.height))
            label = Label(label.image, label.value, BOX, box)
        kept.append(label)
    return tuple(dict.fromkeys(kept))


def _is_fine(label: Label) -> bool:
    box = label.box
    sides = () if box is None else (box.x0, box.y0, box.x1, box.y1)
    return any(round(x, DIGITS) != x for x in (*sides, *(x for one in label.points for x in one)))


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
