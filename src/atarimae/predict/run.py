"""Run a predictor over files: read ahead in threads, compute in batches, keep what is dear."""

from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import chain, islice
from pathlib import Path
from typing import TypeVar

import numpy as np

from atarimae.predict.cache import Cache, known
from atarimae.predict.graph import cores
from atarimae.predict.source import open_known
from atarimae.task import Predictor
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
    looked up there by image, and kept there.
    """
    first = {file.image: file for file in reversed(data.files)}
    store = Cache(cache, predictor.key) if cache and predictor.cached else None
    kept: dict[str, Array] = {**store.get(list(first))} if store else {}
    missing = [file for image, file in first.items() if image not in kept]
    done = len(first) - len(missing)
    for block in _blocks(missing, BLOCK):
        fresh: dict[str, Array] = {}
        for batch, rows in dear_steps(predictor, data, block, max_pixels):
            fresh.update(zip((file.image for file in batch), rows, strict=True))
            done += len(batch)
            progress(done, len(first), "embedding")
        kept.update(fresh)
        if store:
            # What is on disk needs no memory of ours.
            kept |= store.put({image: np.asarray(row, np.float32) for image, row in fresh.items()})
    return _last_steps(predictor, [kept[file.image] for file in data.files])


def dear_steps(
    predictor: Predictor, data: Data, files: Sequence[File], max_pixels: int = MAX_PIXELS
) -> Iterator[tuple[Sequence[File], Batch]]:
    """What the first `cached` steps say of some files of `data`, batch by batch."""
    for batch, windows in _windows(predictor, data, files, max_pixels):
        yield batch, apply(predictor, windows, 0, predictor.cached)


def kept_outputs(predictor: Predictor, data: Data, cache: Path) -> tuple[Data, Sequence[Array]]:
    """The files of `data` whose images are in the cache, with their outputs: nothing is read."""
    if not predictor.cached or not known(cache, predictor.key):
        return data.where(lambda file: False), []
    rows = Cache(cache, predictor.key).get([file.image for file in data.files])
    kept = data.where(lambda file: file.image in rows)
    return kept, _last_steps(predictor, [rows[file.image] for file in kept.files])


def apply(predictor: Predictor, batch: Batch, start: int = 0, stop: int | None = None) -> Batch:
    """Take a batch through the predictor's steps from number `start` until before `stop`."""
    for step in islice(predictor.steps.values(), start, stop):
        batch = step(batch)
    return batch


def _last_steps(predictor: Predictor, rows: Sequence[Array]) -> Sequence[Array]:
    batches = (apply(predictor, block, predictor.cached) for block in _blocks(rows, BLOCK))
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
        return predictor.windows(open_known(data.path(file), file.image, max_pixels))

    with ThreadPoolExecutor(cores()) as pool:
        waiting = []
        for batch in _blocks(files, BATCH):
            waiting.append((batch, [pool.submit(read, file) for file in batch]))
            if len(waiting) > 2:
                yield _ready(waiting.pop(0))
        while waiting:
            yield _ready(waiting.pop(0))


def _ready(
    waiting: tuple[Sequence[File], list[Future[Array]]],
) -> tuple[Sequence[File], list[Array]]:
    files, futures = waiting
    return files, [future.result() for future in futures]


def _blocks(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]
