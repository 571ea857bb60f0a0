"""CVAT's XML for images, version 1.1: boxes, outlines, and tags as classes of the whole image.

A box is turned clockwise about its centre by `rotation`, in degrees. A text is the attribute `text`
of a shape or tag that is labelled `text`. See
https://docs.cvat.ai/docs/dataset_management/formats/format-cvat/.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from xml.etree.ElementTree import Element

from atarimae.add.entry import Entry, Found, apart, placed, split_of, text
from atarimae.add.format import Format
from atarimae.add.gathering import Gathering
from atarimae.add.place import Place
from atarimae.add.shapes import around, outline
from atarimae.add.table import locate
from atarimae.add.values import cornered, number
from atarimae.errors import UsageError
from atarimae.shapes import Point
from atarimae.types import BOX, TEXT, Label

SIDES = ("xtl", "ytl", "xbr", "ybr")
NAME = "annotations.xml"
_LOOKED_AT = 5  # of a folder's XMLs, where none has that name: Pascal VOC's may be thousands


def is_file(place: Place) -> bool:
    """XML whose root is `annotations`."""
    return place.suffix == ".xml" and place.root_or_none() == "annotations"


def is_folder(place: Place) -> bool:
    """It has an `annotations.xml`, or one that is named otherwise."""
    return any(map(is_file, _files(place)[:_LOOKED_AT]))


def read(place: Place, roots: Sequence[Path]) -> Found:
    """One entry an image. FiftyOne writes `labels.xml`, datumaro a file a split: `train.xml`."""
    gathering = Gathering()
    for one in _files(place) if place.is_folder else [place]:
        with gathering.at(one.path.name):
            if one.path.name == NAME or not place.is_folder or one.xml.tag == "annotations":
                _read(one, roots, gathering)
    return gathering.found(place.path)


def _files(place: Place) -> list[Place]:
    return [place.inner(NAME)] if place.has(NAME) else place.named(".xml")


def _read(file: Place, roots: Sequence[Path], gathering: Gathering) -> None:
    root = file.xml
    if root.tag != "annotations":
        raise UsageError(f"{file.path} is not CVAT's.", f"Its root is '{root.tag}'.", "")
    if root.find("track") is not None:
        raise UsageError(
            f"{file.path} is of a video.",
            "It has tracks.",
            "Export it as 'CVAT for images 1.1'.",
        )
    images = root.findall("image")
    gathering.once([one.get("id") for one in images], "images")
    here = file.path.parent
    for count, one in enumerate(images):
        with gathering.at(f"image {one.get('id', count)}"):
            subset = one.get("subset", "")
            folders = [here / "images" / subset, here / "images", here / "data", here]
            split = split_of(subset or file.path.stem)
            gathering.entries.append(_entry(one, [*roots, *folders], split, gathering))


def _entry(
    image: Element, folders: Sequence[Path], split: str | None, gathering: Gathering
) -> Entry:
    name = image.get("name", "")
    if not name or "\0" in name:
        raise UsageError("No file is named.")
    labels: list[str] = []
    shapes: list[Label] = []
    for count, one in enumerate(image, start=1):
        with gathering.at(f"image {image.get('id', name)}, {one.tag} {count}"):
            label = _label(text(one.get("label", "")), one, image, gathering.left)
            if label.kind != TEXT:
                labels.append(label.value)
            if label.kind != "class":
                shapes.append(label)
    return Entry(
        placed(locate(name, folders)),
        tuple(dict.fromkeys(filter(None, labels))),
        split,
        given=frozenset(("split",)) if split else frozenset(),
        **apart(shapes),
    )


def _label(value: str, one: Element, image: Element, left: Counter[str]) -> Label:
    """A shape's label, or the text that it holds; a class for tags, points and lines."""
    attributes = one.findall("attribute")
    written = [each for each in attributes if (each.get("name") or "").lower() == TEXT]
    found = _shape(value, one, image, left)
    if len(written) != 1 or value.lower() not in ("", TEXT):
        left["attributes"] += len(attributes)
        return found
    left["attributes"] += len(attributes) - 1
    box = found.box
    if found.points:
        left["outlines"] += 1
        box = around(found.points)
    return Label("", text(written[0].text or ""), TEXT, box)


def _shape(value: str, one: Element, image: Element, left: Counter[str]) -> Label:
    if one.tag == "tag":
        return Label("", value)
    if one.tag == "box":
        box = cornered([one.get(side, "") for side in SIDES])
        angle = number(one.get("rotation") or 0, "rotation")
        return Label("", value, BOX, replace(box, angle=angle))
    if one.tag == "polygon":
        return outline(value, _points(one.get("points", "")))
    if one.tag == "ellipse":
        left["outlines"] += 1
        x, y, across, down = (number(one.get(key), key) for key in ("cx", "cy", "rx", "ry"))
        hull = around([(x - across, y - down), (x + across, y + down)], _size(image))
        return Label("", value, BOX, hull)
    if one.tag == "mask":
        left["masks"] += 1
        x, y, wide, high = (number(one.get(k), k) for k in ("left", "top", "width", "height"))
        return Label("", value, BOX, cornered([x, y, x + wide, y + high]))
    left[{"points": "points", "polyline": "lines"}.get(one.tag, "others")] += 1
    return Label("", value)


def _size(image: Element) -> Point | None:
    """Where the image tells it."""
    if not (image.get("width") and image.get("height")):
        return None
    return number(image.get("width"), "width"), number(image.get("height"), "height")


def _points(told: str) -> list[Point]:
    """`1.5,2;3,4`"""
    pairs = [pair.split(",") for pair in told.split(";") if pair.strip()]
    if any(len(pair) != 2 for pair in pairs):
        raise UsageError(f"Its points are '{told[:60]}'.", "", "It needs x,y;x,y;…")
    return [(number(x, "x"), number(y, "y")) for x, y in pairs]


FORMAT = Format("cvat", read, is_file, is_folder)
