"""Pascal VOC: `Annotations/` with an XML a picture, `JPEGImages/`, `ImageSets/Main/` for splits."""

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from atarimae.export.documents import inner, is_xml, put
from atarimae.export.format import Format, all_in
from atarimae.export.item import Item, plain
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
    objects = [_object(value, box) for value, box in item.said() if box is not None]
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
    corners = zip(("xmin", "ymin", "xmax", "ymax"), (box.x0, box.y0, box.x1, box.y1), strict=True)
    sides = "".join(f"<{name}>{plain(x)}</{name}>" for name, x in corners)
    return (
        f"  <object><name>{inner(value)}</name><pose>Unspecified</pose><truncated>0</truncated>"
        f"<difficult>0</difficult><bndbox>{sides}</bndbox></object>"
    )


FORMAT = Format(
    "voc",
    "Annotations/, JPEGImages/, ImageSets/",
    write,
    frozenset(("boxes", "exact", "split")),
    all_in(FOLDER),
    inside=True,
    holds=is_xml,
)
