"""A table of labels: one row a label, and a row without one for files that have none."""

import json
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from atarimae.export.item import Item, plain
from atarimae.types import PAIR, Data, File, Label

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = ("file", "label", "kind", "split", "role", "group", "source", "x0", "y0", "x1", "y1",
           "angle", "points", "other")  # fmt: skip
Cell = str | float | int | None
_NO_SHAPE: tuple[Cell, ...] = (None,) * 6


def rows(items: Iterable[Item]) -> Iterator[tuple[Cell, ...]]:
    """Cells in the order of `COLUMNS`."""
    for item in items:
        said = [Label("", value) for value in item.classes]
        for label in (*said, *item.shapes, *item.texts):
            yield _row(item.name, item.file, label)
        for value, other in item.pairs:
            yield _row(item.name, item.file, Label("", value, PAIR), other)
        if not (said or item.shapes or item.texts or item.pairs):
            yield _row(item.name, item.file, None)


def frame(data: Data) -> "pd.DataFrame":
    """`COLUMNS`, and by whom and how sure: models' labels too. Files as the store has them."""
    import pandas as pd

    paths = {file.image: file.path for file in reversed(data.files)}
    found: list[tuple[Cell, ...]] = []
    for file in data.files:
        labels = data.labels.get(file.image, ())
        for said in labels:
            row = _row(file.path, file, said, paths.get(said.other or "", said.other))
            found.append((*row, said.by, said.score))
        if not labels:
            found.append((*_row(file.path, file, None), None, None))
    return pd.DataFrame(found, columns=[*COLUMNS, "by", "score"])


def _row(name: str, file: File, label: Label | None, other: str | None = None) -> tuple[Cell, ...]:
    value, kind = (None, None) if label is None else (label.value or None, label.kind)
    shape = _NO_SHAPE if label is None else _shape(label)
    return (name, value, kind, file.split, file.role, file.group, file.source, *shape, other)


def _shape(label: Label) -> tuple[Cell, ...]:
    """Corners, angle and points; an outline's box is no news."""
    box = label.box
    if label.points:
        return (*_NO_SHAPE[:5], json.dumps(label.points))
    if box is None:
        return _NO_SHAPE
    angle = plain(box.angle) if box.angle else None
    return (*map(plain, (box.x0, box.y0, box.x1, box.y1)), angle, None)
