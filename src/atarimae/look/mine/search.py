"""The pool gone through block by block: of each image the tile that is most like what is sought."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

import numpy as np

from atarimae.look.mine.sought import Sought
from atarimae.predict.tilecache import TileCache
from atarimae.predict.tiles import WHOLE, best_tiles, tile_boxes
from atarimae.types import Box, Data, Floats

Levels = Mapping[int, tuple[Data, TileCache]]  # by level, what is cut so, and its tiles
Tile = tuple[str, int, int]  # image, level, number


@dataclass(frozen=True, slots=True)
class Result:
    """An image of the pool, and where in it is what is most like the examples."""

    image: str
    file: str  # path, as in the store
    score: float  # 1 is an example itself, 0 the pool's usual tile
    box: Box | None  # None for all of it
    level: int = WHOLE
    number: int = 0  # of the tile
    size: tuple[int, int] = (0, 0)  # of the image, px
    copies: tuple[str, ...] = ()  # hashes of near-copies that it stands for

    @property
    def tile(self) -> Tile:
        """Where it was found, as an answer names it."""
        return self.image, self.level, self.number

    def as_dict(self) -> dict[str, object]:
        """JSON values."""
        box = None if self.box is None else [*asdict(self.box).values()][:4]
        return {
            "image": self.image, "file": self.file, "score": round(self.score, 4), "box": box,
            "level": self.level, "number": self.number, "size": list(self.size),
            "copies": list(self.copies),
        }  # fmt: skip


def ranked(levels: Levels, wanted: Sought) -> list[Result]:
    """Every image of the pool by its best tile, the best first; ties in order of hash."""
    best: dict[str, tuple[float, int, int]] = {}
    for level, (data, kept) in levels.items():
        images = {file.image for file in data.files}
        for image, score, number in best_tiles(kept.blocks(images), wanted.weights, wanted.bias):
            if image not in best or score > best[image][0]:
                best[image] = (score, level, number)
    paths = {file.image: file.path for data, _ in levels.values() for file in reversed(data.files)}
    found = [
        Result(image, paths[image], score, *_place(levels, image, level, number))
        for image, (score, level, number) in best.items()
    ]
    return sorted(found, key=lambda one: (-one.score, one.image))


def vectors(levels: Levels, tiles: Sequence[Tile]) -> Floats:
    """The embeddings (n, d) of tiles; those that are not there are left out."""
    rows = []
    for image, level, number in tiles:
        if level not in levels:
            continue
        for block in levels[level][1].blocks([image]):
            _, start, stop = next(part for part in block.parts if part[0] == image)
            for place in np.flatnonzero(block.numbers[start:stop] == number)[:1]:
                row = block.table["vector"][start + int(place)]  # type: ignore[call-overload]
                rows.append(np.asarray(row, np.float32))
    return np.stack(rows) if rows else np.zeros((0, 0), np.float32)


def _place(
    levels: Levels, image: str, level: int, number: int
) -> tuple[Box | None, int, int, tuple[int, int]]:
    """The box, the level and number of the tile, and the size of its image."""
    known = levels[level][0].images[image]
    size = known.width, known.height
    return None if level == WHOLE else tile_boxes(size, level)[number], level, number, size
