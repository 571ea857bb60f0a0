"""Pictures cut into square tiles: a small thing on a large drawing is found by the tile it is in.

Tiles of one side are a level. The sides are those of one ladder, so that questions about things of
nearly one size share what was embedded. Neighbours overlap by half, and the last of a row ends at
the picture's edge, so that whatever is at most half as large as a tile lies whole in one.
"""

import hashlib
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path

import numpy as np

from atarimae import bundle
from atarimae.errors import AtarimaeError
from atarimae.predict.region import Region
from atarimae.predict.run import BATCH, apply
from atarimae.predict.source import open_known
from atarimae.predict.tilecache import Block, TileCache
from atarimae.predict.unit import embeddings, unit
from atarimae.task import Model, Predictor
from atarimae.types import Array, Box, Data, File, Floats, Progress, Source, silent
from atarimae.workspace import MAX_PIXELS

VERSION = 1  # of where tiles lie and which are left out: raise it whenever that changes
SHORTEST = 32  # px: the ladder's first step
STEP = math.sqrt(2)  # from one step of the ladder to the next
OVERLAP = 0.5  # of a tile's side
MOST = 4096  # tiles of one picture
FLAT = 2.0  # grey levels of deviation, below which a tile shows nothing
WHOLE = 0  # the level of the picture as it is

Tile = tuple[str, int, Array]  # image, number of the tile, what the predictor's first step reads


def level_of(side: float) -> int:
    """The shortest side of the ladder, in px, that is not shorter."""
    steps = max(0, math.ceil(math.log(max(side, 1) / SHORTEST, STEP) - 1e-9))
    return round(SHORTEST * STEP**steps)


def levels_for(data: Data, side: float, most: int = MOST) -> dict[int, Data]:
    """The files of `data` by the level they are cut at for things of which a tile has that side.

    One that would have more than `most` tiles is cut into larger ones, and one that is hardly
    larger than a tile is not cut.
    """
    found: dict[int, list[File]] = {}
    for file in data.files:
        image = data.images[file.image]
        found.setdefault(_level((image.width, image.height), side, most), []).append(file)
    return {level: _only(data, files) for level, files in sorted(found.items())}


def tile_boxes(size: tuple[int, int], level: int) -> list[Box]:
    """The tiles of a picture of that size, row by row; the picture itself at level `WHOLE`."""
    width, height = size
    if level == WHOLE:
        return [Box(0, 0, width, height)]
    return [
        Box(x, y, min(x + level, width), min(y + level, height))
        for y in _starts(height, level)
        for x in _starts(width, level)
    ]


def weights_key(predictor: Predictor, model: Model) -> str:
    """What names a model's embeddings: preprocessing, and all weights up to the last step.

    A run and the bundle that it was shipped as share it.
    """
    settings = json.dumps(dict(model.settings), sort_keys=True, default=str)
    made = hashlib.sha256(f"{predictor.key} {VERSION} {settings}".encode())
    for name, path in sorted(model.graphs.items()):
        made.update(f"{name} {bundle.digest(path)}".encode())
    arrays = model.folder / "arrays.safetensors"
    if arrays.is_file():
        made.update(bundle.digest(arrays).encode())
    return made.hexdigest()


def embed_tiles(
    predictor: Predictor,
    data: Data,
    level: int,
    kept: TileCache,
    *,
    max_pixels: int = MAX_PIXELS,
    progress: Progress = silent,
) -> dict[str, str]:
    """Embed what `kept` lacks of the images of `data`; what can't be read, and what was found.

    Tiles that show nothing are left out, unless all do. Work that is broken off goes on where it
    was: an image is kept once all of its tiles are done.
    """
    places: dict[str, list[Path]] = {}
    for file in data.files:
        places.setdefault(file.image, []).append(data.path(file))
    missing = {image: places[image] for image in kept.missing([*places])}
    total, failed = len(places), dict[str, str]()
    done = total - len(missing)
    with kept.writing() as put:
        tiles = _tiles(predictor, missing, level, max_pixels, failed)
        for image, numbers, vectors in _images(predictor, tiles):
            if image in failed:  # it broke half-way
                continue
            put(image, numbers, vectors)
            done += 1
            progress(done, total, "embedding")
    return failed


def best_tiles(
    blocks: Iterator[Block], weights: Floats, bias: Floats
) -> Iterator[tuple[str, float, int]]:
    """By image its best tile: how much it is like what is sought, and its number.

    A tile's likeness is the largest of its products with the rows of `weights` (k, d), less
    `bias` (k). Of equal tiles the first counts.
    """
    for block in blocks:
        likeness = np.concatenate(
            [(rows @ weights.T - bias).max(1) for rows in block.rows()] or [np.zeros(0, np.float32)]
        )
        numbers = block.numbers
        for image, start, stop in block.parts:
            place = start + int(np.argmax(likeness[start:stop]))
            yield image, float(likeness[place]), int(numbers[place])


def _level(size: tuple[int, int], side: float, most: int) -> int:
    level = level_of(side)
    while True:
        if level >= min(size) and level * STEP >= max(size):
            return WHOLE
        if math.prod(len(_starts(one, level)) for one in size) <= most:
            return level
        level = level_of(level * 1.01)


def _starts(length: int, level: int) -> list[int]:
    """Where tiles begin along one axis, evenly spread from edge to edge."""
    if length <= level:
        return [0]
    steps = math.ceil((length - level) / (level * (1 - OVERLAP)))
    return [round(n * (length - level) / steps) for n in range(steps + 1)]


def _only(data: Data, files: Sequence[File]) -> Data:
    paths = {file.path for file in files}
    return data.where(lambda file: file.path in paths)


def _tiles(
    predictor: Predictor,
    places: Mapping[str, Sequence[Path]],
    level: int,
    max_pixels: int,
    failed: dict[str, str],
) -> Iterator[Tile]:
    """Tile by tile, image by image; an image that can't be read ends where it broke."""
    for image, paths in places.items():
        try:
            yield from _of_one(predictor, _opened(paths, image, max_pixels), image, level)
        except AtarimaeError as error:
            failed[image] = error.found


def _opened(paths: Sequence[Path], image: str, max_pixels: int) -> Source:
    """The first of the files that still holds the image."""
    for path in paths[:-1]:
        try:
            return open_known(path, image, max_pixels)
        except AtarimaeError:
            continue
    return open_known(paths[-1], image, max_pixels)


def _of_one(predictor: Predictor, source: Source, image: str, level: int) -> Iterator[Tile]:
    boxes, any_shown = tile_boxes(source.size, level), False
    for number, box in enumerate(boxes):
        part = source if level == WHOLE else Region(source, box)
        if level != WHOLE and not shows(part):
            continue
        any_shown = True
        yield image, number, predictor.windows(part)
    if not any_shown:
        yield image, 0, predictor.windows(Region(source, boxes[0]))


def shows(part: Source) -> bool:
    """Whether there is anything to be seen."""
    return bool(part.pixels().std() >= FLAT)


def _images(predictor: Predictor, tiles: Iterator[Tile]) -> Iterator[tuple[str, list[int], Floats]]:
    """Each image when all of its tiles are embedded: their numbers, and (n, d) at unit length."""
    image, numbers, rows = "", list[int](), list[Floats]()
    for batch in _ahead(tiles):
        vectors = unit(embeddings(apply(predictor, [windows for _, _, windows in batch])))
        for (of, number, _), row in zip(batch, vectors, strict=True):
            if of != image and numbers:
                yield image, numbers, np.stack(rows)
                numbers, rows = [], []
            image = of
            numbers.append(number)
            rows.append(row)
    if numbers:
        yield image, numbers, np.stack(rows)


def _ahead(tiles: Iterator[Tile]) -> Iterator[list[Tile]]:
    """Batches, of which the next is read while one is worked on."""
    with ThreadPoolExecutor(1) as reader:
        waiting = reader.submit(lambda: list(islice(tiles, BATCH)))
        while batch := waiting.result():
            waiting = reader.submit(lambda: list(islice(tiles, BATCH)))
            yield batch
