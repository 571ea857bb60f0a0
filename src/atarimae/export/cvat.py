"""CVAT for images 1.1: `annotations.xml` with boxes and tags, and `images/`."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from atarimae.export.documents import attributes, inner, is_xml, put
from atarimae.export.format import Format, all_in
from atarimae.export.item import Item, plain


def write(folder: Path, items: Sequence[Item]) -> None:
    """`annotations.xml`; its labels are those that are used."""
    names = sorted({value for item in items for value, _ in item.said()})
    labels = [f"        <label><name>{inner(name)}</name><attributes/></label>" for name in names]
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
        id=number, name=item.name.removeprefix("images/"), subset=item.file.split,
        width=item.image.width, height=item.image.height,
    )  # fmt: skip
    yield f"  <image{told}>"
    for value, box in item.said():
        if box is None:
            yield f"    <tag{attributes(label=value, source='manual')}></tag>"
        else:
            sides = attributes(
                label=value, source="manual", occluded=0, xtl=plain(box.x0), ytl=plain(box.y0),
                xbr=plain(box.x1), ybr=plain(box.y1), z_order=0,
            )  # fmt: skip
            yield f"    <box{sides}></box>"
    yield "  </image>"


FORMAT = Format(
    "cvat",
    "annotations.xml for images 1.1, images/",
    write,
    frozenset(("classes", "several", "boxes", "exact", "split")),
    all_in("images"),
    inside=True,
    holds=is_xml,
)
