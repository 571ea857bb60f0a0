"""Losses over pairs, and ArcFace, beside pytorch-metric-learning's: one step, and equality."""

import statistics
import time
from collections.abc import Callable, Mapping

import torch
from pytorch_metric_learning import distances, miners
from pytorch_metric_learning import losses as peers
from torch import nn

from atarimae.tasks.retrieve.network import losses
from atarimae.tasks.retrieve.recipe import RetrieveRecipe
from bench.ratio import Ratio

CLASSES, EACH, WIDTH, ROUNDS, SLOW_ROUNDS = 62, 4, 512, 31, 2
ALIKE = 1e-5  # of the value, and of the largest part of the gradient
FASTER = {"supcon": 2, "ntxent": 200}  # times that ours must be as fast; once for the others
COSINE = distances.CosineSimilarity()

Step = tuple[float, torch.Tensor]  # value and gradient


class _HardTriplet(nn.Module):
    def __init__(self, margin: float) -> None:
        super().__init__()
        self.miner = miners.BatchHardMiner(distance=COSINE)
        self.loss = peers.TripletMarginLoss(margin, distance=COSINE)

    def forward(self, rows: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        value: torch.Tensor = self.loss(rows, targets, self.miner(rows, targets))
        return value


PEERS: Mapping[str, Callable[[RetrieveRecipe], nn.Module]] = {
    "supcon": lambda r: peers.SupConLoss(temperature=r.temperature),
    "ntxent": lambda r: peers.NTXentLoss(temperature=r.temperature),
    "multisimilarity": lambda r: peers.MultiSimilarityLoss(alpha=2, beta=50, base=0.5),
    "triplet": lambda r: _HardTriplet(r.margin),
    "contrastive": lambda r: peers.ContrastiveLoss(1, r.margin, distance=COSINE),
    "arcface": lambda r: peers.ArcFaceLoss(
        CLASSES, WIDTH, margin=r.margin * 57.29577951308232, scale=r.scale
    ),
}


def measure() -> list[Ratio]:
    """Milliseconds of forward and backward, in turns, one thread."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        return [_beside(name) for name in PEERS]
    finally:
        torch.set_num_threads(threads)


def _beside(name: str) -> Ratio:
    recipe = RetrieveRecipe.of({"loss": name})
    torch.manual_seed(0)
    ours, peer = losses.build(recipe, [EACH] * CLASSES, WIDTH), PEERS[name](recipe)
    peer.load_state_dict(ours.state_dict())  # the centres, where there are any
    rounds = SLOW_ROUNDS if name == "ntxent" else ROUNDS
    (mine, one), (theirs, other) = _alternate(rounds, ours, peer)
    value = abs(one[0] - other[0]) / abs(other[0])
    gradient = float((one[1] - other[1]).abs().max() / other[1].abs().max())
    if max(value, gradient) > ALIKE:
        raise RuntimeError(f"{name}: value and gradient differ by {value:.0e}, {gradient:.0e}.")
    times = FASTER.get(name, 1)
    note = (
        f"batch of {CLASSES * EACH} = {CLASSES} classes × {EACH}, {WIDTH} numbers, one thread, "
        f"forward and backward, medians of {rounds}; {theirs / mine:.1f} times as fast; "
        f"value and gradient differ by {value:.0e} and {gradient:.0e} of theirs"
    )
    target = f"≤ {1 / times:g}×" + (f" ({times} times as fast)" if times > 1 else "")
    title = f"loss {name} / pytorch-metric-learning"
    return Ratio(title, mine, theirs, "ms", target, theirs / times, note)


def _alternate(rounds: int, *ways: nn.Module) -> list[tuple[float, Step]]:
    """The median milliseconds of each loss after a round that warms up, and what it gave."""
    targets = torch.arange(CLASSES).repeat_interleave(EACH)
    drawn = torch.randn(len(targets), WIDTH, generator=torch.Generator().manual_seed(0))
    taken: list[list[float]] = [[] for _ in ways]
    given: list[Step] = []
    for _ in range(rounds + 1):
        given.clear()
        for way, milliseconds in zip(ways, taken, strict=True):
            rows = nn.functional.normalize(drawn).requires_grad_()
            began = time.perf_counter()
            value: torch.Tensor = way(rows, targets)
            torch.autograd.backward(value)
            milliseconds.append(1e3 * (time.perf_counter() - began))
            assert rows.grad is not None
            given.append((float(value.detach()), rows.grad))
    medians = [statistics.median(milliseconds[1:]) for milliseconds in taken]
    return list(zip(medians, given, strict=True))


if __name__ == "__main__":
    for ratio in measure():
        print(ratio.line())
