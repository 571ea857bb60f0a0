"""Losses that are a metric of ranks, with steps made smooth.

SmoothAP: Brown et al., ECCV 2020. pytorch-metric-learning's takes the number of images of a class
for the number of classes, and wants as many of each. Surrogate precision: Patel et al., "Recall@k
Surrogate Loss with Large Batches and Similarity Mixup", CVPR 2022, with the denominator of
open-metric-learning. An anchor is not among its own answers, as in our metrics; in Brown's code it
is, and always first.
"""

import torch

from atarimae.tasks.retrieve.network.losses.pairs import Pairs

STEP = 0.01  # how far cosines are apart that count as one before the other
K, SOFT = 5, 1.0  # of the precision, and how far ranks are apart


def smoothap(pairs: Pairs) -> torch.Tensor:
    """1 - mean average precision, over the anchors that have a positive."""
    anchors, rank, among_same = ranks(pairs)
    return 1 - _mean_by_anchor(pairs, anchors, among_same / rank, pairs.same.sum(1))


def precision(pairs: Pairs) -> torch.Tensor:
    """1 - precision at 5, over the anchors that have a positive; 1 is what can be had at best."""
    anchors, rank, _ = ranks(pairs)
    found = torch.sigmoid((K - rank) / SOFT)
    return 1 - _mean_by_anchor(pairs, anchors, found, pairs.same.sum(1).clamp(max=K))


def ranks(pairs: Pairs) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Of each positive pair: its anchor, and its smooth rank among all and among the positives.

    Ranks count from 1. Memory is positive pairs × m, not n × m × m.
    """
    anchors, places = pairs.same.nonzero(as_tuple=True)
    own = pairs.cosines[anchors, places][:, None]
    before = torch.sigmoid((pairs.cosines[anchors] - own) / STEP)
    same = pairs.same[anchors]
    # A pair is half before itself.
    rank = (before * (same | pairs.other[anchors])).sum(1) + 0.5
    return anchors, rank, (before * same).sum(1) + 0.5


def _mean_by_anchor(
    pairs: Pairs, anchors: torch.Tensor, values: torch.Tensor, most: torch.Tensor
) -> torch.Tensor:
    """Sums by anchor over `most`, then the mean over the anchors that have a positive; else 1."""
    sums = torch.zeros_like(pairs.cosines[:, 0]).index_add(0, anchors, values)
    asked = int((most > 0).sum())
    return (sums / most.clamp(min=1)).sum() / asked if asked else 1 + 0 * pairs.cosines.sum()
