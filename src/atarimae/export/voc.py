"""Pascal VOC: `Annotations/` with an XML a picture, `JPEGImages/`, `ImageSets/Main/` for splits.

A turned box is a `robndbox`, as roLabelImg writes it (https://github.com/cgvict/roLabelImg):
centre, width, height, and the angle in radians, clockwise.
"""

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

from atarimae.export.documents import inner, is_xml, put
from atarimae.export.format import Format, all_in
from atarimae.export.item import Item, box_of, plain
from atarimae.shapes import middle
from atarimae.types import Box

FOLDER = "JPEGImages"


def write(folder: Path, items: Sequence[Item]) -> None:
    """An annotation a picture, with or without boxes."""
    splits: dict[str, list[str]] = defaultdict(list)
    for item in items:
        stem = item.name.removeprefix(f"{FOLDER}/").rpartition(".")[0]
        put(folder / "Annotations" / f"{stem}.xml", _annotation(item))
        if item.file.split:
            splits[item.file.split].append(stem)
    for split, stems in splits.items():
        put(folder / "ImageSets" / "Main" / f"{split}.txt", "".join(f"{s}\n" for s in stems))


def _annotation(item: Item) -> str:
    objects = [_object(value, box_of(one)) for value, one in item.said() if one is not None]
    return "\n".join(
        [
            "<annotation>",
            f"  <folder>{FOLDER}</folder>",
            f"  <filename>{inner(item.name.removeprefix(f'{FOLDER}/'))}</filename>",
            f"  <size><width>{item.image.width}</width><height>{item.image.height}</height>"
            "<depth>3</depth></size>",
            "  <segmented>0</segmented>",
            *objects,
            "</annotation>\n",
        ]
    )


def _object(value: str, box: Box) -> str:
    head = "<pose>Unspecified</pose><truncated>0</truncated><difficult>0</difficult>"
    kind = "<type>robndbox</type>" if box.angle else ""
    return f"  <object>{kind}<name>{inner(value)}</name>{head}{_box(box)}</object>"


def _box(box: Box) -> str:
    if not box.angle:
        told = {"xmin": box.x0, "ymin": box.y0, "xmax": box.x1, "ymax": box.y1}
        return f"<bndbox>{_cells(told)}</bndbox>"
    x, y = middle(box)
    told = {"cx": x, "cy": y, "w": box.x1 - box.x0, "h": box.y1 - box.y0}
    return f"<robndbox>{_cells(told | {'angle': math.radians(box.angle)})}</robndbox>"


def _cells(told: Mapping[str, float]) -> str:
    return "".join(f"<{name}>{plain(x)}</{name}>" for name, x in told.items())


FORMAT = Format(
    "voc",
    "Annotations/, JPEGImages/, ImageSets/",
    write,
    frozenset(("boxes", "angles", "exact", "split")),
    all_in(FOLDER),
    inside=True,
    holds=is_xml,
)
