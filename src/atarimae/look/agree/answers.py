"""Answers that come as a table: what somebody said of files, in a tool of their own."""

import os
from collections.abc import Iterable
from dataclasses import dataclass

from atarimae.errors import UsageError
from atarimae.store import Opinion, Store
from atarimae.types import BOX, Box, Data
from atarimae.workspace import Workspace

NAMED = 5


@dataclass(frozen=True, slots=True)
class Given:
    """A file by its absolute path, and what is said of it."""

    path: str
    labels: tuple[str, ...] = ()
    boxes: tuple[tuple[str, Box], ...] = ()


def answer(workspace: Workspace, number: int, given: Iterable[Given], who: str) -> int:
    """Keep somebody's answers, all or none; of how many images. See `Agreements.answer`.

    A file without a label is of none of the classes, or has none of the boxes. Files of the data
    that are not asked about are passed over.
    """
    store = Store(workspace)
    asked, data = store.agreements.of(number), store.data()
    images = _images(data)
    rows = list(given)
    unknown = [row.path for row in rows if os.path.realpath(row.path) not in images]
    if unknown:
        more = f" and {len(unknown) - NAMED:,} more" if len(unknown) > NAMED else ""
        raise UsageError(
            f"{', '.join(unknown[:NAMED])}{more} can't be an answer.",
            "No such file is in the data. Nothing was kept.",
            "Name files by their paths, beside the table or in the workspace.",
        )
    wanted, opinions = set(asked.images), []
    for row in rows:
        image = images[os.path.realpath(row.path)]
        said = row.boxes if asked.kind == BOX else tuple((name, None) for name in row.labels)
        if image in wanted:
            opinions.append(Opinion(image, who, tuple(said)))
    return store.agreements.answer(number, opinions)


def _images(data: Data) -> dict[str, str]:
    return {os.path.realpath(data.path(file)): file.image for file in data.files}
