"""Metric-learning losses by name, each from pytorch-metric-learning.

ArcFace: Deng et al., CVPR 2019. CosFace: Wang et al., CVPR 2018. MultiSimilarity: Wang et al.,
CVPR 2019.
"""

from collections.abc import Callable, Mapping

from pytorch_metric_learning import losses
from torch import nn

from atarimae.tasks.retrieve.recipe import RetrieveRecipe

Build = Callable[[RetrieveRecipe, int, int], nn.Module]


def build(recipe: RetrieveRecipe, classes: int, dimension: int) -> nn.Module:
    """The recipe's loss over `classes` classes: called with (n, d) embeddings and (n,) targets."""
    return LOSSES[recipe.loss](recipe, classes, dimension)


def _arcface(recipe: RetrieveRecipe, classes: int, dimension: int) -> nn.Module:
    degrees = recipe.margin * 57.29577951308232  # the library wants degrees
    loss: nn.Module = losses.ArcFaceLoss(classes, dimension, margin=degrees, scale=recipe.scale)
    return loss


def _cosface(recipe: RetrieveRecipe, classes: int, dimension: int) -> nn.Module:
    loss: nn.Module = losses.CosFaceLoss(
        classes, dimension, margin=recipe.margin, scale=recipe.scale
    )
    return loss


def _multisimilarity(recipe: RetrieveRecipe, classes: int, dimension: int) -> nn.Module:
    loss: nn.Module = losses.MultiSimilarityLoss(alpha=2.0, beta=50.0, base=0.5)
    return loss


LOSSES: Mapping[str, Build] = {
    "arcface": _arcface,
    "cosface": _cosface,
    "multisimilarity": _multisimilarity,
}
