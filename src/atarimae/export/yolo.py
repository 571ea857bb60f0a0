"""YOLO: `images/`, `labels/` with a line a box, and `data.yaml`, as ultralytics reads them.

Upright boxes alone are a data set for detection. Where one is turned, all are told by their four
corners (obb), and where there is an outline all are told by points (segment): a data set is of one
kind. See https://docs.ultralytics.com/datasets/.
"""

from collections.abc import Sequence
from pathlib import Path

from atarimae.export.documents import put
from atarimae.export.format import Folder, Format
from atarimae.export.item import Item, box_of, is_turned, ring
from atarimae.shapes import corners
from atarimae.types import SPLITS, Box, Data, Label

NO_SPLIT = "all"  # the folder of files that are in no split
_DIGITS = 10  # of a share: far below a thousandth of a pixel


def folders(_data: Data) -> Folder:
    """`images/train`"""
    return lambda file, _classes: f"images/{file.split or NO_SPLIT}"


def write(folder: Path, items: Sequence[Item]) -> None:
    """A text file for each picture; empty without boxes: many tools pass over what has none."""
    import yaml

    shapes = [label for item in items for label in item.shapes]
    names = sorted({label.value for label in shapes})
    told = _points if any(one.points or is_turned(one) for one in shapes) else _shares
    numbers = {name: number for number, name in enumerate(names)}
    for item in items:
        lines = [
            f"{numbers[value]} {told(label, item.image.width, item.image.height)}\n"
            for value, label in item.said()
            if label is not None
        ]
        stem = item.name.removeprefix("images/").rpartition(".")[0]
        put(folder / "labels" / f"{stem}.txt", "".join(lines))
    there = {item.file.split for item in items}
    settings: dict[str, object] = {"path": "."}
    settings |= {split: f"images/{split}" for split in SPLITS if split in there}
    settings["names"] = dict(enumerate(names))
    put(folder / "data.yaml", yaml.safe_dump(settings, allow_unicode=True, sort_keys=False))


def _shares(label: Label, wide: int, high: int) -> str:
    """Centre, width and height."""
    box: Box = box_of(label)
    shares = (
        (box.x0 + box.x1) / 2 / wide, (box.y0 + box.y1) / 2 / high,
        (box.x1 - box.x0) / wide, (box.y1 - box.y0) / high,
    )  # fmt: skip
    return _told(shares)


def _points(label: Label, wide: int, high: int) -> str:
    """The points of an outline, or a box's corners."""
    points = ring(label) if label.points else corners(box_of(label))
    return _told([share for x, y in points for share in (x / wide, y / high)])


def _told(shares: Sequence[float]) -> str:
    return " ".join(f"{share:.{_DIGITS}f}".rstrip("0").rstrip(".") for share in shares)


FORMAT = Format(
    "yolo",
    "data.yaml, images/, labels/ with a line a box",
    write,
    frozenset(("boxes", "angles", "polygons", "split")),
    folders,
    inside=True,
)
