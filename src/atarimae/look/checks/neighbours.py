"""The images nearest to each image, in the embeddings of the newest run."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from atarimae.look.checks.finding import Beside
from atarimae.predict.search import Gallery
from atarimae.predict.unit import unit
from atarimae.types import Array, Data, File, Floats, Ints

NEAREST = 10  # of each image
WIDEST = 128  # numbers of an embedding that are searched in; more are reduced to so many
SAMPLE = 5000  # images that the reduction is fitted on


@dataclass(frozen=True, eq=False)
class Neighbours:
    """One file an image, with its embedding and the nearest other images."""

    files: tuple[File, ...]
    rows: Floats  # (n, at most `WIDEST`), of unit length
    near: Ints  # (n, `NEAREST`) numbers of files, nearest first; -1 where there are fewer
    cosines: Floats  # (n, `NEAREST`); -inf where there are fewer


def neighbours(known: Beside, data: Data) -> Neighbours | None:
    """Of the images that the newest run embedded already; None where these are fewer than two."""
    return known.answers.once("neighbours", data, lambda: _found(known, data))


def _found(known: Beside, data: Data) -> Neighbours | None:
    there, embedded = known.embedded(data)
    first = {file.image: place for place, file in reversed([*enumerate(there.files)])}
    if len(first) < 2:
        return None
    places = sorted(first.values())
    files = tuple(there.files[place] for place in places)
    rows = reduced([embedded[place] for place in places])
    names = [file.image for file in files]
    near, cosines = Gallery(rows, names).search(rows, NEAREST, ids=names)
    return Neighbours(files, rows, near, cosines)


def reduced(rows: Sequence[Array] | Floats) -> Floats:
    """Rows of unit length; long ones in the directions in which they vary most.

    The mean stays in: cosines are of the rows as they are, as far as those directions hold them.
    """
    made = unit(rows)
    if made.shape[1] <= WIDEST:
        return made
    some = np.random.default_rng(0).permutation(len(made))[:SAMPLE]
    sample = made[np.sort(some)].astype(np.float64)
    _, directions = np.linalg.eigh(sample.T @ sample)
    return unit(made @ directions[:, -WIDEST:].astype(np.float32))
