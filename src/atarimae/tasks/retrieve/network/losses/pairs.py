"""Losses over the pairs of a batch, as masks on one matrix of cosines.

Triplet with the hardest positive and negative: Hermans et al., 2017. Contrastive: Hadsell et al.,
CVPR 2006. MultiSimilarity: Wang et al., CVPR 2019. Cross-batch memory: Wang et al., CVPR 2020.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn
from torch.nn import functional

from atarimae.tasks.retrieve.network.losses.centres import wide


@dataclass(frozen=True)
class Pairs:
    """Anchors are the batch's n embeddings; each meets those and what the memory holds, m together.

    All are (n, m). `same` are pairs of one class, an anchor with itself left out, `other` those of
    two classes.
    """

    cosines: torch.Tensor
    same: torch.Tensor
    other: torch.Tensor


Loss = Callable[[Pairs], torch.Tensor]


class Memory(nn.Module):
    """The last embeddings of earlier batches, without gradient; the oldest are overwritten.

    In buffers, so that a checkpoint keeps them and a resumed run goes on as it would have.
    """

    def __init__(self, size: int, dimension: int) -> None:
        super().__init__()
        self.rows: torch.Tensor
        self.targets: torch.Tensor
        self.seen: torch.Tensor
        self.register_buffer("rows", torch.zeros(size, dimension))
        self.register_buffer("targets", torch.zeros(size, dtype=torch.long))
        self.register_buffer("seen", torch.zeros((), dtype=torch.long))  # embeddings, ever

    def held(self) -> tuple[torch.Tensor, torch.Tensor]:
        """(m, d) embeddings of unit length, and their (m,) targets."""
        filled = min(int(self.seen), len(self.rows))
        return self.rows[:filled], self.targets[:filled]

    def keep(self, rows: torch.Tensor, targets: torch.Tensor) -> None:
        """Add a batch; of one that is larger than the memory, its last."""
        count, size = len(rows), len(self.rows)
        places = (int(self.seen) + torch.arange(count, device=rows.device))[-size:] % size
        self.rows[places] = rows[-size:].detach().to(self.rows.dtype)
        self.targets[places] = targets[-size:]
        self.seen += count


class Pairwise(nn.Module):
    """A loss over the pairs of a batch, and of a batch with a memory of earlier ones.

    Targets may be any whole numbers.
    """

    def __init__(self, loss: Loss, memory: Memory | None = None) -> None:
        super().__init__()
        self.loss = loss
        self.memory = memory

    def forward(self, embeddings: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        """A scalar; in float32 at least, whatever the embeddings are in."""
        with torch.autocast(embeddings.device.type, enabled=False):
            return self.loss(self._pairs(embeddings.to(wide(embeddings)), targets))

    def _pairs(self, embeddings: torch.Tensor, targets: torch.Tensor) -> Pairs:
        cosines: torch.Tensor = _Cosines.apply(embeddings)
        known = targets
        if self.memory is not None:
            past, past_targets = self.memory.held()
            rows = functional.normalize(embeddings)
            # A copy: the memory moves on before the gradient has come back.
            cosines = torch.cat([cosines, rows @ past.to(rows.dtype, copy=True).T], 1)
            known = torch.cat([targets, past_targets])
            self.memory.keep(rows, targets)
        alike = targets[:, None] == known
        return Pairs(cosines, alike.clone().fill_diagonal_(False), ~alike)


class _Cosines(torch.autograd.Function):
    """(n, n) cosines of (n, d) rows, whose gradient takes one matrix product instead of two.

    autograd does not know that both factors are the same rows.
    """

    @staticmethod
    def forward(ctx: Any, rows: torch.Tensor) -> torch.Tensor:
        lengths = rows.norm(dim=1, keepdim=True).clamp(min=1e-12)
        unit: torch.Tensor = rows / lengths
        ctx.save_for_backward(unit, lengths)
        return unit @ unit.T

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> torch.Tensor:
        unit, lengths = ctx.saved_tensors
        (gradient,) = gradients
        moved: torch.Tensor = (gradient + gradient.T) @ unit
        moved -= unit * (moved * unit).sum(1, keepdim=True)
        return moved.div(lengths)


def triplet(margin: float) -> Loss:
    """Each anchor's least like positive against its most like negative, by `margin` of the cosine.

    The mean over the anchors where that is not met.
    """

    def loss(pairs: Pairs) -> torch.Tensor:
        nearest = among(pairs.other, pairs.cosines).amax(1)
        furthest = -among(pairs.same, -pairs.cosines).amax(1)
        return over_positive(functional.relu(nearest - furthest + margin))

    return loss


def contrastive(margin: float) -> Loss:
    """Pairs of one class are drawn to a cosine of 1, those of two are pushed below `margin`.

    The mean over the pairs of each kind that are not there yet.
    """

    def loss(pairs: Pairs) -> torch.Tensor:
        pull = functional.relu(1 - pairs.cosines) * pairs.same
        push = functional.relu(pairs.cosines - margin) * pairs.other
        return over_positive(pull) + over_positive(push)

    return loss


PULL, PUSH, BASE = 2.0, 50.0, 0.5  # MultiSimilarity's α, β and λ, the paper's


def multisimilarity(pairs: Pairs) -> torch.Tensor:
    """Soft maxima over positives below and negatives above a cosine of 0.5, without its mining.

    Cosines end at ±1, so that no exponential here leaves float32.
    """
    far = ((PULL * (BASE - pairs.cosines)).exp() * pairs.same).sum(1)
    near = ((PUSH * (pairs.cosines - BASE)).exp() * pairs.other).sum(1)
    return (far.log1p() / PULL + near.log1p() / PUSH).mean()


def among(mask: torch.Tensor, values: torch.Tensor) -> torch.Tensor:
    """`values` where the mask is, and elsewhere a number that no exp or max takes notice of.

    The lowest finite one: with -inf, rows without any pair of the kind have gradients of NaN.
    """
    return values.masked_fill(~mask, torch.finfo(values.dtype).min)


def over_positive(values: torch.Tensor) -> torch.Tensor:
    """The mean of those above 0, where none is below; 0 where there are none."""
    return values.sum() / (values > 0).sum().clamp(min=1)
