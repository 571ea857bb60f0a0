"""Two numbers an image, so that images that are alike lie together."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from atarimae.look.checks.neighbours import reduced
from atarimae.predict.search import Gallery
from atarimae.types import Floats

PCA, NEIGHBOURS = "pca", "neighbours"
NEAREST = 15  # images that each is to lie beside: Böhm, Berens and Kobak, JMLR 2022
FEWEST = 50  # images that are arranged by neighbours; fewer are shown by PCA alone
BEGIN, GO_ON = 250, 500  # iterations, in the first of which groups are pulled together
EVERY = 10  # iterations between two reports
BLOCK = 8192  # rows that are multiplied at once
SPREAD = 1e-4  # of the first places, in the direction that varies most

Told = Callable[[str], None]
Numbers = npt.NDArray[np.float64]


def pca(rows: Floats) -> Floats:
    """(n, 2): the two directions in which rows (n, d) vary most, about their mean.

    Of the two signs that a direction may have, it is that in which its largest number is positive.
    """
    mean = rows.mean(0, dtype=np.float64).astype(np.float32)
    _, directions = np.linalg.eigh(_scatter(rows, mean))
    axes = directions[:, : -3 if directions.shape[1] > 1 else None : -1]
    axes = axes * np.sign(axes[np.abs(axes).argmax(0), np.arange(axes.shape[1])])
    flat = axes.astype(np.float32)
    made = np.zeros((len(rows), 2), np.float32)
    for start in range(0, len(rows), BLOCK):
        block = rows[start : start + BLOCK] - mean
        made[start : start + BLOCK, : axes.shape[1]] = block @ flat
    return made


def _scatter(rows: Floats, mean: Floats) -> Numbers:
    """The sum of outer products of centred rows: blocks in float32, their sum in float64."""
    made = np.zeros((rows.shape[1], rows.shape[1]))
    for start in range(0, len(rows), BLOCK):
        block = rows[start : start + BLOCK] - mean
        made += block.T @ block
    return made


def neighbours(rows: Floats, told: Told = lambda said: None) -> Floats:
    """(n, 2): t-SNE (van der Maaten and Hinton, JMLR 2008) of the graph of nearest rows.

    `rows` (n, d) are of unit length, their neighbours found by cosine. It begins with PCA, has one
    thread and no chance in it: the same rows give the same map. As an edge of the graph counts
    whatever its length, only who is near whom matters.
    """
    from openTSNE import TSNE  # SciPy and scikit-learn: seconds
    from openTSNE.affinity import Uniform
    from openTSNE.nearest_neighbors import PrecomputedNeighbors

    told("looking for the nearest of each")
    small = reduced(rows)
    names = [str(number) for number in range(len(small))]
    near, cosines = Gallery(small, names).search(small, NEAREST, ids=names)
    graph = PrecomputedNeighbors(near, np.sqrt(np.maximum(0, 2 - 2 * cosines)))
    first = pca(small).astype(np.float64)
    first *= SPREAD / max(float(first[:, 0].std()), 1e-12)
    steps = _Steps(told)
    made = TSNE(
        early_exaggeration_iter=BEGIN, n_iter=GO_ON, n_jobs=1, random_state=0,
        callbacks=steps, callbacks_every_iters=EVERY,
    ).fit(affinities=Uniform(knn_index=graph, symmetrize="max"), initialization=first)  # fmt: skip
    return np.asarray(made, np.float32)


class _Steps:
    """Tells how far it is. The two phases count for themselves."""

    def __init__(self, told: Told) -> None:
        self.told = told
        self.began = -1

    def optimization_about_to_start(self) -> None:
        """Openings of both phases."""
        self.began += 1

    def __call__(self, iteration: int, error: float, embedding: object) -> bool:
        """Whether to stop: never."""
        done = iteration + BEGIN * max(self.began, 0)
        self.told(f"arranging, step {done} of {BEGIN + GO_ON}")
        return False


def can_arrange() -> bool:
    """Whether the library that arranges by neighbours is installed; it is not loaded for that."""
    from importlib.util import find_spec

    return find_spec("openTSNE") is not None
