"""Losses that tell a positive from all negatives by softmax.

SupCon: Khosla et al., NeurIPS 2020. NT-Xent: Chen et al. (SimCLR), ICML 2020, here with labels:
each pair of one class against the anchor's negatives. Values and gradients are those of
pytorch-metric-learning. Its SupCon takes twice as long, because it lists the pairs and fills masks
from the list; its NT-Xent hundreds of times as long, because it compares each positive pair with
each negative one to find those of the same anchor.
"""

import torch
from torch.nn import functional

from atarimae.tasks.retrieve.network.losses.pairs import Loss, Pairs, among, over_positive


def supcon(temperature: float) -> Loss:
    """One masked log-softmax; the mean over the anchors that have a positive.

    As in pytorch-metric-learning, anchors whose loss is 0 are not counted in the mean, and a batch
    of one class has a loss of 0.
    """

    def loss(pairs: Pairs) -> torch.Tensor:
        logits = among(pairs.same | pairs.other, pairs.cosines / temperature)
        own = torch.where(pairs.same, logits.log_softmax(1), 0).sum(1)
        mean = own / pairs.same.sum(1).clamp(min=1)
        return over_positive(-mean * pairs.other.any(1))

    return loss


def ntxent(temperature: float) -> Loss:
    """The mean over positive pairs of -log of the pair's share among it and its anchor's negatives.

    pytorch-metric-learning adds 1e-8 to the share, so that hopeless pairs, whose share is less, get
    no gradient; here they get the largest.
    """

    def loss(pairs: Pairs) -> torch.Tensor:
        logits = pairs.cosines / temperature
        against = among(pairs.other, logits).logsumexp(1)
        anchors, positives = pairs.same.nonzero(as_tuple=True)
        losses = functional.softplus(against[anchors] - logits[anchors, positives])
        return losses.sum() / max(1, len(losses))

    return loss
