"""Answers that come as a table: what somebody said of files, in a tool of their own."""

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from atarimae.errors import UsageError
from atarimae.shapes import inside
from atarimae.store import Opinion, Store
from atarimae.store.agreements import check
from atarimae.types import BOX, Box, Data, Image
from atarimae.workspace import Workspace


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
    places = [(row, images.get(os.path.realpath(row.path))) for row in given]
    wrong = [f"{row.path} is no file of the data" for row, image in places if image is None]
    wanted, opinions = set(asked.images), []
    for row, image in places:
        said = row.boxes if asked.kind == BOX else tuple((name, None) for name in row.labels)
        if image in wanted:
            opinions.append(Opinion(image, who, tuple(said)))
            wrong += _outside(row, data.images[image])
    check(asked, opinions, wrong)
    return store.agreements.answer(number, opinions)


def _outside(row: Given, image: Image) -> Iterator[str]:
    for _, box in row.boxes:
        try:
            inside(box, (image.width, image.height))
        except UsageError as error:
            yield f"{row.path}: {str(error).rstrip('.')}"


def _images(data: Data) -> dict[str, str]:
    return {os.path.realpath(data.path(file)): file.image for file in data.files}
