"""YOLO: `images/`, `labels/` with a line a box, and `data.yaml`, as ultralytics reads them."""

from collections.abc import Sequence
from pathlib import Path

from atarimae.export.documents import put
from atarimae.export.format import Folder, Format
from atarimae.export.item import Item
from atarimae.types import SPLITS, Box, Data

NO_SPLIT = "all"  # the folder of files that are in no split
_DIGITS = 10  # of a share: far below a thousandth of a pixel


def folders(_data: Data) -> Folder:
    """`images/train`"""
    return lambda file, _classes: f"images/{file.split or NO_SPLIT}"


def write(folder: Path, items: Sequence[Item]) -> None:
    """A text file for each picture that has boxes."""
    import yaml

    names = sorted({value for item in items for value, _ in item.boxes})
    numbers = {name: number for number, name in enumerate(names)}
    for item in items:
        lines = [
            f"{numbers[value]} {_shares(box, item.image.width, item.image.height)}\n"
            for value, box in item.said()
            if box is not None
        ]
        if lines:
            stem = item.name.removeprefix("images/").rpartition(".")[0]
            put(folder / "labels" / f"{stem}.txt", "".join(lines))
    there = {item.file.split for item in items}
    settings: dict[str, object] = {"path": "."}
    settings |= {split: f"images/{split}" for split in SPLITS if split in there}
    settings["names"] = dict(enumerate(names))
    put(folder / "data.yaml", yaml.safe_dump(settings, allow_unicode=True, sort_keys=False))


def _shares(box: Box, wide: int, high: int) -> str:
    """Centre, width and height."""
    shares = (
        (box.x0 + box.x1) / 2 / wide, (box.y0 + box.y1) / 2 / high,
        (box.x1 - box.x0) / wide, (box.y1 - box.y0) / high,
    )  # fmt: skip
    return " ".join(f"{share:.{_DIGITS}f}".rstrip("0").rstrip(".") for share in shares)


FORMAT = Format(
    "yolo",
    "data.yaml, images/, labels/ with a line a box",
    write,
    frozenset(("boxes", "split")),
    folders,
    inside=True,
)
