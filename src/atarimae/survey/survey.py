"""One pass over the pixels of every image, for all measures together.

Decoding is nearly all of the work, so each picture is decoded once, as small as its format allows
(see `Glance`), in a process a core; what is measured is kept in the workspace's cache.
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from atarimae.errors import AtarimaeError
from atarimae.parallel import in_parallel
from atarimae.predict.source import open_known
from atarimae.survey.glance import Glance
from atarimae.survey.kept import Kept
from atarimae.survey.measure import Measure, Records
from atarimae.types import Array, Data, Progress, silent
from atarimae.workspace import MAX_PIXELS

CHUNK = 32  # images that a worker takes at once, at most
BLOCK = 2048  # images that are written to the cache at once
SECONDS = 20.0  # after which they are written even if they are fewer


@dataclass(frozen=True, eq=False)
class Survey:
    """What was measured: `images` by hash, each once, in the order of the data's files."""

    images: tuple[str, ...]
    unread: Mapping[str, str]  # images that could not be decoded, and what was found
    _kept: Mapping[str, Kept]  # by measure's key

    def of(self, measure: Measure, images: Sequence[str] | None = None) -> Records:
        """A row of `measure.kind` for each of `images`; for all of them where none are named."""
        return self._kept[measure.key].rows(self.images if images is None else images)


@dataclass(frozen=True, slots=True)
class _Work:
    """One image: where it lies, and which of the measures it lacks."""

    image: str
    paths: tuple[Path, ...]
    lacks: tuple[int, ...]


# By number of the measure the images and their values; and what was found of the unreadable ones.
_Done = tuple[dict[int, tuple[list[str], Array]], dict[str, str]]


def survey(
    data: Data,
    measures: Sequence[Measure],
    cache: Path,
    *,
    max_pixels: int = MAX_PIXELS,
    progress: Progress = silent,
) -> Survey:
    """Measure what is not in the cache, and give everything.

    An image is decoded once for all measures that it lacks. One whose content is gone or broken
    is left out, says so in `unread`, and is tried again the next time. If the work is broken off,
    what was done by then is kept.
    """
    kept = [Kept(cache, measure) for measure in measures]
    places: dict[str, list[Path]] = {}
    for file in data.files:
        places.setdefault(file.image, []).append(data.path(file))
    lacking = {image: _lacks(image, kept) for image in places}
    works = [_Work(i, tuple(places[i]), lacks) for i, lacks in lacking.items() if lacks]
    unread: dict[str, str] = {}
    pending = _Pending(kept)
    done = len(places) - len(works)
    try:
        for size, (values, failed) in _measured(works, measures, max_pixels):
            unread.update(failed)
            pending.take(values)
            done += size
            progress(done, len(places), "looking")
    finally:
        pending.write()
    images = tuple(image for image in places if image not in unread)
    return Survey(images, unread, {one.measure.key: one for one in kept})


def _lacks(image: str, kept: Sequence[Kept]) -> tuple[int, ...]:
    return tuple(number for number, one in enumerate(kept) if image not in one)


def _measured(
    works: Sequence[_Work], measures: Sequence[Measure], max_pixels: int
) -> Iterator[tuple[int, _Done]]:
    """Chunk by chunk, how many images it had, and what came of them."""
    size = min(CHUNK, 1 + len(works) // 100)  # so that progress moves by the hundredth
    chunks = [works[start : start + size] for start in range(0, len(works), size)]
    done = in_parallel(lambda chunk: _chunk(chunk, measures, max_pixels), chunks)
    for chunk, results in zip(chunks, done, strict=True):
        yield len(chunk), results


def _chunk(works: Sequence[_Work], measures: Sequence[Measure], max_pixels: int) -> _Done:
    values: dict[int, tuple[list[str], list[object]]] = {}
    failed: dict[str, str] = {}
    for work in works:
        try:
            glance = _glance(work, max_pixels)
            found = [(number, measures[number].of(glance)) for number in work.lacks]
        except AtarimaeError as error:
            failed[work.image] = error.found
            continue
        for number, value in found:
            images, rows = values.setdefault(number, ([], []))
            images.append(work.image)
            rows.append(value)
    packed = {n: (images, _rows(rows, measures[n])) for n, (images, rows) in values.items()}
    return packed, failed


def _glance(work: _Work, max_pixels: int) -> Glance:
    """Of the first of its files that still holds the image."""
    for path in work.paths[:-1]:
        try:
            return Glance(open_known(path, work.image, max_pixels))
        except AtarimaeError:
            continue
    return Glance(open_known(work.paths[-1], work.image, max_pixels))


def _rows(values: Sequence[object], measure: Measure) -> Array:
    rows = np.empty(len(values), measure.kind)
    for row, value in enumerate(values):
        rows[row] = value
    return rows


class _Pending:
    """Values that are not written yet: enough for a block, or for some seconds."""

    def __init__(self, kept: Sequence[Kept]) -> None:
        self.kept = kept
        self._parts: dict[int, list[tuple[list[str], Array]]] = {}
        self._written = time.monotonic()

    def take(self, values: Mapping[int, tuple[list[str], Array]]) -> None:
        for number, part in values.items():
            self._parts.setdefault(number, []).append(part)
        waiting = max(
            (sum(len(images) for images, _ in p) for p in self._parts.values()), default=0
        )
        if waiting >= BLOCK or time.monotonic() - self._written > SECONDS:
            self.write()

    def write(self) -> None:
        for number, parts in self._parts.items():
            images = [image for part, _ in parts for image in part]
            self.kept[number].put(images, np.concatenate([rows for _, rows in parts]))
        self._parts, self._written = {}, time.monotonic()
