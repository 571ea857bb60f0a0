"""Losses over pairs against loops over pairs, and against pytorch-metric-learning."""

import math
from collections.abc import Callable

import pytest
import torch
from pytorch_metric_learning import distances, miners
from pytorch_metric_learning import losses as peers
from torch import nn
from torch.nn import functional

from atarimae.tasks.retrieve.network import losses
from atarimae.tasks.retrieve.network.losses.pairs import Memory, Pairwise, contrastive
from atarimae.tasks.retrieve.recipe import CENTRED, RetrieveRecipe

# Neither 0…n−1 nor in order; classes of three, two and four images, and two of one.
TARGETS = torch.tensor([7, -3, 7, 10**12, -100, 7, -3, 10**12, 5, 10**12, 10**12])
DTYPES = {torch.float64: 1e-6, torch.float32: 1e-4, torch.bfloat16: 1e-4, torch.float16: 1e-4}
PAIRWISE = [name for name in losses.LOSSES if name not in CENTRED]


def embeddings(seed: int = 0, count: int = 11, width: int = 4) -> torch.Tensor:
    return torch.randn(count, width, generator=torch.Generator().manual_seed(seed))


def built(name: str, width: int = 4, **settings: object) -> nn.Module:
    recipe = RetrieveRecipe.of({"loss": name, "temperature": 0.2, "margin": 0.3, **settings})
    return losses.build(recipe, [], width)


class Anchor:
    """What a loop sees of one embedding: its cosines to its positives and its negatives."""

    def __init__(self, i: int, rows: list[list[float]], targets: list[int]) -> None:
        near = [sum(a * b for a, b in zip(rows[i], row, strict=True)) for row in rows]
        others = [j for j in range(len(rows)) if j != i]
        self.positives = [near[j] for j in others if targets[j] == targets[i]]
        self.negatives = [near[j] for j in others if targets[j] != targets[i]]


def positive_mean(values: list[float]) -> float:
    above = [value for value in values if value > 0]
    return sum(above) / len(above) if above else 0.0


def triplet(anchors: list[Anchor]) -> float:
    return positive_mean(
        [max(a.negatives) - min(a.positives) + 0.3 for a in anchors if a.positives]
    )


def contrast(anchors: list[Anchor]) -> float:
    pull = [1 - s for a in anchors for s in a.positives]
    return positive_mean(pull) + positive_mean([s - 0.3 for a in anchors for s in a.negatives])


def multisimilarity(anchors: list[Anchor]) -> float:
    total = 0.0
    for a in anchors:
        total += math.log(1 + sum(math.exp(-2 * (s - 0.5)) for s in a.positives)) / 2
        total += math.log(1 + sum(math.exp(50 * (s - 0.5)) for s in a.negatives)) / 50
    return total / len(anchors)


def supcon(anchors: list[Anchor]) -> float:
    told = []
    for a in anchors:
        every = sum(math.exp(s / 0.2) for s in a.positives + a.negatives)
        parts = [-math.log(math.exp(s / 0.2) / every) for s in a.positives]
        told += [sum(parts) / len(parts)] if parts else []
    return sum(told) / len(told)


def ntxent(anchors: list[Anchor]) -> float:
    told = []
    for a in anchors:
        against = sum(math.exp(s / 0.2) for s in a.negatives)
        told += [-math.log(e / (e + against)) for e in (math.exp(s / 0.2) for s in a.positives)]
    return sum(told) / len(told)


def step(difference: float) -> float:
    return 1 / (1 + math.exp(max(-700.0, min(700.0, -difference / 0.01))))


def smoothap(anchors: list[Anchor]) -> float:
    told = []
    for a in anchors:
        parts = []
        for i, own in enumerate(a.positives):
            others = a.positives[:i] + a.positives[i + 1 :]
            among = 1 + sum(step(s - own) for s in others)
            parts.append(among / (among + sum(step(s - own) for s in a.negatives)))
        told += [sum(parts) / len(parts)] if parts else []
    return 1 - sum(told) / len(told)


def surrogateprecision(anchors: list[Anchor]) -> float:
    told = []
    for a in anchors:
        parts = []
        for i, own in enumerate(a.positives):
            others = a.positives[:i] + a.positives[i + 1 :] + a.negatives
            rank = 1 + sum(step(s - own) for s in others)
            parts.append(1 / (1 + math.exp(rank - 5)))
        told += [sum(parts) / min(5, len(parts))] if parts else []
    return 1 - sum(told) / len(told)


NAIVE: dict[str, Callable[[list[Anchor]], float]] = {
    "triplet": triplet, "contrastive": contrast, "multisimilarity": multisimilarity,
    "supcon": supcon, "ntxent": ntxent, "smoothap": smoothap,
    "surrogateprecision": surrogateprecision,
}  # fmt: skip


def in_loops(name: str, rows: torch.Tensor, targets: torch.Tensor, anchors: int) -> float:
    unit = functional.normalize(rows.double()).tolist()
    return NAIVE[name]([Anchor(i, unit, targets.tolist()) for i in range(anchors)])


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", PAIRWISE)
def test_loss_agrees_with_loops_over_pairs(name: str, dtype: torch.dtype) -> None:
    rows = embeddings().to(dtype)
    expected = in_loops(name, rows, TARGETS, len(rows))
    assert built(name)(rows, TARGETS).item() == pytest.approx(expected, rel=DTYPES[dtype])


@pytest.mark.parametrize("name", PAIRWISE)
def test_with_a_memory_anchors_meet_the_last_embeddings_of_earlier_batches_too(name: str) -> None:
    loss = built(name, memory=15)  # holds the last 15 of 22
    batches = [embeddings(seed) for seed in range(3)]
    for number, batch in enumerate(batches):
        told = loss(batch, TARGETS).item()
        past = torch.cat([batches[0][:0], *batches[:number]])[-15:]
        known = torch.cat([TARGETS, TARGETS.repeat(number)[-15:] if number else TARGETS[:0]])
        expected = in_loops(name, torch.cat([batch, past]), known, len(batch))
        assert told == pytest.approx(expected, rel=1e-4)


COSINE = distances.CosineSimilarity()


class HardTriplet(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.miner = miners.BatchHardMiner(distance=COSINE)
        self.loss = peers.TripletMarginLoss(0.3, distance=COSINE)

    def forward(self, rows: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        return self.loss(rows, targets, self.miner(rows, targets))


PEERS: dict[str, Callable[[], nn.Module]] = {
    "triplet": HardTriplet,
    "contrastive": lambda: peers.ContrastiveLoss(1, 0.3, distance=COSINE),
    "multisimilarity": lambda: peers.MultiSimilarityLoss(alpha=2, beta=50, base=0.5),
    "supcon": lambda: peers.SupConLoss(temperature=0.2),
    "ntxent": lambda: peers.NTXentLoss(temperature=0.2),
}


@pytest.mark.parametrize("shape", ["balanced", "uneven", "one class", "no pair"])
@pytest.mark.parametrize("name", PEERS)
def test_values_and_gradients_are_those_of_pytorch_metric_learning(name: str, shape: str) -> None:
    targets = {
        "balanced": torch.arange(8).repeat_interleave(4),
        "uneven": torch.tensor([0] * 9 + [1] * 2 + [2] * 20 + [3]),
        "one class": torch.zeros(32, dtype=torch.long),
        "no pair": torch.arange(32),
    }[shape]
    told = []
    for loss in (built(name), PEERS[name]()):
        rows = embeddings(count=32, width=16).requires_grad_()
        value = loss(rows, targets)
        value.backward()
        told.append((value.detach(), rows.grad))
    torch.testing.assert_close(*told, rtol=1e-5, atol=1e-5)


def test_contrastive_with_a_memory_has_the_values_of_their_cross_batch_memory() -> None:
    theirs = peers.CrossBatchMemory(PEERS["contrastive"](), 4, memory_size=22 + 11)
    ours = built("contrastive", memory=22)  # theirs holds the batch itself as well
    for seed in range(5):
        rows = embeddings(seed)
        assert ours(rows, TARGETS).item() == pytest.approx(theirs(rows, TARGETS).item(), rel=1e-5)


def test_hopeless_pair_has_a_gradient_in_ntxent_and_none_in_theirs() -> None:
    targets = torch.tensor([0, 0, 1, 1])
    lie = torch.tensor([[1.0, 0.0], [-1.0, 0.0], [1.0, 0.1], [-1.0, 0.1]])  # a pair lies opposite
    told = []
    for loss in (built("ntxent", temperature=0.02), peers.NTXentLoss(temperature=0.02)):
        rows = lie.clone().requires_grad_()
        loss(rows, targets).backward()
        assert rows.grad is not None
        told.append(float(rows.grad.norm()))
    assert told[0] > 1 > 1e-3 > told[1]


@pytest.mark.parametrize("memory", [0, 8])
@pytest.mark.parametrize(
    "targets", [[0, 0, 0, 0], [0, 1, 2, 3], [0, 0, 1, 2], [4]], ids=["one", "no", "some", "single"]
)
@pytest.mark.parametrize("name", PAIRWISE)
def test_gradient_is_finite_whatever_pairs_there_are(
    name: str, targets: list[int], memory: int
) -> None:
    loss = built(name, memory=memory)
    for seed in range(3):
        rows = embeddings(seed, len(targets)).requires_grad_()
        loss(rows, torch.tensor(targets)).backward()
        assert rows.grad is not None
        assert torch.isfinite(rows.grad).all()


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16])
@pytest.mark.parametrize("name", PAIRWISE)
def test_gradient_is_finite_where_embeddings_are_alike_or_opposite(
    name: str, dtype: torch.dtype
) -> None:
    row = embeddings(count=1)
    rows = torch.cat([row, row, -row, -row, row]).to(dtype).requires_grad_()
    built(name, temperature=0.01)(rows, torch.tensor([0, 0, 0, 1, 1])).backward()
    assert rows.grad is not None
    assert torch.isfinite(rows.grad).all()


@pytest.mark.parametrize("name", PAIRWISE)
def test_gradient_is_that_of_the_value(name: str) -> None:
    rows = embeddings().double().requires_grad_()
    assert torch.autograd.gradcheck(lambda given: built(name)(given, TARGETS), (rows,))


def test_memory_holds_the_last_and_forgets_the_oldest() -> None:
    memory = Memory(4, 1)
    for batch in ([1.0, 2.0], [3.0], [4.0, 5.0, 6.0]):
        memory.keep(torch.tensor(batch)[:, None], torch.tensor(batch).long())
    rows, targets = memory.held()
    assert sorted(rows[:, 0].tolist()) == [3.0, 4.0, 5.0, 6.0]
    assert targets.tolist() == rows[:, 0].long().tolist()


def test_batch_larger_than_the_memory_leaves_its_last() -> None:
    memory = Memory(2, 1)
    memory.keep(torch.tensor([[1.0], [2.0], [3.0]]), torch.tensor([1, 2, 3]))
    memory.keep(torch.tensor([[4.0], [5.0], [6.0]]), torch.tensor([4, 5, 6]))
    assert sorted(memory.held()[1].tolist()) == [5, 6]


def test_memory_gets_no_gradient_and_may_move_on_before_the_batch_has_its_own() -> None:
    loss = Pairwise(contrastive(0.3), Memory(8, 4))
    loss(embeddings(0, 3), TARGETS[:3])
    rows = embeddings(1, 3).requires_grad_()
    value = loss(rows, TARGETS[:3])
    loss(embeddings(2, 3), TARGETS[:3])
    value.backward()
    assert rows.grad is not None
    assert loss.memory is not None
    assert not loss.memory.rows.requires_grad
