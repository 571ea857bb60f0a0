"""All near neighbours of many vectors at once: in cells, each compared in one matrix product.

An index that answers one question after the other reads a cell's vectors anew for each. Here the
questions are sorted by cell first, which takes a third of the time.
"""

from itertools import pairwise

import numpy as np
import numpy.typing as npt

from atarimae.types import Floats, Ints

FEW = 4096  # vectors that are all compared
TRAIN = 64  # vectors a cell that its centre is learned from
ROUNDS = 10  # of learning
PROBES = 6  # cells that are looked into
MOST = 16  # neighbours of a question in one cell
ROWS = 2048  # questions whose cells are told at once
PRODUCT = 1 << 21  # numbers of one product

Near = tuple[Ints, Ints, Floats]  # n questions, their neighbours, and the cosines of both


class Cells:
    """Unit vectors (n, width), sorted by the nearest of 2√n centres."""

    def __init__(self, vectors: Floats) -> None:
        self._centres = _centres(vectors)
        cell = self._nearest(vectors, 1)[:, 0]
        self._order = np.argsort(cell, kind="stable")
        self._vectors = vectors[self._order]
        self._starts = np.searchsorted(cell[self._order], np.arange(len(self._centres) + 1))

    def near(self, asked: Floats, least: Floats) -> Near:
        """Pairs whose cosine is at least that of the question.

        Of one question and one cell there are the `MOST` nearest at most.
        """
        cells = self._nearest(asked, PROBES)
        order = np.argsort(cells.ravel(), kind="stable")
        starts = np.searchsorted(cells.ravel()[order], np.arange(len(self._centres) + 1))
        rows = order // cells.shape[1]
        parts = [(_INTS, _INTS, np.zeros(0, np.float32))]
        for cell, (start, stop) in enumerate(pairwise(self._starts)):
            if start == stop:
                continue
            step = max(1, PRODUCT // int(stop - start))
            for place in range(starts[cell], starts[cell + 1], step):
                some = rows[place : min(place + step, starts[cell + 1])]
                cosines = asked.take(some, axis=0) @ self._vectors[start:stop].T
                found, there, cosines = _highest(cosines, least.take(some))
                parts.append((some[found], self._order[start + there], cosines))
        found, there, cosines = (np.concatenate(part) for part in zip(*parts, strict=True))
        return found, there, cosines

    def _nearest(self, vectors: Floats, number: int) -> npt.NDArray[np.int16]:
        """(n, number): the cells with the nearest centres; fewer where there are fewer.

        By NumPy alone: questions are gone through in forked processes, where FAISS's threads are
        gone. The highest few of hundreds are told soonest one after the other.
        """
        number = min(number, len(self._centres))
        found = np.empty((len(vectors), number), np.int16)
        for start in range(0, len(vectors), ROWS):
            cosines = vectors[start : start + ROWS] @ self._centres.T
            rows = np.arange(len(cosines))
            for place in range(number):
                highest = cosines.argmax(1)
                found[start : start + ROWS, place] = highest
                cosines[rows, highest] = -np.inf
        return found


def _centres(vectors: Floats) -> Floats:
    """(cells, width); one for few vectors."""
    import faiss

    cells = int(2 * np.sqrt(len(vectors))) if len(vectors) > FEW else 1
    learned = faiss.Clustering(vectors.shape[1], cells)
    learned.seed, learned.max_points_per_centroid, learned.min_points_per_centroid = 0, TRAIN, 1
    learned.spherical, learned.niter = True, ROUNDS
    learned.train(vectors, faiss.IndexFlatIP(vectors.shape[1]))
    return np.asarray(faiss.vector_to_array(learned.centroids).reshape(cells, -1), np.float32)


def _highest(cosines: Floats, least: Floats) -> Near:
    """Those of each row (n, m) that are at least its bound, and among its `MOST` highest."""
    # Flat: several times as fast as rows and columns at once.
    flat = np.flatnonzero(cosines >= least[:, None])
    rows, columns = np.divmod(flat, cosines.shape[1])
    values = cosines.ravel()[flat]
    many = np.flatnonzero(np.bincount(rows, minlength=len(cosines)) > MOST)
    if len(many):
        bounds = least.copy()
        bounds[many] = np.partition(cosines[many], -MOST, axis=1)[:, -MOST]
        high = values >= bounds[rows]
        rows, columns, values = rows[high], columns[high], values[high]
    return rows, columns, values


_INTS = np.zeros(0, np.int64)
