"""labelme: a JSON a picture, with rectangles and polygons; the picture's classes are its flags.

A turned box is an `oriented_rectangle` with its four corners, as labelme 7 draws it; a `rotation`,
as X-AnyLabeling names the same, labelme refuses to open. A text is a shape labelled `text`, with
what is written in its `description`. What labelme has no place for lies in the key `atarimae`,
which it keeps.
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from atarimae.export.documents import put_json
from atarimae.export.format import ALL, COVERED, Format, all_in
from atarimae.export.item import Item, box_of, is_turned, plain
from atarimae.export.placing import Names
from atarimae.shapes import Point, corners
from atarimae.types import TEXT, Box, Label

VERSION = "5.5.0"  # of labelme's format
BESIDE = ""  # copies lie beside their JSON, where labelme looks


def write(folder: Path, items: Sequence[Item]) -> None:
    """A JSON for each picture."""
    names = Names()
    for item in items:
        stem = names.of("", item.file, item.image).rpartition(".")[0]
        put_json(folder / f"{stem}.json", _document(item))


def _document(item: Item) -> dict[str, object]:
    more = item.beyond()
    return {
        "version": VERSION,
        "flags": dict.fromkeys(item.classes, True),
        "shapes": [
            *(_shape(value, label) for value, label in item.said() if label is not None),
            *(_text(label, item) for label in item.texts),
        ],
        "imagePath": item.name,
        "imageData": None,
        "imageHeight": item.image.height,
        "imageWidth": item.image.width,
        **({"atarimae": more} if more else {}),
    }


def _shape(value: str, label: Label) -> dict[str, object]:
    box = box_of(label)
    kind = "rectangle"
    points: Sequence[Point] = ((box.x0, box.y0), (box.x1, box.y1))
    if label.points:
        kind, points = "polygon", label.points
    elif is_turned(label):
        kind, points = "oriented_rectangle", corners(box)
    return {
        "label": value,
        "points": [[plain(x), plain(y)] for x, y in points],
        "group_id": None,
        "shape_type": kind,
        "flags": {},
    }


def _text(label: Label, item: Item) -> dict[str, object]:
    """A text without a box is of the whole picture, and says so."""
    whole = Box(0, 0, item.image.width, item.image.height)
    shape = _shape(TEXT, replace(label, box=label.box or whole))
    said = {"kind": TEXT} | ({} if label.box else {"whole": True})
    return {**shape, "description": label.value, "atarimae": said}


FORMAT = Format("labelme", "a JSON a picture", write, ALL | COVERED, all_in(BESIDE))
