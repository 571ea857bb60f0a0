"""One picture laid over a part of another, to the fraction of a pixel; and how well they agree.

Everything is in a frame of its own: pictures are squares of 64 px, places are shares of a side.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from atarimae.survey.hashes import SIDE
from atarimae.survey.windows import turned
from atarimae.types import Array, Floats, Ints

ROUGH, FINE = SIDE // 4, SIDE // 2  # px a side that are compared
BLOCK = 256  # pictures that are made smaller at once
STEPS = 3  # how often the place is bettered, at each of two sizes
ENOUGH = 0.995  # correlation, from which on the place is not bettered
HOPEFUL = 0.9  # correlation at a rough place, below which it is not looked at finely
LEAST = (0.65, 0.84, 0.88, HOPEFUL)  # correlation, below which a pair is given up, by step
REACH = 0.06  # of the side, that one step may move an edge
OUTSIDE = 0.02  # of the side, that the place may lie beyond the picture
CELLS = 8  # a side, whose differences are looked at one by one


@dataclass(frozen=True)
class Sizes:
    """Previews at every size that is compared: what many pairs need of one is worked out once."""

    full: Array  # (n, 64, 64), as they are
    half: Floats  # (n, 32, 32)
    rough: Floats  # (n, 16, 16)


def sizes(grey: Array) -> Sizes:
    """Of previews (n, 64, 64)."""
    half = np.empty((len(grey), FINE, FINE), np.float32)
    rough = np.empty((len(grey), ROUGH, ROUGH), np.float32)
    for start in range(0, len(grey), BLOCK):
        some = slice(start, start + BLOCK)
        half[some] = whole(grey[some], FINE)
        rough[some] = whole(half[some], ROUGH)
    return Sizes(grey, half, rough)


def roughly(
    pictures: Sizes, outer: Ints, inner: Ints, turns: Ints, places: Floats
) -> tuple[Floats, Floats]:
    """Where in pictures `outer` those named `inner`, turned, lie, and their correlations.

    The search begins at `places` (n, 4). One of `HOPEFUL` or more is worth looking at finely.
    """
    return _fitted(pictures.half[outer], turned(pictures.rough[inner], turns), places)


def finely(
    pictures: Sizes, outer: Ints, inner: Ints, turns: Ints, places: Floats
) -> tuple[Floats, Floats]:
    """The same at twice the size, from places that are nearly right."""
    return _fitted(pictures.full[outer], turned(pictures.half[inner], turns), places)


def _fitted(outer: Array, target: Floats, places: Floats) -> tuple[Floats, Floats]:
    """The same at one size; what agrees already is left where it is."""
    side, places = target.shape[1], places.copy()
    likeness = np.zeros(len(places), np.float32)
    going = np.arange(len(places))
    for step in range(STEPS + 1):
        seen = resampled(outer[going], places[going], side)
        likeness[going] = correlation(seen, target[going])
        more = (likeness[going] < ENOUGH) & (likeness[going] >= LEAST[step])
        going = going[more]
        if step == STEPS or not len(going):
            break
        places[going] = _bettered(seen[more], target[going], places[going])
    return places, likeness


def whole(pictures: Array, side: int) -> Floats:
    """Square pictures (n, s, s) as (n, side, side), as `resampled` would see all of them."""
    weights = _of_whole(pictures.shape[1], side)
    n, size, _ = pictures.shape
    # Two large products: many small ones take twice as long.
    across = pictures.reshape(-1, size).astype(np.float32, copy=False) @ weights.T
    turned = np.ascontiguousarray(across.reshape(n, size, side).swapaxes(1, 2))
    return np.asarray((turned.reshape(-1, size) @ weights.T).reshape(n, side, side).swapaxes(1, 2))


def resampled(pictures: Array, places: Floats, side: int) -> Floats:
    """The places (n, 4) of square pictures (n, s, s), as (n, side, side)."""
    across = _weights(places[:, 0], places[:, 2], pictures.shape[2], side)
    down = _weights(places[:, 1], places[:, 3], pictures.shape[1], side)
    return np.asarray(down @ pictures.astype(np.float32, copy=False) @ across.swapaxes(1, 2))


def correlation(one: Floats, other: Floats) -> Floats:
    """Of pairs of pictures (n, h, w)."""
    one, other = (x - x.mean((1, 2), keepdims=True) for x in (one, other))
    power = np.sqrt(np.square(one).sum((1, 2)) * np.square(other).sum((1, 2)))
    return np.asarray((one * other).sum((1, 2)) / (power + 1e-6))


def cells(differences: Floats) -> Floats:
    """The root of the mean square in each of 8 × 8 cells: (n, s, s) to (n, 8, 8)."""
    n, side, _ = differences.shape
    step = side // CELLS
    parts = np.square(differences).reshape(n, CELLS, step, CELLS, step)
    return np.asarray(np.sqrt(parts.mean((2, 4))))


@lru_cache
def _of_whole(size: int, side: int) -> Floats:
    weights: Floats = _weights(np.zeros(1, np.float32), np.ones(1, np.float32), size, side)[0]
    return weights


def _weights(start: Floats, stop: Floats, size: int, side: int) -> Floats:
    """(n, side, size): each output pixel's weights of the input's, a triangle about its centre."""
    step = (stop - start) * np.float32(size / side)
    middles = np.arange(side, dtype=np.float32) + np.float32(0.5)
    centres = (start * np.float32(size) - np.float32(0.5))[:, None] + middles * step[:, None]
    weights = centres[:, :, None] - np.arange(size, dtype=np.float32)
    np.abs(weights, out=weights)
    weights *= -1 / np.maximum(step, 1)[:, None, None]
    weights += 1
    np.maximum(weights, 0, out=weights)
    weights /= weights.sum(2, keepdims=True) + np.float32(1e-9)
    return np.asarray(weights)


def _bettered(seen: Floats, target: Floats, places: Floats) -> Floats:
    """One step of Gauss and Newton: edges, contrast and brightness in least squares."""
    side = seen.shape[1]
    wide, high = ((places[:, n + 2] - places[:, n])[:, None, None] / side for n in (0, 1))
    across, down = np.gradient(seen, axis=2) / wide, np.gradient(seen, axis=1) / high
    share = ((np.arange(side) + 0.5) / side).astype(np.float32)
    columns = np.stack(
        [
            across * (1 - share), down * (1 - share[:, None]),
            across * share, down * share[:, None], seen, np.ones_like(seen),
        ],
        axis=1,
    ).reshape(len(seen), 6, -1)  # fmt: skip
    squares = columns @ columns.swapaxes(1, 2)
    # Edges that nothing in the picture holds in place stay where they are.
    damping = 1e-3 * np.einsum("nii->ni", squares) + 1e-6
    squares += damping[:, :, None] * np.eye(6, dtype=np.float32)
    right = columns @ target.reshape(len(target), -1, 1)
    found = np.linalg.solve(squares, right)[:, :, 0]
    contrast = np.maximum(found[:, 4:5], 0.5)
    moved = places + (found[:, :4] / contrast).clip(-REACH, REACH)
    return np.asarray(moved.clip(-OUTSIDE, 1 + OUTSIDE), np.float32)


assert SIDE % CELLS == 0
