"""What a model was trained on, as chains look at it: it votes, and whitening is fitted there.

A row costs two bytes a number. What is hidden from a query is hidden here as well: its own image,
and its source.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from atarimae.predict.unit import embeddings
from atarimae.tasks.retrieve.rank.propagation import Lists
from atarimae.tasks.retrieve.rank.view import Asked, Plain
from atarimae.tasks.retrieve.whitening import whitened, whitening
from atarimae.types import Array, Data, Floats, Index, Ints


def remembered(outputs: Sequence[Array] | Floats, data: Data) -> Index:
    """The labelled files in order of path, with their embeddings as float16."""
    rows = [row for row, file in enumerate(data.files) if data.label(file) is not None]
    rows.sort(key=lambda row: data.files[row].path)
    files = tuple(data.files[row] for row in rows)
    labels = tuple(data.label(file) or "" for file in files)
    of = embeddings(outputs)
    kept = [np.asarray(of[row], np.float16) for row in rows]
    return Index(files, labels, {"embedding": np.stack(kept) if kept else np.zeros((0, 1))})


@dataclass(frozen=True)
class Learned:
    """Training images; their labels as numbers, those of the gallery among them."""

    plain: Plain
    labels: Ints
    voters: Ints  # positions of those that are not in the gallery, where they are answers already

    def votes(self, asked: Asked, k: int) -> Lists:
        """Labels of the k nearest voters of each query, (n, k), and their similarities."""
        known = self.plain.once("voters", lambda: self._some(self.voters))
        match, similarity = known.search(asked, k)
        return np.append(self.labels[self.voters], -1)[match], similarity

    def whitening(self, dimension: int, shrink: float, *, by_class: bool) -> dict[str, Array]:
        """Mean and matrix; the same fit serves every dimension."""
        rows = self.plain.rows
        known = self.plain.once(
            f"whitening {shrink} {by_class}",
            lambda: whitening(
                rows, self.labels.tolist() if by_class else None, rows.shape[1], shrink
            ),
        )
        return {"mean": known["mean"], "matrix": known["matrix"][:, :dimension]}

    def moved(self, name: str, by: dict[str, Array]) -> "Learned":
        """These images in a whitened space."""
        return Learned(moved(self.plain, name, by), self.labels, self.voters)

    def _some(self, rows: Ints) -> Plain:
        asked = Asked(self.plain.rows, self.plain.ids, self.plain.sources).some(rows)
        return Plain(asked.rows, asked.ids, asked.sources)


def moved(plain: Plain, name: str, by: dict[str, Array]) -> Plain:
    """A gallery in a whitened space."""
    return plain.once(name, lambda: Plain(whitened(plain.rows, by), plain.ids, plain.sources))
