"""What is sought as weights on embeddings: what tells the examples from the pool's usual tile.

Linear discriminant analysis with the pool itself as the other class, as exemplar detectors have it
(Hariharan, Malik, Ramanan, ECCV 2012): directions in which all tiles vary much count little. A
plain cosine takes every tile with a corner of a frame for one like another.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from atarimae.predict.tilecache import Block
from atarimae.types import Floats

TILES = 8192  # that say what is usual
RIDGE = 1.0  # of the mean variance, added to each
REJECTED = 0.25  # how far the usual tile moves towards what was rejected


@dataclass(frozen=True)
class Ground:
    """What tiles of the pool usually are."""

    mean: Floats  # (d)
    spread: Floats  # (d, d), the covariance with its ridge


@dataclass(frozen=True)
class Sought:
    """Weights (k, d) and bias (k): a tile's likeness is the largest of its products, less bias.

    0 is the pool's usual tile and 1 an example itself.
    """

    weights: Floats
    bias: Floats


def ground(blocks: Iterable[Block]) -> Ground:
    """From at most `TILES` tiles, evenly over all, the same in whatever blocks they lie."""
    rows = _sample([*blocks])
    mean = rows.mean(0)
    away = rows - mean
    spread = away.T @ away / max(len(rows) - 1, 1)
    spread[np.diag_indices_from(spread)] += RIDGE * max(float(np.trace(spread)), 1e-6) / len(mean)
    return Ground(mean, spread)


def sought(usual: Ground, examples: Floats, right: Floats, wrong: Floats) -> Sought:
    """From the vectors (n, d) of examples, and of tiles that a person took and rejected.

    As Rocchio has it: one direction, from what was rejected and is usual to the mean of examples
    and what was taken.
    """
    for_it = np.concatenate([examples, right]).mean(0)
    against = usual.mean
    if len(wrong):
        against = (1 - REJECTED) * usual.mean + REJECTED * wrong.mean(0)
    way = np.linalg.solve(usual.spread, for_it - against).astype(np.float32)
    length = float(way @ (for_it - usual.mean))
    if length <= 0:  # what was rejected is nearer to the examples than the pool is
        way = np.linalg.solve(usual.spread, for_it - usual.mean).astype(np.float32)
        length = float(way @ (for_it - usual.mean))
    weights = (way / max(length, 1e-12))[None]
    return Sought(weights, np.asarray(weights @ usual.mean, np.float32))


def _sample(blocks: list[Block]) -> Floats:
    """Every so many tiles, gone through by image."""
    parts = sorted(
        (image, start, stop, number)
        for number, block in enumerate(blocks)
        for image, start, stop in block.parts
    )
    step = max(math.ceil(sum(stop - start for _, start, stop, _ in parts) / TILES), 1)
    rows, seen = [], 0
    for _, start, stop, number in parts:
        vectors: Any = blocks[number].table["vector"]  # type: ignore[call-overload]
        rows.append(np.asarray(vectors[start + -seen % step : stop : step], np.float32))
        seen += stop - start
    return np.concatenate(rows)
