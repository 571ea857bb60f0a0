"""Find in a pool what is like some examples: embed its tiles once, then ask time and again."""

from dataclasses import dataclass, field

import numpy as np

from atarimae.errors import AtarimaeError, UsageError
from atarimae.look.mine.copies import apart
from atarimae.look.mine.examples import Example, readable, side_of
from atarimae.look.mine.model import Eye, eye
from atarimae.look.mine.search import Levels, Result, Tile, ranked, vectors
from atarimae.look.mine.sought import Ground, ground, sought
from atarimae.predict.tilecache import TileCache
from atarimae.predict.tiles import MOST, embed_tiles, levels_for
from atarimae.survey import surveyor
from atarimae.types import Data, Progress, silent
from atarimae.workspace import Workspace

TOP = 200
SCALES = (1.0,)


@dataclass(frozen=True, slots=True)
class Wish:
    """What is sought, and how."""

    examples: tuple[Example, ...]
    right: tuple[Tile, ...] = ()  # tiles of results that a person took
    wrong: tuple[Tile, ...] = ()  # and rejected
    top: int = TOP
    scales: tuple[float, ...] = SCALES  # how large things are in the pool, by the examples' size
    tiles: int = MOST  # of one image, at most
    model: str = ""  # a run or a bundle; the newest run where none is named


@dataclass(frozen=True)
class Mined:
    """What was found, the best first, and where it was looked for."""

    results: tuple[Result, ...]
    images: int  # of the pool
    tiles: int
    levels: tuple[int, ...]  # sides of the tiles in px; 0 is the whole image
    model: str
    unread: dict[str, str] = field(default_factory=dict)  # by path, what was found
    queue: str = ""  # where the results were put
    queued: int = 0  # of them, that were not there before

    def as_dict(self) -> dict[str, object]:
        """The shape of `mine --json`."""
        return {
            "results": [one.as_dict() for one in self.results], "images": self.images,
            "tiles": self.tiles, "levels": list(self.levels), "model": self.model,
            "unread": self.unread, "queue": self.queue, "queued": self.queued,
        }  # fmt: skip


@dataclass(frozen=True)
class Ready:
    """A pool whose tiles are embedded at the levels that the examples ask for."""

    workspace: Workspace
    pool: Data
    seer: Eye
    levels: Levels
    usual: Ground
    tiles: int
    unread: dict[str, str]

    def ask(self, wish: Wish, progress: Progress = silent) -> Mined:
        """What is most like the examples and what was taken, and least like what was rejected."""
        limit = self.workspace.max_pixels
        found = readable(wish.examples, limit)
        shown = self.seer.see([one.source(limit) for one in found])
        right, wrong = (vectors(self.levels, some) for some in (wish.right, wish.wrong))
        right = right if len(right) else np.zeros((0, shown.shape[1]), np.float32)
        order = ranked(self.levels, sought(self.usual, shown, right, wrong))
        looks = surveyor(self.workspace, progress)
        results = apart(order, self.pool, looks, wish.top)
        levels = tuple(sorted(self.levels, reverse=True))
        return Mined(
            tuple(results), len(order), self.tiles, levels, self.seer.name, dict(self.unread)
        )


def mine(workspace: Workspace, pool: Data, wish: Wish, progress: Progress = silent) -> Mined:
    """The images of the pool that show what the examples show, near-copies once.

    Raises `AtarimaeError` where there is no example, nothing to search, or no model.
    """
    return prepare(workspace, pool, wish, progress).ask(wish, progress)


def prepare(workspace: Workspace, pool: Data, wish: Wish, progress: Progress = silent) -> Ready:
    """Embed the pool's tiles; what is in the cache is not embedded again."""
    if not wish.examples:
        raise UsageError(
            "What is to be found?", "", "Show it: --image FILE, --box 'FILE x0,y0,x1,y1', --class."
        )
    own = {one.image for one in wish.examples}
    pool = pool.where(lambda file: file.image not in own)
    if not len(pool):
        raise AtarimaeError(
            "There is nothing to search.", "Every image of the workspace has a label.",
            "Add files without labels, or name a folder with --pool.",
        )  # fmt: skip
    seer, limit = eye(workspace, wish.model), workspace.max_pixels
    side = side_of(readable(wish.examples, limit), limit)
    levels: dict[int, tuple[Data, TileCache]] = {}
    unread: dict[str, str] = {}
    for level, data in _parts(pool, side, wish).items():
        kept = TileCache(workspace.cache, seer.key, level)
        levels[level] = data, kept
        unread |= embed_tiles(
            seer.predictor, data, level, kept, max_pixels=limit, progress=progress
        )
    return _ready(workspace, pool, seer, levels, unread)


def _parts(pool: Data, side: float, wish: Wish) -> dict[int, Data]:
    """By level the images that are cut so, over all scales."""
    found: dict[int, set[str]] = {}
    for scale in wish.scales:
        for level, data in levels_for(pool, side * scale, wish.tiles).items():
            found.setdefault(level, set()).update(file.path for file in data.files)
    return {level: _only(pool, paths) for level, paths in sorted(found.items())}


def _only(data: Data, paths: set[str]) -> Data:
    return data.where(lambda file: file.path in paths)


def _ready(
    workspace: Workspace, pool: Data, seer: Eye, levels: Levels, unread: dict[str, str]
) -> Ready:
    blocks = [
        block
        for data, kept in levels.values()
        for block in kept.blocks({file.image for file in data.files})
    ]
    if not blocks:
        raise AtarimaeError(
            "Nothing of the pool can be read.", f"{next(iter(unread.values()), '')}",
            "Check that its files are where they were added from.",
        )  # fmt: skip
    paths = {file.image: file.path for file in reversed(pool.files)}
    tiles = sum(stop - start for block in blocks for _, start, stop in block.parts)
    told = {paths[image]: found for image, found in unread.items()}
    return Ready(workspace, pool, seer, levels, ground(blocks), tiles, told)
