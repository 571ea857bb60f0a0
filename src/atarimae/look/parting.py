"""Parts of a class that a run sees apart: a proposal for a split, from embeddings that are there.

k-means finds parts in any cloud of points. Whether they are apart is tested as SigClust does (Liu,
Hayes, Nobel & Marron, JASA 103, 2008): clouds of one piece are drawn with the same spread in each
direction, and parted in the same way.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
import numpy.typing as npt

from atarimae import task
from atarimae.errors import AtarimaeError, UsageError
from atarimae.look.checks.judged import newest
from atarimae.look.checks.neighbours import reduced
from atarimae.store import Classes, Store
from atarimae.types import Ints
from atarimae.workspace import Workspace

STARTS, STEPS = 5, 30  # of k-means: times it begins anew, and how far it goes each time
CLOUDS = 99  # of one piece
MOST = 2000  # images that are parted; of a larger class so many at random
APART = 0.05  # probability of a cloud of one piece below which parts count as apart

Points = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Parting:
    """A class in parts, the largest first; each the paths of its images, the most typical first."""

    name: str
    parts: tuple[tuple[str, ...], ...]
    chance: float  # that a cloud of one piece falls apart as far
    run: str
    unknown: int  # images of the class that the run has not embedded

    @property
    def is_apart(self) -> bool:
        """Whether the parts are more than what is found in any cloud."""
        return self.chance < APART

    def told(self) -> str:
        """What was found, in a sentence or two."""
        sizes = " and ".join(f"{len(part):,}" for part in self.parts)
        word = "falls apart" if self.is_apart else "does not fall apart: leave it as it is"
        more = f" {self.unknown:,} more are not embedded." if self.unknown else ""
        return (
            f"'{self.name}' {word}. Parts of {sizes} images, in the embeddings of run {self.run}; "
            f"a class of one piece has parts so far apart with probability {self.chance:.2f}.{more}"
        )

    def as_dict(self) -> dict[str, object]:
        """JSON values."""
        return {
            "class": self.name, "apart": self.is_apart, "chance": self.chance, "run": self.run,
            "parts": [list(part) for part in self.parts], "unknown": self.unknown,
        }  # fmt: skip


def parts(workspace: Workspace, name: str, number: int = 2, seed: int = 0) -> Parting:
    """So many parts of a class, by the newest run's embeddings. Nothing is embedded for it."""
    store = Store(workspace)
    named, data = Classes(store).name(name), store.data()
    judged = newest(workspace, task.load(workspace.task))
    if judged is None:
        raise AtarimaeError(
            "There are no embeddings to part a class by.", "No run has left a model.",
            "Fit one: atarimae fit --because baseline",
        )  # fmt: skip
    own = data.where(lambda file: named in data.classes(file))
    known, embedded = judged.embedded(own)
    first = {file.image: place for place, file in reversed([*enumerate(known.files)])}
    places = sorted(first.values())
    if not 2 <= number <= len(places) // 2:
        raise UsageError(
            f"'{named}' can't be put into {number} parts.",
            f"{len(places):,} of its images are embedded.",
            "A part needs two images on average, and there are two parts or more.",
        )
    random = np.random.default_rng(seed)
    chosen = np.sort(random.permutation(len(places))[:MOST])
    rows = reduced([embedded[places[place]] for place in chosen]).astype(np.float64)
    sides, centres = k_means(rows, number, random)
    paths = [known.files[places[place]].path for place in chosen]
    images = {file.image for file in own.files}
    return Parting(
        named, _by_part(paths, rows, sides, centres), chance(rows, sides, random),
        judged.run.id, len(images) - len(places),
    )  # fmt: skip


def k_means(rows: Points, number: int, random: np.random.Generator) -> tuple[Ints, Points]:
    """The part of each row, and the parts' centres: the best of some starts (k-means++)."""
    tries = [_parted(rows, _starts(rows, number, random)) for _ in range(STARTS)]
    return min(tries, key=lambda found: within(rows, found[0]))


def within(rows: Points, sides: Ints) -> float:
    """The squared distances to the parts' means, as a share of those to the mean of all."""
    whole = float(((rows - rows.mean(0)) ** 2).sum())
    parts = (rows[sides == side] for side in np.unique(sides))
    return sum(float(((part - part.mean(0)) ** 2).sum()) for part in parts) / max(whole, 1e-12)


def chance(rows: Points, sides: Ints, random: np.random.Generator) -> float:
    """How often a cloud of one piece with the same spread is parted as well, of `CLOUDS` and us."""
    number, found = len(np.unique(sides)), within(rows, sides)
    spread = np.linalg.svd(rows - rows.mean(0), compute_uv=False) / np.sqrt(len(rows) - 1)
    as_far = 0
    for _ in range(CLOUDS):
        cloud = random.normal(size=(len(rows), len(spread))) * spread
        as_far += within(cloud, k_means(cloud, number, random)[0]) <= found
    return (1 + as_far) / (1 + CLOUDS)


def _starts(rows: Points, number: int, random: np.random.Generator) -> Points:
    """Rows that lie far from each other, by chance."""
    centres = [rows[random.integers(len(rows))]]
    for _ in range(number - 1):
        far = np.min([((rows - centre) ** 2).sum(1) for centre in centres], axis=0)
        total = far.sum()
        share = far / total if total > 0 else None
        centres.append(rows[random.choice(len(rows), p=share)])
    return np.array(centres)


def _parted(rows: Points, centres: Points) -> tuple[Ints, Points]:
    sides = np.full(len(rows), -1)
    for _ in range(STEPS):
        distances = ((rows[:, None, :] - centres[None]) ** 2).sum(2)
        nearest = distances.argmin(1)
        if (nearest == sides).all():
            break
        sides = nearest
        there = [rows[sides == side] for side in range(len(centres))]
        centres = np.array(
            [part.mean(0) if len(part) else old for part, old in zip(there, centres, strict=True)]
        )
    return cast(Ints, sides), centres


def _by_part(
    paths: Sequence[str], rows: Points, sides: Ints, centres: Points
) -> tuple[tuple[str, ...], ...]:
    found = []
    for side, centre in enumerate(centres):
        own = np.flatnonzero(sides == side)
        order = np.argsort(((rows[own] - centre) ** 2).sum(1), kind="stable")
        found.append(tuple(paths[place] for place in own[order]))
    return tuple(sorted((part for part in found if part), key=lambda part: (-len(part), part)))
