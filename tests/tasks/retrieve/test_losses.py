"""Each loss against a naive recomputation."""

import math

import pytest
import torch
from torch.nn import functional

from atarimae.tasks.retrieve import losses
from atarimae.tasks.retrieve.recipe import RetrieveRecipe

EMBEDDINGS = functional.normalize(torch.randn(6, 4, generator=torch.Generator().manual_seed(0)))
TARGETS = torch.tensor([0, 0, 1, 1, 2, 2])


def naive(centres: torch.Tensor, margin: float, scale: float, arc: bool) -> float:
    total = 0.0
    for embedding, target in zip(EMBEDDINGS, TARGETS.tolist(), strict=True):
        logits = []
        for number, centre in enumerate(functional.normalize(centres)):
            cosine = float(embedding @ centre)
            if number == target:
                cosine = math.cos(math.acos(cosine) + margin) if arc else cosine - margin
            logits.append(scale * cosine)
        total += math.log(sum(map(math.exp, logits))) - logits[target]
    return total / len(TARGETS)


@pytest.mark.parametrize("name", ["arcface", "cosface"])
def test_margin_loss_agrees_with_a_naive_one(name: str) -> None:
    recipe = RetrieveRecipe.of({"loss": name, "margin": 0.2, "scale": 10.0})
    torch.manual_seed(1)
    loss = losses.build(recipe, 3, 4)
    expected = naive(loss.W.detach().T, 0.2, 10.0, arc=name == "arcface")
    assert float(loss(EMBEDDINGS, TARGETS).detach()) == pytest.approx(expected, rel=1e-4)


def test_multisimilarity_agrees_with_its_formula() -> None:
    loss = losses.build(RetrieveRecipe.of({"loss": "multisimilarity"}), 3, 4)
    near = EMBEDDINGS @ EMBEDDINGS.T
    parts = []
    for i in range(6):
        same = [float(near[i, j]) for j in range(6) if j != i and TARGETS[j] == TARGETS[i]]
        other = [float(near[i, j]) for j in range(6) if TARGETS[j] != TARGETS[i]]
        pull = math.log(1 + sum(math.exp(-2 * (s - 0.5)) for s in same)) / 2
        push = math.log(1 + sum(math.exp(50 * (s - 0.5)) for s in other)) / 50
        parts.append(pull + push)
    assert float(loss(EMBEDDINGS, TARGETS).detach()) == pytest.approx(sum(parts) / 6, rel=1e-4)


@pytest.mark.parametrize("name", sorted(losses.LOSSES))
def test_gradient_is_finite(name: str) -> None:
    torch.manual_seed(0)
    loss = losses.build(RetrieveRecipe.of({"loss": name}), 3, 4)
    rows = EMBEDDINGS.clone().requires_grad_()
    loss(rows, TARGETS).backward()
    assert rows.grad is not None
    assert torch.isfinite(rows.grad).all()
