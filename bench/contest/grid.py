"""The rows: what each side may try, fixed before anything is measured."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from itertools import product

from atarimae.demo.ideas import PROJECTED

SEEDS = (0, 1, 2)
RATES = (1e-4, 3e-4, 1e-3)
SIZE = 128  # px, of every row
WIDTH = 512  # numbers in the embedding of those that have a layer for it
OURS, OML, PML = "atarimae", "open-metric-learning", "pytorch-metric-learning"
PEERS = {
    OML: ("oml_hard", "oml_all"),
    PML: ("pml_triplet", "pml_similarity"),
}
RECIPES: Mapping[str, Mapping[str, object]] = {  # the demo's best, and with mirror images
    "projection": PROJECTED,
    "projection_flip": {**PROJECTED, "tta_flip": True},
}


@dataclass(frozen=True)
class Row:
    """One training: a side's recipe at a learning rate, with a seed."""

    side: str
    recipe: str
    lr: float
    seed: int
    settings: Mapping[str, object] = field(default_factory=dict)  # of ours alone

    @property
    def setting(self) -> tuple[str, str, float]:
        """What is chosen among: seeds are averaged."""
        return self.side, self.recipe, self.lr

    @property
    def name(self) -> str:
        """Of its folder."""
        return f"{self.recipe}-lr{self.lr:g}-seed{self.seed}"

    def as_dict(self) -> dict[str, object]:
        """Plain JSON values."""
        return asdict(self)


def rows() -> list[Row]:
    """All rows, seed by seed, so that a part of them compares all settings."""
    made: list[Row] = []
    for seed in SEEDS:
        made += [
            Row(OURS, name, rate, seed, {**settings, "lr": rate})
            for (name, settings), rate in product(RECIPES.items(), RATES)
        ]
        for side, recipes in PEERS.items():
            made += [Row(side, name, rate, seed) for name, rate in product(recipes, RATES)]
    return made
