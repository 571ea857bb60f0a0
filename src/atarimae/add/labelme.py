"""labelme: a JSON a picture, with shapes; its flags are classes of the whole picture.

What `atarimae export` knows of a file beyond that lies in the key `atarimae`.
"""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from atarimae.add.entry import Entry, Found, beyond, placed, text
from atarimae.add.folder import read_folder
from atarimae.add.format import Format
from atarimae.add.gathering import Gathering
from atarimae.add.place import Place
from atarimae.add.shapes import around, is_upright
from atarimae.add.table import locate
from atarimae.add.values import Object, listed, point, record, word
from atarimae.errors import UsageError
from atarimae.types import Box

LINES = ("line", "linestrip")
POINTS = ("point", "points")


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
    value = record(place.json, "content")
    name = word(value.get("imagePath"), "imagePath")
    if not name or "\0" in name:
        raise UsageError("No file is named.")
    flags = record(value.get("flags") or {}, "flags")
    labels = [text(flag) for flag, is_set in flags.items() if is_set is True]
    boxes: list[tuple[str, Box]] = []
    for count, one in enumerate(listed(value.get("shapes"), "list of shapes"), start=1):
        with gathering.at(f"{place.path.name} shape {count}"):
            shape = record(one, "content")
            labels.append(text(word(shape.get("label"), "label")))
            box = _box(shape, gathering.left)
            if box is not None:
                boxes.append((labels[-1], box))
    return Entry(
        placed(_picture(name, folders)),
        boxes=tuple(dict.fromkeys(boxes)),
        **beyond(value.get("atarimae"), labels),
    )


def _picture(name: str, folders: Sequence[Path]) -> Path:
    """Windows writes its paths with backslashes."""
    found = locate(name, folders)
    return found if found.exists() else locate(name.replace("\\", "/"), folders)


def _box(shape: Object, left: Counter[str]) -> Box | None:
    """The box around the shape; None for points and lines."""
    kind = str(shape.get("shape_type") or "polygon")
    points = [point(one, "point") for one in listed(shape.get("points"), "list of points")]
    left["texts"] += bool(shape.get("description"))
    if kind in POINTS or kind in LINES:
        left["points" if kind in POINTS else "lines"] += 1
        return None
    if kind == "rectangle":
        return around(points)
    if kind == "rotation":
        left["angles"] += len(points) != 4 or not is_upright(points)
        return around(points)
    if kind == "circle" and len(points) == 2:
        left["outlines"] += 1
        (x, y), edge = points
        radius = math.dist((x, y), edge)
        return around([(x - radius, y - radius), (x + radius, y + radius)])
    left["masks" if kind == "mask" else "outlines"] += 1
    return around(points)


FORMAT = Format("labelme", read, is_file, is_folder)
