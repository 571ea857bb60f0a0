"""Run a predictor over files: read ahead in threads, compute in batches, keep what is dear."""

from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import chain, islice
from pathlib import Path
from typing import TypeVar

import numpy as np

from atarimae.predict.cache import Cache, known
from atarimae.predict.graph import cores
from atarimae.predict.region import boxed, known_box
from atarimae.predict.source import open_known
from atarimae.task import Crops, Joint, Predictor
from atarimae.types import Array, Batch, Data, File, Progress, Rows, silent
from atarimae.workspace import MAX_PIXELS

T = TypeVar("T")

BATCH = 32  # images; larger batches fall out of the processor's cache and are slower
BLOCK = 2048  # images whose outputs are written to the cache at once


def outputs(
    predictor: Predictor,
    data: Data,
    *,
    cache: Path | None = None,
    max_pixels: int = MAX_PIXELS,
    progress: Progress = silent,
) -> Sequence[Array]:
    """The predictor's outputs, one array a file, in the order of `data.files`.

    Files of one image are computed once. With `cache`, the predictor's first `cached` steps are
    looked up there by image and box, and kept there; so are those of each member of a joint one.
    """
    dear: dict[str, dict[str, Array]] = {}

    def made(predictor: Predictor) -> Sequence[Array]:
        if isinstance(predictor, Joint):
            rows = predictor.gathered([made(member) for member in predictor.members])
            return _last_steps(predictor, rows, 1)
        if predictor.key not in dear:  # members may share it
            dear[predictor.key] = _dear(predictor, data, cache, max_pixels, progress)
        kept = dear[predictor.key]
        return _last_steps(
            predictor, [kept[row_name(predictor, data, file)] for file in data.files]
        )

    return made(predictor)


def _dear(
    predictor: Predictor, data: Data, cache: Path | None, max_pixels: int, progress: Progress
) -> dict[str, Array]:
    """What the first `cached` steps give, by image and box."""
    first = {row_name(predictor, data, file): file for file in reversed(data.files)}
    store = Cache(cache, predictor.key) if cache and predictor.cached else None
    kept: dict[str, Array] = {**store.get(list(first))} if store else {}
    missing = [file for row, file in first.items() if row not in kept]
    done = len(first) - len(missing)
    for block in _blocks(missing, BLOCK):
        fresh: dict[str, Array] = {}
        for batch, rows in dear_steps(predictor, data, block, max_pixels):
            names = (row_name(predictor, data, file) for file in batch)
            fresh.update(zip(names, rows, strict=True))
            done += len(batch)
            progress(done, len(first), "embedding")
        kept.update(fresh)
        if store:
            # What is on disk needs no memory of ours.
            kept |= store.put({name: np.asarray(row, np.float32) for name, row in fresh.items()})
    return kept


def dear_steps(
    predictor: Predictor, data: Data, files: Sequence[File], max_pixels: int = MAX_PIXELS
) -> Iterator[tuple[Sequence[File], Batch]]:
    """What the first `cached` steps say of some files of `data`, batch by batch."""
    for batch, windows in _windows(predictor, data, files, max_pixels):
        yield batch, apply(predictor, windows, 0, predictor.cached)


def kept_outputs(predictor: Predictor, data: Data, cache: Path) -> tuple[Data, Sequence[Array]]:
    """The files of `data` whose images are in the cache, with their outputs: nothing is read."""
    there = [_cached(one, data, cache) for one in _leaves(predictor)]
    kept = data.where(lambda file: all(file.path in paths for paths in there))
    return kept, outputs(predictor, kept, cache=cache) if len(kept) else []


def _leaves(predictor: Predictor) -> Iterator[Predictor]:
    """The predictors that a joint one is made of in the end; one that is not, itself."""
    if not isinstance(predictor, Joint):
        yield predictor
        return
    for member in predictor.members:
        yield from _leaves(member)


def _cached(predictor: Predictor, data: Data, cache: Path) -> set[str]:
    """The paths of the files whose outputs are in the cache."""
    if not predictor.cached or not known(cache, predictor.key):
        return set()
    rows = {file.path: row_name(predictor, data, file) for file in data.files}
    found = Cache(cache, predictor.key).get([*rows.values()])
    return {path for path, row in rows.items() if row in found}


def apply(predictor: Predictor, batch: Batch, start: int = 0, stop: int | None = None) -> Batch:
    """Take a batch through the predictor's steps from number `start` until before `stop`."""
    for step in islice(predictor.steps.values(), start, stop):
        batch = step(batch)
    return batch


def _last_steps(
    predictor: Predictor, rows: Sequence[Array], start: int | None = None
) -> Sequence[Array]:
    """The steps that are not kept, or those from `start` on."""
    first = predictor.cached if start is None else start
    batches = (apply(predictor, block, first) for block in _blocks(rows, BLOCK))
    return _collected(batches, len(rows))


def _collected(batches: Iterator[Batch], n: int) -> Sequence[Array]:
    """n outputs: in one array where they have one shape, as they are else."""
    first = next(batches, [])
    kinds = {(row.shape, row.dtype) for row in first}
    if len(kinds) != 1:
        return [*first, *chain.from_iterable(batches)]
    ((shape, kind),) = kinds
    whole, done = np.empty((n, *shape), kind), 0
    for batch in chain([first], batches):
        if {(row.shape, row.dtype) for row in batch} != kinds:
            return [*whole[:done], *batch, *chain.from_iterable(batches)]
        whole[done : done + len(batch)] = batch
        done += len(batch)
    return Rows(whole)


def _windows(
    predictor: Predictor, data: Data, files: Sequence[File], max_pixels: int
) -> Iterator[tuple[Sequence[File], list[Array]]]:
    """Batches of files with what the first step reads of them, two batches ahead."""

    def read(file: File) -> Array:
        source = open_known(data.path(file), file.image, max_pixels)
        return predictor.windows(boxed(source, known_box(data, file)))

    with ThreadPoolExecutor(cores()) as pool:
        waiting = []
        for batch in _blocks(files, BATCH):
            waiting.append((batch, [pool.submit(read, file) for file in batch]))
            if len(waiting) > 2:
                yield _ready(waiting.pop(0))
        while waiting:
            yield _ready(waiting.pop(0))


def row_name(predictor: Predictor, data: Data, file: File) -> str:
    """What names the outputs for a file: its image, and the region where only that is read."""
    box = known_box(data, file)
    if box is None or not isinstance(predictor, Crops):
        return file.image
    image = data.images[file.image]
    part = predictor.part(box, (image.width, image.height))
    if part is None:
        return file.image
    return f"{file.image} {part.x0:.0f},{part.y0:.0f},{part.x1:.0f},{part.y1:.0f}"


def _ready(
    waiting: tuple[Sequence[File], list[Future[Array]]],
) -> tuple[Sequence[File], list[Array]]:
    files, futures = waiting
    return files, [future.result() for future in futures]


def _blocks(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]
