"""Metric-learning losses by name, a file a family.

None is pytorch-metric-learning's. Its losses with centres have one margin for all classes, and turn
the class weights into bf16 with the first embeddings in bf16; its SmoothAP groups a batch wrongly;
its cross-batch memory does not tell a checkpoint where it was; and its losses over pairs list the
pairs first, which takes twice to several hundred times as long as a mask on the matrix of cosines.
`python -m bench losses` measures both sides; the tests hold ours to its values where it is right.
"""

from collections.abc import Callable, Mapping, Sequence

from torch import nn

from atarimae.tasks.retrieve.network.losses import contrast, pairs, ranks
from atarimae.tasks.retrieve.network.losses.centres import (
    Ada,
    Centres,
    Margin,
    arc,
    by_size,
    straight,
)
from atarimae.tasks.retrieve.network.losses.pairs import Memory, Pairwise
from atarimae.tasks.retrieve.recipe import RetrieveRecipe

__all__ = ["LOSSES", "Centres", "build"]

Build = Callable[[RetrieveRecipe, Sequence[int], int], nn.Module]


def build(recipe: RetrieveRecipe, counts: Sequence[int], dimension: int) -> nn.Module:
    """The recipe's loss: called with (n, dimension) embeddings and (n,) targets, gives a scalar.

    `counts` says how many training images each class has. Embeddings may have any length: each loss
    scales them itself, and AdaFace reads the length.
    """
    return LOSSES[recipe.loss](recipe, counts, dimension)


def _centres(margin: Callable[[RetrieveRecipe], nn.Module]) -> Build:
    def made(recipe: RetrieveRecipe, counts: Sequence[int], dimension: int) -> nn.Module:
        margins = by_size(counts, recipe.margin, recipe.margin_rare)
        return Centres(dimension, margins, margin(recipe), recipe.scale, recipe.subcentres)

    return made


def _pairwise(loss: Callable[[RetrieveRecipe], pairs.Loss]) -> Build:
    def made(recipe: RetrieveRecipe, counts: Sequence[int], dimension: int) -> nn.Module:
        memory = Memory(recipe.memory, dimension) if recipe.memory else None
        return Pairwise(loss(recipe), memory)

    return made


LOSSES: Mapping[str, Build] = {
    "arcface": _centres(lambda _: Margin(arc)),
    "cosface": _centres(lambda _: Margin(straight)),
    "elasticarc": _centres(lambda recipe: Margin(arc, recipe.margin_noise)),
    "elasticarcplus": _centres(lambda recipe: Margin(arc, recipe.margin_noise, plus=True)),
    "elasticcos": _centres(lambda recipe: Margin(straight, recipe.margin_noise)),
    "elasticcosplus": _centres(lambda recipe: Margin(straight, recipe.margin_noise, plus=True)),
    "adaface": _centres(lambda _: Ada()),
    "multisimilarity": _pairwise(lambda _: pairs.multisimilarity),
    "triplet": _pairwise(lambda recipe: pairs.triplet(recipe.margin)),
    "contrastive": _pairwise(lambda recipe: pairs.contrastive(recipe.margin)),
    "supcon": _pairwise(lambda recipe: contrast.supcon(recipe.temperature)),
    "ntxent": _pairwise(lambda recipe: contrast.ntxent(recipe.temperature)),
    "smoothap": _pairwise(lambda _: ranks.smoothap),
    "surrogateprecision": _pairwise(lambda _: ranks.precision),
}
