"""Losses with a centre for each class: softmax over cosines, the own class's with a margin.

ArcFace: Deng et al., CVPR 2019. Sub-centers: Deng et al., ECCV 2020. CosFace: Wang et al., CVPR
2018. ElasticFace: Boutros et al., CVPR Workshops 2022. AdaFace: Kim et al., CVPR 2022.
"""

from collections.abc import Callable, Sequence

import torch
from torch import nn
from torch.nn import functional

from atarimae.errors import AtarimaeError

Rule = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]  # (n,) cosines, (n,) margins

LEAST_SQUARE = 1e-6  # of a sine: below it the slope of its root would leave what float32 can tell


class Centres(nn.Module):
    """Cross-entropy of scaled cosines to the classes' centres.

    `W` is (d, classes × subcentres), of any length, a class's sub-centres side by side; the nearest
    one speaks for its class. Computed in float32 at least, whatever embeddings and `W` are in: bf16
    has three digits, and cosines near 1 differ in the fourth.
    """

    def __init__(
        self,
        dimension: int,
        margins: torch.Tensor,
        margin: nn.Module,
        scale: float,
        subcentres: int = 1,
    ) -> None:
        super().__init__()
        self.margins: torch.Tensor
        self.register_buffer("margins", margins, persistent=False)  # (classes,), from the data
        self.W = nn.Parameter(torch.randn(dimension, len(margins) * subcentres))
        self.margin = margin
        self.scale = scale
        self.subcentres = subcentres

    def forward(self, embeddings: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        """The mean over the embeddings; targets are class numbers from 0 on."""
        self._check(targets)
        with torch.autocast(embeddings.device.type, enabled=False):
            logits = self._logits(embeddings.to(wide(embeddings, self.W)), targets)
            return functional.cross_entropy(logits, targets)

    def _logits(self, embeddings: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        cosines = self.cosines(embeddings)
        own = cosines.gather(1, targets[:, None])[:, 0]
        moved: torch.Tensor = self.margin(own, self.margins[targets], embeddings)
        return self.scale * cosines.scatter(1, targets[:, None], moved.to(cosines.dtype)[:, None])

    def cosines(self, embeddings: torch.Tensor) -> torch.Tensor:
        """(n, classes): each embedding's to the nearest sub-centre of each class."""
        centres = functional.normalize(self.W.to(embeddings.dtype), dim=0)
        cosines = functional.normalize(embeddings) @ centres
        if self.subcentres == 1:
            return cosines
        # max and not amax, which would pull all of several equal ones.
        return cosines.view(len(cosines), len(self.margins), self.subcentres).max(2).values

    def place(self, rows: torch.Tensor, targets: torch.Tensor) -> None:
        """Start where the classes are, not somewhere at random, from all (n, d) embeddings.

        A class's images are dealt out to its sub-centres in turn; each starts at the mean of its
        share, or of the whole class where it has none.
        """
        order = targets.argsort(stable=True)
        counts = targets.bincount(minlength=len(self.margins))
        turn = torch.arange(len(order)) - (counts.cumsum(0) - counts)[targets[order]]
        slots = targets[order] * self.subcentres + turn % self.subcentres
        sums = torch.zeros(len(counts) * self.subcentres, rows.shape[1])
        sums.index_add_(0, slots, rows[order])
        whole = sums.view(len(counts), self.subcentres, -1).sum(1)
        empty = slots.bincount(minlength=len(sums)) == 0
        sums[empty] = whole.repeat_interleave(self.subcentres, 0)[empty]
        with torch.no_grad():
            self.W.copy_(functional.normalize(sums).T)

    def _check(self, targets: torch.Tensor) -> None:
        """Cross-entropy leaves out -100 without a word, and an index of -1 is the last class."""
        if len(targets) and not 0 <= int(targets.min()) <= int(targets.max()) < len(self.margins):
            raise AtarimaeError(
                "A class has no centre.",
                f"Class numbers go from {int(targets.min())} to {int(targets.max())}; "
                f"the loss was made for {len(self.margins)} classes.",
                f"Number the classes from 0 to {len(self.margins) - 1}.",
            )


class Margin(nn.Module):
    """The own class's cosine after its margin, by a rule.

    With noise it is ElasticFace: each embedding's margin is drawn anew from a normal distribution
    of that deviation, by PyTorch's generator, which the loop seeds in each epoch. A margin below 0
    would reward distance and becomes 0. `plus` gives the larger of the drawn margins to those
    further from their centre, as the paper says; its code mixes up order and place.
    """

    def __init__(self, rule: Rule, noise: float = 0.0, *, plus: bool = False) -> None:
        super().__init__()
        self.rule = rule
        self.noise = noise
        self.plus = plus

    def forward(
        self, own: torch.Tensor, margins: torch.Tensor, _embeddings: torch.Tensor
    ) -> torch.Tensor:
        """(n,) cosines to the own class, (n,) margins and (n, d) embeddings."""
        if self.noise:
            drawn = self.noise * torch.randn_like(own)
            if self.plus:
                nearest_first = own.detach().argsort(descending=True)
                drawn = torch.empty_like(drawn).scatter_(0, nearest_first, drawn.sort().values)
            margins = (margins + drawn).clamp(min=0)
        return self.rule(own, margins)


class Ada(nn.Module):
    """AdaFace's margin: long embeddings are taken for good pictures, and hard ones of those count.

    Mean and deviation of the lengths are running ones, in buffers, so that checkpoints keep them.
    Ours begin as those of the first batches: the paper's begin at 20 and 100, which suits its
    network's lengths and not those of a projection of unit vectors.
    """

    HEIGHT, MOMENTUM, SHORTEST, LONGEST, TINY = 1 / 3, 0.01, 1e-3, 100.0, 1e-3  # the paper's

    def __init__(self) -> None:
        super().__init__()
        self.mean: torch.Tensor
        self.deviation: torch.Tensor
        self.batches: torch.Tensor
        self.register_buffer("mean", torch.zeros(()))
        self.register_buffer("deviation", torch.zeros(()))
        self.register_buffer("batches", torch.zeros((), dtype=torch.long))

    def forward(
        self, own: torch.Tensor, margins: torch.Tensor, embeddings: torch.Tensor
    ) -> torch.Tensor:
        """(n,) cosines to the own class, (n,) margins and (n, d) embeddings."""
        lengths = embeddings.detach().norm(dim=1)
        quality = self._quality(lengths.clamp(self.SHORTEST, self.LONGEST))
        return either_way(own, -margins * quality) - margins * (1 + quality)

    def _quality(self, lengths: torch.Tensor) -> torch.Tensor:
        """(n,) from -1 to 1."""
        if len(lengths) > 1:  # one has no deviation
            self.batches += 1
            share = max(self.MOMENTUM, 1 / int(self.batches))
            self.mean += share * (lengths.mean() - self.mean)
            self.deviation += share * (lengths.std() - self.deviation)
        standing = (lengths - self.mean) / (self.deviation + self.TINY)
        return (self.HEIGHT * standing).clamp(-1, 1)


def arc(cosines: torch.Tensor, margins: torch.Tensor) -> torch.Tensor:
    """cos(θ + margin) of (n,) cosines, without acos, whose slope at ±1 has no end.

    Where θ + margin is more than π it would rise again and push embeddings away from their centre.
    There it is cos θ − margin · sin margin, as in the authors' code: it falls on as θ grows, up to
    margins of 2.3.
    """
    along, across = margins.cos(), margins.sin()
    sines = ((1 - cosines) * (1 + cosines)).clamp(min=LEAST_SQUARE).sqrt()
    turned = cosines * along - sines * across
    beyond = (margins > 0) & (cosines < -along)
    return torch.where(beyond, cosines - margins * across, turned)


def either_way(cosines: torch.Tensor, margins: torch.Tensor) -> torch.Tensor:
    """As `arc`; for margins below 0 θ + margin ends at 0, as in AdaFace's."""
    turned = arc(cosines, margins)
    before = (margins < 0) & (cosines > margins.cos())
    return torch.where(before, torch.ones_like(turned), turned)


def straight(cosines: torch.Tensor, margins: torch.Tensor) -> torch.Tensor:
    """CosFace's: the margin is one of the cosine."""
    return cosines - margins


def by_size(counts: Sequence[int], margin: float, rare: float) -> torch.Tensor:
    """(classes,) margins, from `margin` for the largest class to `margin + rare` for the smallest.

    Between them along n^(-1/4) for n images, as in Ha et al., "Google Landmark Recognition 2020
    Competition Third Place Solution".
    """
    margins = torch.full((len(counts),), margin)
    if not rare or len(set(counts)) < 2:
        return margins
    sizes = torch.tensor(counts, dtype=torch.float32).pow(-0.25)
    return margins + rare * (sizes - sizes.min()) / (sizes.max() - sizes.min())


def wide(*tensors: torch.Tensor) -> torch.dtype:
    """The dtype that holds all of them, float32 at least."""
    dtype = torch.float32
    for tensor in tensors:
        dtype = torch.promote_types(dtype, tensor.dtype)
    return dtype
