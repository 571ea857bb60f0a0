"""The low frequencies of previews and of windows in them: what copies share, whichever way up.

Of each picture come the first cosines of its brightness (as perceptual hashes take them), and the
same of 99 windows in it, for copies that were cut. All of them are two small matrix products of
one preview. A mirrored or turned picture has the same numbers with other signs and with rows and
columns swapped, so that the eight orientations of a picture cost nothing: each vector is written
in one canonical orientation, and where that is in doubt in all those that it may have.

Beside them stands a tone: brightness, contrast and the low frequencies of the colours, which copies
share as well, and most look-alikes don't.
"""

from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from typing import Any, TypeVar

import numpy as np

from atarimae.types import Array, Bools, Floats, Ints

Kind = TypeVar("Kind", bound="np.ndarray[Any, Any]")
Intervals = tuple[tuple[float, float], ...]

COSINES = 7  # a side
MOST = 8  # of the sum of a cosine's two frequencies
EDGES = (0.0, 0.1, 0.2, 0.3)  # of the side: how far a window's edges lie inside
SHORTEST = 0.65  # of the side, of a window
FLAT = 3.0  # grey levels of deviation, below which a window shows nothing
DOUBT = 0.15  # of a vector's length: signs of smaller numbers are not trusted
COLOURS = 4  # cosines a side of Cb and of Cr
LIGHT, CONTRAST, COLOUR = 0, 1, 2  # where in a tone they stand; the colours to its end

INTERVALS = tuple(
    (low, 1 - high) for low, high in product(EDGES, EDGES) if 1 - high - low >= SHORTEST
)
_WHOLE = ((0.0, 1.0),)
WINDOWS = tuple((x, y) for y in INTERVALS for x in INTERVALS)  # the first is the whole picture

_USED = [(u, v) for u, v in product(range(COSINES), repeat=2) if 1 <= u + v <= MOST]
_ROWS, _COLUMNS = np.array(_USED).T
_WEIGHTS = np.hypot(_ROWS, _COLUMNS).astype(np.float32) ** 0.5  # photographs fall with frequency


@dataclass(frozen=True)
class Vectors:
    """n unit vectors of brightness, each in one orientation of a picture."""

    vectors: Floats  # (n, width)
    images: Ints  # the row of the preview that each is of
    windows: Ints  # its number in `WINDOWS`
    turns: Ints  # which orientation it is written in: see `turned`
    tones: Floats  # (n, 2 + 2 COLOURS²): grey levels, their logarithm, levels of Cb and Cr


def whole(grey: Array, colour: Array) -> Vectors:
    """Of whole previews, see `hashes.PREVIEW`, in every orientation that may be the canonical."""
    numbers = _cosines(grey, _WHOLE)
    tints = _tints(colour, _WHOLE)
    own, seen = _turn(numbers), _shown(numbers)
    length = np.sqrt(_power(numbers)) + 1e-9
    across, down = np.abs(numbers[:, 0, 1]) / length, np.abs(numbers[:, 1, 0]) / length
    doubts = (across < DOUBT, down < DOUBT, np.abs(across - down) < DOUBT)
    kept: list[Vectors] = []
    for other in range(8):
        possible = seen.copy()
        for bit, doubt in enumerate(doubts):
            if other >> bit & 1:
                possible &= doubt
        rows = np.flatnonzero(possible)
        turns = own[rows] ^ other
        vectors = _unit(turned_cosines(numbers[rows], turns))
        fresh = _new(vectors, rows, kept)
        rows, turns = rows[fresh], turns[fresh]
        tones = _tones(numbers[rows], tints[rows], turns)
        kept.append(Vectors(vectors[fresh], rows, np.zeros(len(rows), np.int64), turns, tones))
    return Vectors(*(np.concatenate([getattr(one, name) for one in kept]) for name in _NAMES))


def of_windows(grey: Array, colour: Array) -> Vectors:
    """Of all `WINDOWS` of previews, each in its canonical orientation alone."""
    numbers = _cosines(grey, INTERVALS)
    seen = np.flatnonzero(_shown(numbers))
    numbers, turns = numbers[seen], _turn(numbers[seen])
    images, windows = np.divmod(seen, len(WINDOWS))
    tones = _tones(numbers, _tints(colour, INTERVALS)[seen], turns)
    return Vectors(_unit(turned_cosines(numbers, turns)), images, windows, turns, tones)


def turned(pictures: Kind, turns: Ints) -> Kind:
    """Pictures (n, side, side) in other orientations.

    An orientation is three bits: 1 mirrors across, 2 mirrors down, 4 swaps rows and columns
    afterwards.
    """
    made: Kind = np.empty_like(pictures)
    for turn in range(8):
        rows = turns == turn
        one = pictures[rows]
        one = one[:, :: -1 if turn & 2 else 1, :: -1 if turn & 1 else 1]
        made[rows] = one.swapaxes(1, 2) if turn & 4 else one
    return made


def turned_cosines(numbers: Floats, turns: Ints) -> Floats:
    """Cosines (n, side, side) of the picture that `turned` would give."""
    n, side, _ = numbers.shape
    flat = numbers.reshape(n, side * side)
    made = np.empty_like(flat)
    for turn, (places, signs) in enumerate(_orientations(side)):
        rows = np.flatnonzero(turns == turn)
        made[rows] = flat.take(rows, axis=0)[:, places] * signs
    return made.reshape(numbers.shape)


@lru_cache
def _orientations(side: int) -> tuple[tuple[Ints, Floats], ...]:
    """By turn, which of the flat cosines each was before, and its sign."""
    places = np.arange(side * side).reshape(side, side)
    same = np.ones(side, np.float32)
    mirrored = np.where(np.arange(side) % 2, -same, same)
    made = []
    for turn in range(8):
        signs = np.outer(mirrored if turn & 2 else same, mirrored if turn & 1 else same)
        pair = (places.T, signs.T) if turn & 4 else (places, signs)
        made.append((pair[0].ravel(), pair[1].ravel()))
    return tuple(made)


def _tones(numbers: Floats, tints: Floats, turns: Ints) -> Floats:
    """Of cosines of brightness, and of those of the colours (n, 2, COLOURS, COLOURS)."""
    contrast = np.log(np.sqrt(_power(numbers)) + 1)
    colours = [
        turned_cosines(tints[:, band], turns).reshape(len(tints), COLOURS**2) for band in (0, 1)
    ]
    return np.asarray(np.column_stack([numbers[:, 0, 0], contrast, *colours]), np.float32)


def _tints(colour: Array, intervals: Intervals) -> Floats:
    """(n × windows, 2, COLOURS, COLOURS)."""
    bands = [_cosines(colour[:, band], intervals, COLOURS) for band in (0, 1)]
    return np.stack(bands, axis=1)


def _cosines(pictures: Array, intervals: Intervals, number: int = COSINES) -> Floats:
    """(n × windows, number, number): rows are frequencies down, columns across."""
    flat = _basis(intervals, number, pictures.shape[1]).reshape(len(intervals) * number, -1)
    numbers = flat @ pictures.astype(np.float32) @ flat.T
    many = len(intervals)
    apart = numbers.reshape(-1, many, number, many, number).transpose(0, 1, 3, 2, 4)
    return np.ascontiguousarray(apart).reshape(-1, number, number)


@lru_cache
def _basis(intervals: Intervals, number: int, side: int) -> Floats:
    """(intervals, number, side): means of the pixels inside, weighted by each cosine."""
    pixels = np.arange(side)
    made = np.empty((len(intervals), number, side), np.float32)
    for row, (start, stop) in enumerate(intervals):
        low, high = start * side, stop * side
        inside = (np.minimum(pixels + 1, high) - np.maximum(pixels, low)).clip(0, 1)
        place = ((pixels + 0.5 - low) / (high - low)).clip(0, 1)
        waves = np.cos(np.pi * np.arange(number)[:, None] * place)
        waves[1:] *= np.sqrt(2)
        made[row] = waves * inside / (high - low)
    return made


def _turn(numbers: Floats) -> Ints:
    """The orientation in which left and top are lighter, and the left by more."""
    across, down = numbers[:, 0, 1], numbers[:, 1, 0]
    swap = np.abs(down) > np.abs(across)
    return np.asarray((across < 0) + 2 * (down < 0) + 4 * swap, np.int64)


def _shown(numbers: Floats) -> Bools:
    return np.asarray(_power(numbers) >= FLAT**2)


def _power(numbers: Floats) -> Floats:
    """The sum of the squares of those that are used: (n,)."""
    return np.asarray(np.square(_picked(numbers)).sum(1))


def _unit(numbers: Floats) -> Floats:
    chosen = _picked(numbers) * _WEIGHTS
    return np.asarray(chosen / (np.linalg.norm(chosen, axis=1, keepdims=True) + 1e-9), np.float32)


def _picked(numbers: Floats) -> Floats:
    """(n, width). Picked from flat rows, it lies row by row, which all that follows counts on."""
    flat = numbers.reshape(len(numbers), COSINES**2)
    return np.asarray(flat.take(_ROWS * COSINES + _COLUMNS, axis=1))


def _new(vectors: Floats, rows: Ints, kept: list[Vectors]) -> Bools:
    """Which are not nearly one that the same picture has already: symmetric ones have many."""
    fresh = np.ones(len(rows), bool)
    for one in kept:
        place = np.searchsorted(one.images, rows).clip(max=max(len(one.images) - 1, 0))
        if len(one.images):
            there = one.images[place] == rows
            alike = np.einsum("nd,nd->n", vectors, one.vectors[place]) > 0.995
            fresh &= ~(there & alike)
    return fresh


_NAMES = ("vectors", "images", "windows", "turns", "tones")
