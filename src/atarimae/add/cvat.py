"""CVAT's XML for images, version 1.1: boxes, and tags as classes of the whole image."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from xml.etree.ElementTree import Element

from atarimae.add.entry import Entry, Found, placed, split_of, text
from atarimae.add.format import Format
from atarimae.add.gathering import Gathering
from atarimae.add.place import Place
from atarimae.add.shapes import Point, around, middle, turned
from atarimae.add.table import locate
from atarimae.add.values import cornered, number
from atarimae.errors import UsageError
from atarimae.types import Box

SIDES = ("xtl", "ytl", "xbr", "ybr")
NAME = "annotations.xml"


def is_file(place: Place) -> bool:
    """XML whose root is `annotations`."""
    return place.suffix == ".xml" and place.root_or_none() == "annotations"


def is_folder(place: Place) -> bool:
    """It has an `annotations.xml`."""
    return place.has(NAME) and is_file(place.inner(NAME))


def read(place: Place, roots: Sequence[Path]) -> Found:
    """One entry an image."""
    file = place.inner(NAME) if place.is_folder else place
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
    gathering = Gathering()
    gathering.once([one.get("id") for one in images], "images")
    here = file.path.parent
    for count, one in enumerate(images):
        with gathering.at(f"image {one.get('id', count)}"):
            folders = [*roots, here / "images", here]
            gathering.entries.append(_entry(one, folders, gathering))
    return gathering.found(place.path)


def _entry(image: Element, folders: Sequence[Path], gathering: Gathering) -> Entry:
    name = image.get("name", "")
    if not name or "\0" in name:
        raise UsageError("No file is named.")
    labels: list[str] = []
    boxes: list[tuple[str, Box]] = []
    for count, one in enumerate(image, start=1):
        with gathering.at(f"image {image.get('id', name)}, {one.tag} {count}"):
            labels.append(text(one.get("label", "")))
            box = _box(one, image, gathering.left)
            if box is not None:
                boxes.append((labels[-1], box))
    split = split_of(image.get("subset", ""))
    return Entry(
        placed(locate(name, folders)),
        tuple(dict.fromkeys(filter(None, labels))),
        split,
        given=frozenset(("split",)) if split else frozenset(),
        boxes=tuple(dict.fromkeys(boxes)),
    )


def _box(one: Element, image: Element, left: Counter[str]) -> Box | None:
    """The box around the shape; None for tags, points and lines."""
    left["attributes"] += len(one.findall("attribute"))
    if one.tag == "tag":
        return None
    if one.tag == "box":
        box = cornered([one.get(side, "") for side in SIDES])
        angle = number(one.get("rotation") or 0, "rotation") % 360
        if not angle:
            return box
        left["angles"] += 1
        return around(turned(box, angle, middle(box)), _size(image))
    if one.tag == "polygon":
        left["outlines"] += 1
        return around(_points(one.get("points", "")))
    if one.tag == "ellipse":
        left["outlines"] += 1
        x, y, across, down = (number(one.get(key), key) for key in ("cx", "cy", "rx", "ry"))
        return around([(x - across, y - down), (x + across, y + down)], _size(image))
    if one.tag == "mask":
        left["masks"] += 1
        x, y, wide, high = (number(one.get(k), k) for k in ("left", "top", "width", "height"))
        return cornered([x, y, x + wide, y + high])
    left[{"points": "points", "polyline": "lines"}.get(one.tag, "others")] += 1
    return None


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
