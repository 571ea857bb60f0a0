"""A learning curve: the error falls with the number of labels n as a·n^-b + c.

Such curves hold over orders of magnitude for many models (Hestness et al., arXiv 1712.00409, 2017),
and may not hold beyond what was measured; so the interval comes with a check on the largest size.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from atarimae.score.intervals import BOUNDS

Numbers = npt.NDArray[np.float64]

EXPONENTS = np.geomspace(0.05, 2.0, 60)


@dataclass(frozen=True)
class Law:
    """Of one curve, or of k curves with an array (k,) for each number."""

    a: Numbers
    b: Numbers
    c: Numbers

    def at(self, number: float) -> Numbers:
        """The error with so many labels."""
        return np.asarray(self.a * number**-self.b + self.c)


@dataclass(frozen=True)
class Bound:
    """A value with its 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Curve:
    """What was measured at each size, the law of it, and what further labels would bring."""

    sizes: tuple[int, ...]
    errors: tuple[Bound, ...]
    exponent: Bound
    now: Bound  # the error with all labels that there are
    gain: Bound  # by how much it would fall with the further ones
    fall: Bound  # of the error from the last size but one to the largest: no law in it
    predicted: float  # the error at the largest size, by a law of the smaller ones


def power_law(sizes: npt.ArrayLike, errors: npt.ArrayLike) -> Law:
    """The law of least squares for errors (k, s) at s sizes, with a and c of 0 or more."""
    number = np.asarray(sizes, np.float64)
    rows = np.atleast_2d(np.asarray(errors, np.float64))
    best, found = np.full(len(rows), np.inf), np.zeros((3, len(rows)))
    for b in EXPONENTS:
        falling = number**-b
        a, c = _line(falling, rows)
        left = np.square(rows - a[:, None] * falling - c[:, None]).sum(1)
        better = left < best - 1e-15
        best[better] = left[better]
        found[:, better] = np.stack([a, np.full(len(a), b), c])[:, better]
    return Law(*found)


def curve(
    sizes: npt.NDArray[np.int64],
    wrong: Numbers,
    asked: Numbers,
    now: int,
    more: int,
    *,
    draws: int = 500,
    seed: int = 0,
) -> Curve:
    """From `wrong` (seeds, sizes, images): 1 where an image was told wrongly, 0 where rightly.

    `asked` (seeds, images) is 1 where an image was asked about. Images and seeds are resampled
    together for all sizes, since the same images stand at each of them.
    """
    random = np.random.default_rng(seed)
    seeds, _, images = wrong.shape
    drawn = np.stack([
        _mean(wrong, asked, _again(images, random), _again(seeds, random)) for _ in range(draws)
    ])  # fmt: skip
    rows = np.vstack([_mean(wrong, asked, np.ones(images), np.ones(seeds)), drawn])
    law = power_law(sizes, rows)
    at_now = law.at(now)
    return Curve(
        tuple(map(int, sizes)), tuple(_bound(rows[:, n]) for n in range(len(sizes))),
        _bound(law.b), _bound(at_now), _bound(at_now - law.at(now + more)),
        _bound(rows[:, -2] - rows[:, -1]),
        float(power_law(sizes[:-1], rows[:1, :-1]).at(int(sizes[-1]))[0]),
    )  # fmt: skip


def _line(falling: Numbers, rows: Numbers) -> tuple[Numbers, Numbers]:
    """The best a and c, neither below 0; errors are none below 0 either."""
    spread = falling - falling.mean()
    a = np.maximum(rows @ spread / (spread @ spread), 0)
    c = rows.mean(1) - a * falling.mean()
    alone = rows @ falling / (falling @ falling)
    return np.where(c < 0, alone, a), np.maximum(c, 0)


def _mean(wrong: Numbers, asked: Numbers, images: Numbers, seeds: Numbers) -> Numbers:
    """(sizes,): the share told wrongly, each image and seed counted so often."""
    counted = asked * images * seeds[:, None]
    return np.asarray(np.einsum("ksi,ki->s", wrong, counted) / max(float(counted.sum()), 1.0))


def _again(number: int, random: np.random.Generator) -> Numbers:
    """(number,): how often each is drawn, of as many draws with replacement."""
    drawn = random.integers(0, number, number)
    return np.bincount(drawn, minlength=number).astype(np.float64)


def _bound(values: Numbers) -> Bound:
    """The first is the value, the others are draws."""
    low, high = np.percentile(values[1:], BOUNDS)
    return Bound(float(values[0]), float(low), float(high))
