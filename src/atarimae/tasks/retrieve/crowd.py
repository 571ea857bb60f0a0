"""How near a gallery image lies to images of other classes: it is found by anything there."""

import numpy as np

from atarimae.predict.index import Catalogue
from atarimae.tasks.retrieve.rank.propagation import numbered
from atarimae.types import Floats, Ints

REACH = 20  # neighbours that are looked at
COHORT = 10  # the nearest of them of other classes, whose mean cosine is told
ROWS = 4096  # at once


class Crowd:
    """Told of each gallery image the first time that it is asked for; kept from then on."""

    def __init__(self, gallery: Catalogue) -> None:
        self.classes = numbered(gallery.index.labels)
        self._gallery = gallery
        self._told = np.full(len(gallery), np.nan, np.float32)

    def of(self, positions: Ints) -> Floats:
        """The mean cosine of the `COHORT` nearest images of other classes, (n); 0 for -1.

        Images without a class are each of another one. Where all neighbours are of the image's
        own class it is the cosine of the last of them.
        """
        asked = np.unique(positions[positions >= 0])
        asked = asked[np.isnan(self._told[asked])]
        for start in range(0, len(asked), ROWS):
            some = asked[start : start + ROWS]
            self._told[some] = self._look(some)
        return np.append(self._told, np.float32(0))[positions]

    def _look(self, positions: Ints) -> Floats:
        gallery = self._gallery
        images = [gallery.index.files[position].image for position in positions]
        match, cosine = gallery.search(gallery.rows(positions), REACH, ids=images)
        there = np.isfinite(cosine)
        own = self.classes[positions][:, None]
        others = there & ((np.append(self.classes, -1)[match] != own) | (own < 0))
        others &= np.cumsum(others, axis=1) <= COHORT
        last = np.where(there, cosine, np.inf).min(axis=1)
        sums = np.where(others, cosine, 0).sum(axis=1, dtype=np.float64)
        mean = sums / np.maximum(others.sum(axis=1), 1)
        told = np.where(others.any(axis=1), mean, np.where(np.isfinite(last), last, 0))
        return np.asarray(told, np.float32)
