"""CVAT for images 1.1: `annotations.xml` with boxes, polygons and tags, and `images/`.

Splits are subsets of a project, and files in none are in the subset `default`. As CVAT exports a
project, their pictures lie in `images/train` and so on, which the pictures' names leave out.
Without splits it is a task, and they lie in `images/`.

A box is turned by `rotation`, in degrees clockwise about its centre. A text is a box or tag
labelled `text`, with an attribute of that name. See
https://docs.cvat.ai/docs/dataset_management/formats/format-cvat/.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from atarimae.export.documents import attributes, inner, is_xml, put
from atarimae.export.format import Folder, Format
from atarimae.export.item import NO_SPLIT, Item, box_of, plain
from atarimae.types import TEXT, Data, Label


def folders(data: Data) -> Folder:
    """`images/train`, or `images`."""
    split = any(file.split for file in data.files)
    return lambda file, _classes: f"images/{file.split or NO_SPLIT}" if split else "images"


def write(folder: Path, items: Sequence[Item]) -> None:
    """`annotations.xml`; its labels are those that are used."""
    names = sorted({name for item in items for name in item.names()})
    has_texts = any(item.texts for item in items)
    labels = [_named(name, has_texts and name == TEXT) for name in names]
    lines = [
        '<?xml version="1.0" encoding="utf-8"?>',
        "<annotations>",
        "  <version>1.1</version>",
        *_meta(items, ["      <labels>", *labels, "      </labels>"]),
        *(line for number, item in enumerate(items) for line in _image(number, item)),
        "</annotations>\n",
    ]
    put(folder / "annotations.xml", "\n".join(lines))


def _meta(items: Sequence[Item], labels: Sequence[str]) -> Iterator[str]:
    """Of one task, or of a project with a task for each subset."""
    sizes = Counter(filter(None, map(_subset, items)))
    kind = "project" if sizes else "task"
    yield f"  <meta><{kind}>"
    tasks = "".join(
        f"<task><name>{subset}</name><size>{count}</size><mode>annotation</mode>"
        f"<subset>{subset}</subset></task>"
        for subset, count in sorted(sizes.items())
    )
    size = f"<size>{len(items)}</size><mode>annotation</mode>"
    yield "      " + (f"<tasks>{tasks}</tasks>" if sizes else size)
    yield from labels
    yield f"  </{kind}></meta>"


def _subset(item: Item) -> str | None:
    """The name of the folder in `images/`."""
    return item.name.removeprefix("images/").rpartition("/")[0] or None


def _image(number: int, item: Item) -> Iterator[str]:
    told = attributes(
        id=number, name=item.name.rpartition("/")[2], subset=_subset(item),
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
