"""What an image is compared with: the others of its class, or all images where there are none.

Not its neighbours in a run's embeddings: a collage's are other collages.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from atarimae.types import Bools, Data, Ints

Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Peers:
    """The classes of n images; one that is alone in its class, or has none, is in none."""

    classes: tuple[Ints, ...]  # the numbers of the images of each, two or more
    classed: Bools  # (n,): whether an image has others of its class

    def mean(self, values: Numbers) -> Numbers:
        """(n,): for each image the mean over those that it is compared with, of (n,) values."""
        found = np.full(len(values), values.mean() if len(values) else np.nan)
        for some in self.classes:
            found[some] = (values[some].sum() - values[some]) / (len(some) - 1)
        return found

    def median(self, values: Numbers) -> Numbers:
        """(n,): the same, of the median."""
        found = np.full(len(values), np.median(values) if len(values) else np.nan)
        for some in self.classes:
            found[some] = _medians(values[some])
        return found


def peers_of(data: Data, place: Mapping[str, int]) -> Peers:
    """Of the images that `place` numbers. What has several classes counts in the first."""
    own: dict[int, str] = {}
    of_class: dict[str, list[int]] = {}
    for file in data.files:
        number, name = place.get(file.image), data.label(file)
        if number is not None and name is not None and number not in own:
            own[number] = name
            of_class.setdefault(name, []).append(number)
    classes = tuple(np.array(some, np.int64) for some in of_class.values() if len(some) > 1)
    classed = np.zeros(len(place), bool)
    for some in classes:
        classed[some] = True
    return Peers(classes, classed)


def _medians(values: Numbers) -> Numbers:
    """(m,): for each of m values the median of the others."""
    order = np.argsort(values, kind="stable")
    ranks = np.empty(len(values), np.int64)
    ranks[order] = np.arange(len(values))

    def other(place: int) -> Numbers:
        """What stands at that place where the value itself is taken out."""
        return np.asarray(values[order[place + (ranks <= place)]])

    return np.asarray((other((len(values) - 2) // 2) + other((len(values) - 1) // 2)) / 2)
