"""Pascal VOC: `Annotations/` with an XML a picture, `JPEGImages/`, `ImageSets/Main/` for splits.

A turned box is a `robndbox`, as roLabelImg writes it (https://github.com/cgvict/roLabelImg):
centre, width, height, and the angle in radians, clockwise. The upright box around it stands beside
it as the `bndbox` that every reader asks for. The classes are in `labelmap.txt`, without which CVAT
and datumaro know VOC's own twenty alone.
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from atarimae.export.documents import inner, is_xml, put
from atarimae.export.format import Format, all_in
from atarimae.export.item import NO_SPLIT, Item, box_of, plain
from atarimae.shapes import middle, upright
from atarimae.types import Box, Image

FOLDER = "JPEGImages"


def write(folder: Path, items: Sequence[Item]) -> None:
    """An annotation a picture, with or without boxes."""
    splits: dict[str, list[str]] = defaultdict(list)
    for item in items:
        stem = item.name.removeprefix(f"{FOLDER}/").rpartition(".")[0]
        put(folder / "Annotations" / f"{stem}.xml", _annotation(item))
        splits[item.file.split or NO_SPLIT].append(stem)  # some tools read what is listed alone
    for split, stems in splits.items():
        put(folder / "ImageSets" / "Main" / f"{split}.txt", "".join(f"{s}\n" for s in stems))
    put(folder / "labelmap.txt", _labelmap({label.value for i in items for label in i.shapes}))


def _labelmap(classes: Iterable[str]) -> str:
    """Their lines; the columns colour, parts and actions are empty.

    A class that no such line can name is left out, so that the others are read.
    """
    names = [name for name in sorted(classes) if ":" not in name and not name.startswith("#")]
    names = [name for name in names if name.splitlines() == [name]]
    return "# label:color_rgb:parts:actions\n" + "".join(f"{name}:::\n" for name in names)


def _annotation(item: Item) -> str:
    said = [(value, box_of(one)) for value, one in item.said() if one is not None]
    objects = [_object(value, box, item.image) for value, box in said]
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


def _object(value: str, box: Box, image: Image) -> str:
    head = "<pose>Unspecified</pose><truncated>0</truncated><difficult>0</difficult>"
    kind = "<type>robndbox</type>" if box.angle else ""
    return f"  <object>{kind}<name>{inner(value)}</name>{head}{_box(box, image)}</object>"


def _box(box: Box, image: Image) -> str:
    hull = upright(box, (image.width, image.height))
    sides = {"xmin": hull.x0, "ymin": hull.y0, "xmax": hull.x1, "ymax": hull.y1}
    around = f"<bndbox>{_cells(sides)}</bndbox>"
    if not box.angle:
        return around
    x, y = middle(box)
    told = {"cx": x, "cy": y, "w": box.x1 - box.x0, "h": box.y1 - box.y0}
    return f"{around}<robndbox>{_cells(told | {'angle': math.radians(box.angle)})}</robndbox>"


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
