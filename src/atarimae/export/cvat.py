"""CVAT for images 1.1: `annotations.xml` with boxes, polygons and tags, and `images/`.

Splits are subsets. As in an export of a project, their pictures lie in `images/train` and so on,
which the pictures' names leave out.

A box is turned by `rotation`, in degrees clockwise about its centre. A text is a box or tag
labelled `text`, with an attribute of that name. See
https://docs.cvat.ai/docs/dataset_management/formats/format-cvat/.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

from atarimae.export.documents import attributes, inner, is_xml, put
from atarimae.export.format import Folder, Format
from atarimae.export.item import Item, box_of, plain
from atarimae.types import TEXT, Data, Label


def folders(_data: Data) -> Folder:
    """`images/train`, or `images`."""
    return lambda file, _classes: f"images/{file.split}" if file.split else "images"


def write(folder: Path, items: Sequence[Item]) -> None:
    """`annotations.xml`; its labels are those that are used."""
    names = sorted({name for item in items for name in item.names()})
    has_texts = any(item.texts for item in items)
    labels = [_named(name, has_texts and name == TEXT) for name in names]
    lines = [
        '<?xml version="1.0" encoding="utf-8"?>',
        "<annotations>",
        "  <version>1.1</version>",
        "  <meta><task>",
        f"      <size>{len(items)}</size><mode>annotation</mode>",
        "      <labels>",
        *labels,
        "      </labels>",
        "  </task></meta>",
        *(line for number, item in enumerate(items) for line in _image(number, item)),
        "</annotations>\n",
    ]
    put(folder / "annotations.xml", "\n".join(lines))


def _image(number: int, item: Item) -> Iterator[str]:
    told = attributes(
        id=number, name=item.name.rpartition("/")[2], subset=item.file.split,
        width=item.image.width, height=item.image.height,
    )  # fmt: skip
    yield f"  <image{told}>"
    for value, label in item.said():
        yield _shape(value, label, "")
    for label in item.texts:
        written = f'<attribute name="{TEXT}">{inner(label.value)}</attribute>'
        yield _shape(TEXT, label if label.box else None, written)
    yield "  </image>"


def _shape(value: str, label: Label | None, inside: str) -> str:
    """A tag where there is no label; `inside` holds its attributes."""
    if label is None:
        return f"    <tag{attributes(label=value, source='manual')}>{inside}</tag>"
    if label.points:
        points = ";".join(f"{plain(x)},{plain(y)}" for x, y in label.points)
        told = attributes(label=value, source="manual", occluded=0, points=points, z_order=0)
        return f"    <polygon{told}>{inside}</polygon>"
    box = box_of(label)
    sides = attributes(
        label=value, source="manual", occluded=0, xtl=plain(box.x0), ytl=plain(box.y0),
        xbr=plain(box.x1), ybr=plain(box.y1), rotation=plain(box.angle) if box.angle else None,
        z_order=0,
    )  # fmt: skip
    return f"    <box{sides}>{inside}</box>"


def _named(name: str, has_text: bool) -> str:
    """A label of the project; that of texts has the attribute."""
    if not has_text:
        return f"        <label><name>{inner(name)}</name><attributes/></label>"
    kind = "<mutable>False</mutable><input_type>text</input_type>"
    attribute = f"<attribute><name>{TEXT}</name>{kind}<default_value/><values/></attribute>"
    return f"        <label><name>{inner(name)}</name><attributes>{attribute}</attributes></label>"


FORMAT = Format(
    "cvat",
    "annotations.xml for images 1.1, images/",
    write,
    frozenset(("classes", "several", "boxes", "angles", "polygons", "texts", "exact", "split")),
    folders,
    inside=True,
    once=True,
    holds=is_xml,
)
