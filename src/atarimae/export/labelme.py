"""labelme: a JSON a picture, with rectangles; the picture's classes are its flags.

What labelme has no place for lies in the key `atarimae`, which it keeps.
"""

from collections.abc import Sequence
from pathlib import Path

from atarimae.export.documents import put_json
from atarimae.export.format import ALL, Format, all_in
from atarimae.export.item import Item, plain
from atarimae.export.placing import Names
from atarimae.types import Box

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
        "shapes": [_shape(value, box) for value, box in item.said() if box is not None],
        "imagePath": item.name,
        "imageData": None,
        "imageHeight": item.image.height,
        "imageWidth": item.image.width,
        **({"atarimae": more} if more else {}),
    }


def _shape(value: str, box: Box) -> dict[str, object]:
    return {
        "label": value,
        "points": [[plain(box.x0), plain(box.y0)], [plain(box.x1), plain(box.y1)]],
        "group_id": None,
        "shape_type": "rectangle",
        "flags": {},
    }


FORMAT = Format("labelme", "a JSON a picture", write, ALL, all_in(BESIDE))
