"""A student is told off for what its images are near to, as a naive loop computes it."""

import math

import numpy as np
import pytest
import torch

from atarimae.tasks.retrieve.network.losses.follow import Following


def naive(teacher, student, numbers, temperature: float) -> float:
    """Divergence of one image after the other, in plain Python."""
    total = 0.0
    for i, number in enumerate(numbers):
        others = [j for j, other in enumerate(numbers) if other != number]
        p = softmax([cosine(teacher[number], teacher[numbers[j]]) / temperature for j in others])
        q = softmax([cosine(student[i], student[j]) / temperature for j in others])
        total += sum(a * (math.log(a) - math.log(b)) for a, b in zip(p, q, strict=True))
    return total / len(numbers)


def cosine(a, b) -> float:
    return float(a @ b / np.linalg.norm(a) / np.linalg.norm(b))


def softmax(values: list[float]) -> list[float]:
    exponents = [math.exp(value) for value in values]
    return [one / sum(exponents) for one in exponents]


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_loss_is_that_of_a_naive_loop(dtype: torch.dtype) -> None:
    random = np.random.default_rng(0)
    teacher = random.normal(size=(9, 5)).astype(np.float32)
    student = torch.from_numpy(random.normal(size=(6, 3)).astype(np.float32)).to(dtype)
    numbers = [4, 0, 8, 4, 1, 2]  # one image twice in the batch
    loss = Following(teacher, 0.3)(student, torch.tensor(numbers))
    expected = naive(teacher.astype(float), student.double().numpy(), numbers, 0.3)
    assert float(loss) == pytest.approx(expected, rel=1e-4)


def test_student_that_says_the_same_loses_nothing_and_stays() -> None:
    """Turned and longer, its cosines are the teacher's."""
    teacher = np.random.default_rng(1).normal(size=(7, 4)).astype(np.float32)
    turn, _ = np.linalg.qr(np.random.default_rng(2).normal(size=(6, 4)))
    student = torch.from_numpy((3 * teacher @ turn.T).astype(np.float32)).requires_grad_()
    loss = Following(teacher, 0.1)(student, torch.arange(7))
    loss.backward()
    assert float(loss.detach()) == pytest.approx(0, abs=1e-5)
    assert student.grad.abs().max() < 1e-3


def test_teacher_is_not_in_the_checkpoint() -> None:
    assert Following(np.ones((2, 2), np.float32), 0.1).state_dict() == {}
