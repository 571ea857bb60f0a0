"""Pascal VOC: an XML a picture, with an object a box; `ImageSets/Main/train.txt` names the splits.

Corners are read as they stand: some tools count pixels from 1, most from 0, and no file says
which. A turned box is roLabelImg's `robndbox` (https://github.com/cgvict/roLabelImg): centre,
width, height, and an angle in radians, clockwise; a `bndbox` beside it is around it. An outline is
Roboflow's `polygon`, with x1, y1, x2 and so on.
"""

import math
import os
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from xml.etree.ElementTree import Element

from atarimae import files
from atarimae.add.entry import Entry, Found, placed, text
from atarimae.add.folder import read_folder
from atarimae.add.format import Format
from atarimae.add.gathering import Gathering
from atarimae.add.place import Place
from atarimae.add.shapes import outline
from atarimae.add.table import locate
from atarimae.add.values import cornered, number
from atarimae.errors import UsageError
from atarimae.types import SPLITS, Box, Label

SIDES = ("xmin", "ymin", "xmax", "ymax")


@dataclass(frozen=True, slots=True)
class _Splits:
    """By a picture's name without suffix; `nested` where folders stand before some: `写真/1`."""

    names: Mapping[str, str]
    nested: bool

    def of(self, path: Path, above: Path) -> str | None:
        """Of a picture or an annotation somewhere below a folder."""
        if not self.nested:
            return self.names.get(path.stem)
        folders = os.path.relpath(os.path.realpath(path.parent), os.path.realpath(above))
        return self.names.get(Path(folders, path.stem).as_posix())


def is_file(place: Place) -> bool:
    """XML whose root is `annotation`."""
    return place.suffix == ".xml" and place.root_or_none() == "annotation"


def is_folder(place: Place) -> bool:
    """Its `Annotations`, or what lies in it or its folders, has such a file."""
    first = (*place.inner("Annotations").samples(".xml"), *place.samples(".xml"))
    return any(map(is_file, first))


def read(place: Place, roots: Sequence[Path]) -> Found:
    """The pictures of the annotations, and those in the folder that have none."""
    gathering = Gathering()
    if not place.is_folder:
        with gathering.at(place.path.name):
            gathering.entries.append(_entry(place, [*roots, *_folders(place)], None, gathering))
        return gathering.found(place.path)
    splits = _splits(place)
    above = _annotations(place)
    for one in above.below(".xml"):
        with gathering.at(one.path.name):
            folders = [*roots, place.path / "JPEGImages", *_folders(one), place.path]
            split = splits.of(one.path, above.path)
            gathering.entries.append(_entry(one, folders, split, gathering))
    pictures = place.inner("JPEGImages")
    _rest(pictures if pictures.is_folder else place, splits, gathering)
    return gathering.found(place.path)


def _annotations(place: Place) -> Place:
    inner = place.inner("Annotations")
    return inner if inner.is_folder else place


def _folders(annotation: Place) -> list[Path]:
    """Where its picture may lie."""
    here = annotation.path.parent
    return [here, here.parent / "JPEGImages", here.parent / "images", here.parent]


def _splits(place: Place) -> _Splits:
    found: dict[str, str] = {}
    for split in SPLITS:
        path = place.path / "ImageSets" / "Main" / f"{split}.txt"
        if path.is_file():
            for line in files.read_text(path).splitlines():
                found.setdefault(line.strip(), split)
    return _Splits(found, any("/" in name for name in found))


def _rest(folder: Place, splits: _Splits, gathering: Gathering) -> None:
    """Pictures without an annotation; those with one are the same entries, and say nothing new."""
    found = read_folder(folder.path.absolute(), labelled=False)
    gathering.refused += found.refused
    for entry in found.entries:
        path = Path(entry.path)
        gathering.entries.append(_told(path, (), splits.of(path, folder.path)))


def _told(path: Path, said: Sequence[tuple[str, Box | Label]], split: str | None) -> Entry:
    return Entry(
        placed(path),
        tuple(dict.fromkeys(value for value, _ in said if value)),
        split,
        given=frozenset(("split",)) if split else frozenset(),
        boxes=tuple(dict.fromkeys((value, one) for value, one in said if isinstance(one, Box))),
        others=tuple(dict.fromkeys(one for _, one in said if isinstance(one, Label))),
    )


def _entry(place: Place, folders: Sequence[Path], split: str | None, gathering: Gathering) -> Entry:
    root = place.xml
    if root.tag != "annotation":
        raise UsageError(f"Its root is '{root.tag}'.", "", "Pascal VOC has 'annotation'.")
    said: list[tuple[str, Box | Label]] = []
    for count, one in enumerate(root.findall("object"), start=1):
        with gathering.at(f"{place.path.name} object {count}"):
            value = text(one.findtext("name") or "")
            said.append((value, _shape(value, one, gathering.left)))
    return _told(_picture(root, folders), said, split)


def _picture(root: Element, folders: Sequence[Path]) -> Path:
    """`filename`, or `path` where that is nowhere: tools write where it lay on their machine."""
    name = (root.findtext("filename") or "").strip()
    path = (root.findtext("path") or "").strip()
    if not (name or path) or "\0" in name + path:
        raise UsageError("No file is named.")
    for one in filter(None, (name, path, path.replace("\\", "/").rpartition("/")[2])):
        found = locate(one, folders)
        if found.exists():
            return found
    return locate(name or path, folders)


def _shape(value: str, one: Element, left: Counter[str]) -> Box | Label:
    left["others"] += len(one.findall("part"))
    if (polygon := one.find("polygon")) is not None:
        return outline(value, _points(polygon))
    turned = one.find("robndbox")
    if turned is not None:
        return _turned(turned)
    box = one.find("bndbox")
    if box is None:
        raise UsageError("It has no bndbox.", "", "It needs xmin, ymin, xmax, ymax.")
    return cornered([_cell(box, side) for side in SIDES])


def _turned(box: Element) -> Box:
    x, y, wide, high, angle = (
        number(_cell(box, name), name) for name in ("cx", "cy", "w", "h", "angle")
    )
    straight = cornered([x - wide / 2, y - high / 2, x + wide / 2, y + high / 2])
    return replace(straight, angle=math.degrees(angle))


def _points(polygon: Element) -> list[tuple[float, float]]:
    """x1, y1, x2, y2 and so on, or `pt` with x and y as the first tool named LabelMe has them."""
    if polygon.find("pt") is not None:
        cells = [_cell(one, name) for one in polygon.findall("pt") for name in ("x", "y")]
    else:
        count = sum(one.tag[:1] == "x" for one in polygon)
        cells = [_cell(polygon, f"{name}{n}") for n in range(1, count + 1) for name in ("x", "y")]
    flat = [number(cell, "polygon") for cell in cells]
    return list(zip(flat[::2], flat[1::2], strict=True))


def _cell(box: Element, name: str) -> str:
    return (box.findtext(name) or "").strip()


FORMAT = Format("voc", read, is_file, is_folder)
