"""A gallery that is searched by each member of an ensemble, and the lists fused."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np

from atarimae.predict.search import Gallery
from atarimae.predict.unit import unit
from atarimae.tasks.retrieve.joining.fusion import Fused, Lists, fused
from atarimae.tasks.retrieve.joining.recipe import FUSIONS
from atarimae.tasks.retrieve.rank.view import Asked
from atarimae.types import Floats, Index


@dataclass(frozen=True)
class Fusion:
    """How a model's settings fuse lists, and how many numbers each member's embedding has."""

    how: Fused
    widths: tuple[int, ...]


def fusion_of(settings: Mapping[str, object]) -> Fusion | None:
    """None where a model answers by one embedding."""
    if settings.get("join") not in FUSIONS:
        return None
    how = Fused(
        str(settings["join"]), cast(float, settings["constant"]), cast(int, settings["depth"])
    )
    return Fusion(how, tuple(cast(Sequence[int], settings["widths"])))


class MemberFinder:
    """Each member's own columns of the rows (m, d), searched exactly."""

    def __init__(self, rows: Floats, index: Index, widths: Sequence[int]) -> None:
        ids, sources = [file.image for file in index.files], [file.source for file in index.files]
        self._ends = np.cumsum(widths)[:-1].tolist()
        self._galleries = [Gallery(unit(side), ids, sources) for side in self._sides(rows)]

    def __call__(self, how: Fused, asked: Asked, k: int) -> Lists:
        """As a chain's finder: positions (n, k) and fused scores, best first."""
        lists = [
            gallery.search(unit(side), how.depth, ids=asked.ids, sources=asked.sources)
            for gallery, side in zip(self._galleries, self._sides(asked.rows), strict=True)
        ]
        return fused(lists, how, k)

    def _sides(self, rows: Floats) -> list[Floats]:
        return np.split(rows, self._ends, axis=1)
