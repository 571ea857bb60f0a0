"""Smooth metrics of ranks are the metrics themselves, where no two cosines are close."""

import pytest
import torch
from pytorch_metric_learning import losses as peers

from atarimae.tasks.retrieve.network.losses.pairs import Pairs
from atarimae.tasks.retrieve.network.losses.ranks import precision, ranks, smoothap

# Two anchors and their answers, best first; P is of the anchor's class.
ANSWERS = ["PNPNNNN", "NNPNNPP"]


def answers(gap: float = 0.2) -> Pairs:
    cosines = torch.stack([0.9 - gap * torch.arange(7.0) for _ in ANSWERS])
    same = torch.tensor([[kind == "P" for kind in told] for told in ANSWERS])
    return Pairs(cosines.requires_grad_(), same, ~same)


def test_ranks_are_the_places_among_all_and_among_the_positives() -> None:
    anchors, rank, among_same = ranks(answers())
    assert anchors.tolist() == [0, 0, 1, 1, 1]
    torch.testing.assert_close(rank, torch.tensor([1.0, 3, 3, 6, 7]))
    torch.testing.assert_close(among_same, torch.tensor([1.0, 2, 1, 2, 3]))


def test_smoothap_is_average_precision() -> None:
    first, second = (1 / 1 + 2 / 3) / 2, (1 / 3 + 2 / 6 + 3 / 7) / 3
    assert float(smoothap(answers())) == pytest.approx(1 - (first + second) / 2)


def test_surrogate_precision_is_a_soft_count_of_ranks_up_to_five() -> None:
    def soft(*places: int) -> float:
        return sum(1 / (1 + 2.718281828459045 ** (place - 5)) for place in places)

    expected = 1 - (soft(1, 3) / 2 + soft(3, 6, 7) / 3) / 2
    assert float(precision(answers())) == pytest.approx(expected)


@pytest.mark.parametrize("loss", [smoothap, precision])
def test_a_negative_before_a_positive_is_pushed_back(loss) -> None:
    pairs = answers(gap=0.01)
    loss(pairs).backward()
    assert pairs.cosines.grad is not None
    assert pairs.cosines.grad[0, 1] > 0 > pairs.cosines.grad[0, 2]


def test_smoothap_of_pytorch_metric_learning_groups_a_batch_wrongly() -> None:
    """Six classes of two at six right angles: all is found, so its loss should be 0."""
    rows = torch.eye(6).repeat_interleave(2, 0)
    targets = torch.arange(6).repeat_interleave(2)
    assert float(peers.SmoothAPLoss()(rows, targets)) > 0.1  # if this fails, think again of theirs
