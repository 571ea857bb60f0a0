"""The formats that `export` writes, by name."""

from atarimae.errors import unknown_name
from atarimae.export import (
    coco,
    cvat,
    fiftyone,
    folder,
    huggingface,
    labelme,
    labelstudio,
    table,
    voc,
    yolo,
)
from atarimae.export.format import Format

FORMATS = {
    one.name: one
    for one in (
        table.FORMAT, coco.FORMAT, yolo.FORMAT, voc.FORMAT, labelme.FORMAT, labelstudio.FORMAT,
        cvat.FORMAT, fiftyone.FORMAT, huggingface.FORMAT, folder.FORMAT,
    )
}  # fmt: skip


def named(name: str) -> Format:
    """The format of that name."""
    if name not in FORMATS:
        raise unknown_name("format", name, FORMATS)
    return FORMATS[name]
