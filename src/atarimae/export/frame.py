"""A table of labels: one row a label, and a row without one for files that have none."""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from atarimae.export.item import Item, plain
from atarimae.types import Box, Data, File

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = ("file", "label", "kind", "split", "role", "group", "source", "x0", "y0", "x1", "y1")
Cell = str | float | int | None
_NO_BOX: tuple[Cell, ...] = (None,) * 4


def rows(items: Iterable[Item]) -> Iterator[tuple[Cell, ...]]:
    """Cells in the order of `COLUMNS`."""
    for item in items:
        for value in item.classes:
            yield _row(item.name, item.file, value, "class", None)
        for value, box in item.boxes:
            yield _row(item.name, item.file, value, "box", box)
        if not item.classes and not item.boxes:
            yield _row(item.name, item.file, None, None, None)


def frame(data: Data) -> "pd.DataFrame":
    """`COLUMNS`, and by whom and how sure: models' labels too. Files as the store has them."""
    import pandas as pd

    found: list[tuple[Cell, ...]] = []
    for file in data.files:
        labels = data.labels.get(file.image, ())
        for said in labels:
            row = _row(file.path, file, said.value, said.kind, said.box)
            found.append((*row, said.by, said.score))
        if not labels:
            found.append((*_row(file.path, file, None, None, None), None, None))
    return pd.DataFrame(found, columns=[*COLUMNS, "by", "score"])


def _row(
    name: str, file: File, value: str | None, kind: str | None, box: Box | None
) -> tuple[Cell, ...]:
    return (
        name, value or None, kind, file.split, file.role, file.group, file.source, *_corners(box)
    )  # fmt: skip


def _corners(box: Box | None) -> tuple[Cell, ...]:
    return _NO_BOX if box is None else tuple(map(plain, (box.x0, box.y0, box.x1, box.y1)))
