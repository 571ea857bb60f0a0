"""An agreement is begun: images are drawn, and nothing but them is told of."""

from collections.abc import Sequence

import numpy as np

from atarimae.errors import AtarimaeError, UsageError
from atarimae.store import Agreement, Store
from atarimae.store.agreements import CLASS
from atarimae.store.naming import named_files
from atarimae.types import BOX, Data
from atarimae.workspace import Workspace

IMAGES = 50


def start(
    workspace: Workspace,
    files: Sequence[str] = (),
    *,
    images: int = IMAGES,
    classes: Sequence[str] = (),
    boxes: bool = False,
    ordered: bool = False,
    queue: str = "",
    seed: int = 0,
    by: str | None = None,
) -> Agreement:
    """Draw so many images at random, by the seed, from all of the data, some files or a queue.

    The classes are those of the workspace where none are named. Raises `UsageError` where there
    are too few images, or no classes.
    """
    store = Store(workspace)
    data = store.data()
    there = _images(store, data, files, queue)
    if images < 1 or len(there) < 2:
        raise UsageError(
            f"Nobody can be asked about {images:,} images.", f"There are {len(there):,}.",
            "Name a number of one or more, and files that are in the data.",
        )  # fmt: skip
    names = tuple(dict.fromkeys(name.strip() for name in classes if name.strip()))
    names = names or (_box_classes(data) if boxes else data.class_names)
    if not names:
        raise AtarimaeError(
            "There is nothing to choose from.", "The data has no classes yet.",
            "Name them: --classes junmai ginjo",
        )  # fmt: skip
    drawn = np.random.default_rng(seed).permutation(len(there))[:images]
    chosen = tuple(there[number] for number in drawn.tolist())
    asked = Agreement(0, BOX if boxes else CLASS, names, chosen, seed, ordered, by or "")
    return store.agreements.begin(asked)


def _images(store: Store, data: Data, files: Sequence[str], queue: str) -> list[str]:
    """Hashes, sorted, so that a seed draws the same on every machine."""
    wanted = {file.image for file in (named_files(data, files) if files else data.files)}
    if queue:
        wanted &= {one.image for one in store.queues.of(queue)}
    return sorted(wanted)


def _box_classes(data: Data) -> tuple[str, ...]:
    said = (one for file in data.files for one in data.said(file.image, BOX))
    return tuple(sorted({one.value for one in said if one.value}))
