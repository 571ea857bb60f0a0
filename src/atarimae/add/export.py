"""Data as the CSV that `add` reads again."""

import csv
import io
import os
from collections.abc import Iterator
from pathlib import Path

from atarimae import files
from atarimae.types import Data, File, Label

COLUMNS = ("file", "label", "split", "role", "group", "source")
CORNERS = ("x0", "y0", "x1", "y1")


def write_table(data: Data, path: Path) -> int:
    """Write a row a file and label; how many labels could not be written.

    Files are named from the CSV's folder. What models say is left out: `add` would take it for a
    person's word. So are boxes of a class that their picture has not, for `add` takes a row's label
    for both, and labels that are neither classes nor boxes.
    """
    stream = io.StringIO(newline="")
    writer = csv.writer(stream)
    rows = [row for file in data.files for row in _rows(data, file, path.absolute().parent)]
    boxes = any(any(row[len(COLUMNS) :]) for row in rows)
    writer.writerow(COLUMNS + CORNERS if boxes else COLUMNS)
    writer.writerows(row if boxes else row[: len(COLUMNS)] for row in rows)
    files.write(path, stream.getvalue())
    images = {file.image for file in data.files}
    return sum(len(data.labels.get(image, ())) - len(_carried(data, image)) for image in images)


def _rows(data: Data, file: File, folder: Path) -> Iterator[tuple[object, ...]]:
    name = os.path.relpath(data.path(file), folder).replace(os.sep, "/")
    about = (file.split or "", file.role, file.group or "", file.source or "")
    said = _carried(data, file.image)
    for label in said:
        box = label.box
        corners = (box.x0, box.y0, box.x1, box.y1) if box else ("",) * 4
        yield (name, label.value, *about, *map(_number, corners))
    if not said:
        yield (name, "", *about, *[""] * 4)


def _number(value: float | str) -> str:
    """The shortest text that is read as the same number."""
    return value if isinstance(value, str) else repr(float(value))


def _carried(data: Data, image: str) -> list[Label]:
    people = [label for label in data.labels.get(image, ()) if label.score is None]
    classes = {label.value for label in people if label.kind == "class"}
    return [
        label
        for label in people
        if label.kind == "class" or (label.kind == "box" and label.value in classes | {""})
    ]
