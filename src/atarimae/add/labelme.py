"""labelme: a JSON a picture, with shapes; its flags are classes of the whole picture.

Polygons are outlines; `oriented_rectangle` is a turned box by its four corners, and so is the
`rotation` of X-AnyLabeling (https://github.com/CVHub520/X-AnyLabeling). A text stands in the
`description` of a shape that is labelled `text`, as its OCR writes it. What `atarimae export` knows
of a file beyond that lies in the key `atarimae`.
"""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from atarimae.add.entry import Entry, Found, apart, beyond, placed, text
from atarimae.add.folder import read_folder
from atarimae.add.format import Format
from atarimae.add.gathering import Gathering
from atarimae.add.place import Place
from atarimae.add.shapes import around, as_text, outline, told_by_corners
from atarimae.add.table import locate
from atarimae.add.values import Object, listed, point, record, word
from atarimae.errors import UsageError
from atarimae.types import BOX, TEXT, Label

LINES = ("line", "linestrip")
POINTS = ("point", "points")
TURNED = ("rotation", "oriented_rectangle")


def is_file(place: Place) -> bool:
    """JSON with shapes of one picture."""
    value = place.json_or_none() if place.suffix == ".json" else None
    return isinstance(value, dict) and "shapes" in value and "imagePath" in value


def is_folder(place: Place) -> bool:
    """Such a file lies in it, or in a folder of it."""
    return any(map(is_file, place.samples(".json")))


def read(place: Place, roots: Sequence[Path]) -> Found:
    """The pictures of the files, and those in the folder that have none."""
    gathering = Gathering()
    for one in place.below(".json") if place.is_folder else [place]:
        with gathering.at(one.path.name):
            gathering.entries.append(_entry(one, [*roots, one.path.parent], gathering))
    if place.is_folder:
        pictures = read_folder(place.path.absolute(), labelled=False)
        gathering.take(replace(pictures, ignored=0))
    return gathering.found(place.path)


def _entry(place: Place, folders: Sequence[Path], gathering: Gathering) -> Entry:
    told = record(place.json, "content")
    name = word(told.get("imagePath"), "imagePath")
    if not name or "\0" in name:
        raise UsageError("No file is named.")
    flags = record(told.get("flags") or {}, "flags")
    labels = [text(flag) for flag, is_set in flags.items() if is_set is True]
    shapes: list[Label] = []
    for count, one in enumerate(listed(told.get("shapes"), "list of shapes"), start=1):
        with gathering.at(f"{place.path.name} shape {count}"):
            shape = record(one, "content")
            value = text(word(shape.get("label"), "label"))
            label = _label(value, shape, gathering.left)
            if label is not None:
                shapes.append(label)
            if label is None or label.kind != TEXT:
                labels.append(value)
    return Entry(
        placed(_picture(name, folders)),
        **apart(shapes),
        **beyond(told.get("atarimae"), labels),
    )


def _picture(name: str, folders: Sequence[Path]) -> Path:
    """Windows writes its paths with backslashes."""
    found = locate(name, folders)
    return found if found.exists() else locate(name.replace("\\", "/"), folders)


def _label(value: str, shape: Object, left: Counter[str]) -> Label | None:
    """The shape's label, or the text that it holds; None for points and lines."""
    written = shape.get("description")
    found = _shape(value, shape, left)
    if found is None or not isinstance(written, str):
        return found
    said = shape.get("atarimae")
    is_text = isinstance(said, dict) and said.get("kind") == TEXT
    if not is_text and not (written.strip() and value.lower() in ("", TEXT)):
        left["texts"] += bool(written.strip())
        return found
    if isinstance(said, dict) and said.get("whole"):
        return Label("", text(written), TEXT)
    return as_text(found, text(written))


def _hull(value: str, points: Sequence[tuple[float, float]]) -> Label:
    return Label("", value, BOX, around(points))


def _shape(value: str, shape: Object, left: Counter[str]) -> Label | None:
    kind = str(shape.get("shape_type") or "polygon")
    points = [point(one, "point") for one in listed(shape.get("points"), "list of points")]
    if kind in POINTS or kind in LINES:
        left["points" if kind in POINTS else "lines"] += 1
        return None
    if kind == "rectangle":
        return _hull(value, points)
    if kind in TURNED:
        return told_by_corners(value, points)
    if kind == "polygon":
        return outline(value, points)
    if kind == "circle" and len(points) == 2:
        left["outlines"] += 1
        (x, y), edge = points
        radius = math.dist((x, y), edge)
        return _hull(value, [(x - radius, y - radius), (x + radius, y + radius)])
    left["masks" if kind == "mask" else "outlines"] += 1
    return _hull(value, points)


FORMAT = Format("labelme", read, is_file, is_folder)
