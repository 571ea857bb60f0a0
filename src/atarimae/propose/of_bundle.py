"""Ask a bundle, whose run may be somewhere else: it answers from its own index."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from atarimae import bundle, runlog
from atarimae.bundle import Bundle
from atarimae.errors import AtarimaeError
from atarimae.predict.index.parts import picked
from atarimae.propose.asking import Asking
from atarimae.propose.concluding import Answer, Proposed, Wish, conclude
from atarimae.propose.estimate import Judged
from atarimae.propose.propose import judged_images
from atarimae.propose.sides import Sides, as_queries, sides
from atarimae.store import Store
from atarimae.task import Task
from atarimae.types import Data, File, Index, Progress, silent
from atarimae.workspace import Workspace


def propose_by_bundle(
    workspace: Workspace, task: Task, folder: Path, wish: Wish, progress: Progress = silent
) -> Proposed:
    """Label what the bundle matches at the wished score or more, in the name of its run.

    What it is worth is measured on the labelled images here that the bundle does not know. Images
    by which scores are judged here, in its index, answer nothing.
    """
    wish.check(task)
    shipped = bundle.read(folder)
    _check(shipped, task)
    store = Store(workspace)
    asking = Asking(workspace, task, shipped.model, progress)
    parts = sides(store.data(), _judged(workspace, store, shipped))
    index = _answering(shipped, parts)
    return conclude(
        store, shipped.run, wish, _measured(asking, shipped, parts, index),
        lambda: _asked(asking, parts.pool, index),
    )  # fmt: skip


def _judged(workspace: Workspace, store: Store, shipped: Bundle) -> frozenset[str]:
    """Val of the bundle's run, where that is here."""
    run = runlog.get(workspace, shipped.run)
    return judged_images(store, run) if run is not None else frozenset()


def _answering(shipped: Bundle, parts: Sides) -> Index:
    """Its index without images that are val or test here."""
    held = {file.image for file in parts.val.files} | parts.held
    keep = np.array([file.image not in held for file in shipped.index.files], bool)
    if not keep.any():
        raise AtarimaeError(
            f"The bundle of {shipped.run} has nothing to answer with.",
            f"Of {len(keep):,} images in its index none is free: scores are judged by them here.",
            "Ship a run with more in its gallery.",
        )
    return shipped.index if keep.all() else picked(shipped.index, np.flatnonzero(keep))


def _measured(
    asking: Asking, shipped: Bundle, parts: Sides, index: Index
) -> tuple[list[Judged], list[float]]:
    """Labelled images that the bundle does not know: of its classes, and the scores of others."""
    known = {file.image for file in (*shipped.index.files, *shipped.model.learned.files)}
    some = parts.val if len(parts.val) else parts.known
    names = set(index.labels)
    first = {file.image: file for file in reversed(some.files) if some.label(file)}
    fresh = {file for image, file in first.items() if image not in known}
    own = some.where(lambda file: file in fresh and not names.isdisjoint(some.classes(file)))
    others = some.where(lambda file: file in fresh and names.isdisjoint(some.classes(file)))
    judged = [
        Judged(score, label in own.classes(file), own.label(file) or file.path)
        for file, (label, score, _) in _asked(asking, own, index)
    ]
    return judged, [score for _, (_, score, _) in _asked(asking, others, index)]


def _asked(asking: Asking, data: Data, index: Index) -> Sequence[tuple[File, Answer]]:
    return asking.of(as_queries(data), index) if len(data) else []


def _check(shipped: Bundle, task: Task) -> None:
    if shipped.task != task.name:
        raise AtarimaeError(
            f"The bundle of {shipped.run} can't propose labels here.",
            f"It is of task {shipped.task}, and this workspace is of {task.name}.",
            "Name a bundle of the same task.",
        )
