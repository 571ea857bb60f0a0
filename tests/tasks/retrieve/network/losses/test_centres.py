"""Losses with centres against loops over angles, and against pytorch-metric-learning."""

import math

import pytest
import torch
from pytorch_metric_learning import losses as peers
from torch.nn import functional

from atarimae.errors import AtarimaeError
from atarimae.tasks.retrieve.network import losses
from atarimae.tasks.retrieve.network.losses.centres import (
    Ada,
    Margin,
    arc,
    by_size,
    either_way,
    straight,
)
from atarimae.tasks.retrieve.recipe import CENTRED, RetrieveRecipe

TARGETS = torch.tensor([0, 0, 1, 1, 2, 2, 3])
COUNTS = [40, 10, 3, 1]  # images of each class in training
DTYPES = {torch.float64: 1e-6, torch.float32: 1e-4, torch.bfloat16: 1e-4, torch.float16: 1e-4}


def embeddings(seed: int = 0, dtype: torch.dtype = torch.float32) -> torch.Tensor:
    """Seven of five numbers, of lengths from about 1 to 4."""
    return torch.randn(7, 5, generator=torch.Generator().manual_seed(seed)).mul(1.2).to(dtype)


def built(name: str, **settings: object) -> losses.Centres:
    torch.manual_seed(1)
    recipe = RetrieveRecipe.of({"loss": name, "scale": 10.0, **settings})
    made = losses.build(recipe, COUNTS, 5)
    assert isinstance(made, losses.Centres)
    return made


def naive_arc(cosine: float, margin: float) -> float:
    angle = math.acos(max(-1, min(1, cosine)))
    if angle + margin > math.pi:
        return cosine - margin * math.sin(margin)
    return math.cos(max(0, angle + margin))


def naive(loss: losses.Centres, rows: torch.Tensor, moved) -> float:
    """The mean cross-entropy; `moved(i, class, cosine)` is the own class's cosine of row i."""
    centres = loss.W.detach().double().T.reshape(len(COUNTS), loss.subcentres, 5).tolist()
    total = 0.0
    for i, row in enumerate(rows.double().tolist()):
        own = int(TARGETS[i])
        cosines = [max(cosine(row, centre) for centre in several) for several in centres]
        cosines[own] = moved(i, own, cosines[own])
        logits = [loss.scale * one for one in cosines]
        total += math.log(sum(map(math.exp, logits))) - logits[own]
    return total / len(rows)


def cosine(a: list[float], b: list[float]) -> float:
    return sum(x * y for x, y in zip(a, b, strict=True)) / (math.hypot(*a) * math.hypot(*b))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("subcentres", [1, 3])
@pytest.mark.parametrize("rare", [0.0, 0.4])
@pytest.mark.parametrize("name", ["arcface", "cosface"])
def test_margin_subcentres_and_class_sizes_agree_with_loops(
    name: str, rare: float, subcentres: int, dtype: torch.dtype
) -> None:
    loss = built(name, margin=0.2, margin_rare=rare, subcentres=subcentres)
    rows = embeddings(dtype=dtype)
    sizes = [count**-0.25 for count in COUNTS]
    margins = [0.2 + rare * (s - min(sizes)) / (max(sizes) - min(sizes)) for s in sizes]

    def moved(_i: int, own: int, cosine: float) -> float:
        return naive_arc(cosine, margins[own]) if name == "arcface" else cosine - margins[own]

    expected = naive(loss, rows, moved)
    assert loss(rows, TARGETS).item() == pytest.approx(expected, rel=DTYPES[dtype])


@pytest.mark.parametrize("name", ["arcface", "cosface", "subcentres"])
def test_values_and_gradients_are_those_of_pytorch_metric_learning(name: str) -> None:
    if name == "subcentres":
        ours = built("arcface", margin=0.5, subcentres=2)
        degrees = math.degrees(0.5)
        theirs = peers.SubCenterArcFaceLoss(
            num_classes=4, embedding_size=5, margin=degrees, scale=10, sub_centers=2
        )
    elif name == "arcface":
        ours = built(name, margin=0.5)
        theirs = peers.ArcFaceLoss(4, 5, margin=math.degrees(0.5), scale=10)
    else:
        ours, theirs = built(name, margin=0.5), peers.CosFaceLoss(4, 5, margin=0.5, scale=10)
    theirs.W.data.copy_(ours.W.data)
    told = []
    for loss in (ours, theirs):
        rows = embeddings().requires_grad_()
        value = loss(rows, TARGETS)
        value.backward()
        told.append((value.detach(), rows.grad, loss.W.grad))
    torch.testing.assert_close(*told, rtol=1e-5, atol=1e-5)


COSINES = [1.0, -1.0, 1 + 2e-7, -1 - 2e-7, 1.0078125, -1.0078125, 0.99999, 0.0]


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float64])
@pytest.mark.parametrize("margin", [-0.3, 0.0, 0.3, 1.5])
def test_arcs_gradient_is_finite_at_and_beyond_a_cosine_of_one(
    margin: float, dtype: torch.dtype
) -> None:
    cosines = torch.tensor(COSINES, dtype=dtype, requires_grad=True)
    either_way(cosines, torch.full_like(cosines, margin)).sum().backward()
    assert cosines.grad is not None
    assert torch.isfinite(cosines.grad).all()


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("name", CENTRED)
@pytest.mark.parametrize("sign", [1, -1])
def test_gradient_is_finite_where_embeddings_lie_on_their_centres(
    sign: int, name: str, dtype: torch.dtype
) -> None:
    loss = built(name)
    rows = (sign * loss.W.detach().T[TARGETS]).to(dtype).requires_grad_()
    loss(rows, TARGETS).backward()
    assert rows.grad is not None
    assert torch.isfinite(rows.grad).all()
    assert loss.W.grad is not None
    assert torch.isfinite(loss.W.grad).all()


@pytest.mark.parametrize("margin", [0.05, 0.3, 0.8, 1.5, 2.3])
def test_arc_falls_with_the_angle_all_the_way_to_pi(margin: float) -> None:
    angles = torch.linspace(0, math.pi, 20_001, dtype=torch.float64)
    moved = arc(angles.cos(), torch.full_like(angles, margin))
    assert (moved.diff() <= 1e-7).all()  # within 0.001 of 0 sines are taken as 0.001


def test_arc_is_cos_of_the_angle_and_its_margin_up_to_pi() -> None:
    angles = torch.linspace(0.01, math.pi - 0.31, 100, dtype=torch.float64)
    moved = arc(angles.cos(), torch.full_like(angles, 0.3))
    torch.testing.assert_close(moved, (angles + 0.3).cos())


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_class_weights_in_half_precision_give_the_loss_of_those_weights(dtype: torch.dtype) -> None:
    loss, half = built("arcface"), built("arcface").to(dtype)
    loss.W.data.copy_(half.W.data)
    value = half(embeddings(), TARGETS)
    value.backward()
    assert value.item() == pytest.approx(loss(embeddings(), TARGETS).item(), rel=5e-3)
    assert half.W.grad is not None
    assert half.W.grad.dtype == dtype
    assert torch.isfinite(half.W.grad).all()


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_embeddings_in_half_precision_leave_the_class_weights_alone(dtype: torch.dtype) -> None:
    loss = built("arcface")
    before = loss.W.detach().clone()
    loss(embeddings(dtype=dtype), TARGETS).backward()
    assert loss.W.dtype == torch.float32
    torch.testing.assert_close(loss.W.detach(), before, rtol=0, atol=0)


def test_embeddings_in_half_precision_change_theirs_for_good() -> None:
    theirs = peers.ArcFaceLoss(4, 5)
    theirs(embeddings(dtype=torch.bfloat16), TARGETS)
    assert theirs.W.dtype == torch.bfloat16  # if this fails, think again of using theirs


@pytest.mark.parametrize("wrong", [-1, -100, 4, 10**9])
def test_class_number_without_a_centre_is_refused(wrong: int) -> None:
    targets = TARGETS.clone()
    targets[3] = wrong
    with pytest.raises(AtarimaeError) as error:
        built("arcface")(embeddings(), targets)
    assert str(wrong) in error.value.found
    assert "from 0 to 3" in error.value.fix


@pytest.mark.parametrize("plus", [False, True])
@pytest.mark.parametrize("rule", [arc, straight])
def test_elastic_margins_agree_with_loops_over_the_same_draw(rule, plus: bool) -> None:
    name = ("elasticarc" if rule is arc else "elasticcos") + ("plus" if plus else "")
    loss = built(name, margin=0.3, margin_noise=0.2)
    torch.manual_seed(7)
    drawn = (0.2 * torch.randn(7)).tolist()
    if plus:  # the nearest to its centre gets the least
        cosines = loss.cosines(embeddings()).tolist()
        own = [cosines[i][TARGETS[i]] for i in range(7)]
        nearest_first = sorted(range(7), key=lambda i: -own[i])
        drawn = [sorted(drawn)[nearest_first.index(i)] for i in range(7)]

    def moved(i: int, _own: int, cosine: float) -> float:
        margin = max(0.0, 0.3 + drawn[i])
        return naive_arc(cosine, margin) if rule is arc else cosine - margin

    torch.manual_seed(7)
    assert loss(embeddings(), TARGETS).item() == pytest.approx(
        naive(loss, embeddings(), moved), rel=1e-4
    )


def test_elastic_margins_come_from_the_seeded_generator() -> None:
    loss = built("elasticarc")
    told = []
    for seed in (3, 3, 4):
        torch.manual_seed(seed)
        told.append(loss(embeddings(), TARGETS).item())
    assert told[0] == told[1] != told[2]


def test_elastic_margin_varies_as_much_as_it_is_told_to() -> None:
    torch.manual_seed(0)
    own = torch.zeros(10_000)
    moved = Margin(straight, 0.05)(own, torch.full_like(own, 0.3), own)
    assert float(moved.mean()) == pytest.approx(-0.3, abs=0.002)
    assert float(moved.std()) == pytest.approx(0.05, abs=0.002)


def test_adaface_agrees_with_loops_over_several_batches() -> None:
    loss = built("adaface", margin=0.4, projection=8)
    lengths_mean = lengths_deviation = 0.0
    for number in range(1, 4):
        rows = embeddings(seed=number)
        lengths = [min(100.0, max(0.001, math.hypot(*row))) for row in rows.tolist()]
        mean = sum(lengths) / 7
        deviation = math.sqrt(sum((one - mean) ** 2 for one in lengths) / 6)
        lengths_mean += (mean - lengths_mean) / number
        lengths_deviation += (deviation - lengths_deviation) / number
        quality = [
            max(-1, min(1, (one - lengths_mean) / (lengths_deviation + 0.001) / 3))
            for one in lengths
        ]

        def moved(i: int, _own: int, cosine: float, quality: list[float] = quality) -> float:
            return naive_arc(cosine, -0.4 * quality[i]) - 0.4 * (1 + quality[i])

        assert loss(rows, TARGETS).item() == pytest.approx(naive(loss, rows, moved), rel=1e-4)


def test_adaface_averages_lengths_over_about_a_hundred_batches() -> None:
    margin = Ada()
    margin.batches.fill_(1000)
    margin.mean.fill_(2.0)
    margin(torch.zeros(3), torch.ones(3), torch.tensor([[0.0, 3.0], [3.0, 0.0], [0.0, -3.0]]))
    assert float(margin.mean) == pytest.approx(2.01)


def test_adaface_of_a_single_embedding_is_finite() -> None:
    loss = built("adaface", projection=8)
    assert math.isfinite(loss(embeddings()[:1], TARGETS[:1]).item())


def test_classes_of_one_size_all_have_the_margin() -> None:
    assert by_size([5, 5, 5], 0.25, 0.4).tolist() == [0.25] * 3
    assert by_size([], 0.25, 0.4).tolist() == []


def test_margins_by_size_go_from_the_largest_class_to_the_smallest() -> None:
    margins = by_size([10_000, 16, 1], 0.25, 0.5)  # n^(-1/4): 0.1, 0.5, 1
    torch.testing.assert_close(margins, torch.tensor([0.25, 0.25 + 0.5 * 4 / 9, 0.75]))


def test_centres_start_at_the_means_of_their_share_of_the_images() -> None:
    loss = built("arcface", subcentres=2)
    rows = functional.normalize(embeddings())
    targets = torch.tensor([0, 1, 0, 0, 1, 2, 3])
    loss.place(rows, targets)
    expected = [
        rows[0] + rows[3], rows[2],  # class 0's images in turn
        rows[1], rows[4],
        rows[5], rows[5],  # no second image: the class's mean
        rows[6], rows[6],
    ]  # fmt: skip
    torch.testing.assert_close(loss.W.detach().T, functional.normalize(torch.stack(expected)))


def test_only_one_of_several_equal_subcentres_is_pulled() -> None:
    loss = built("arcface", subcentres=3)
    loss.place(embeddings()[:4], torch.arange(4))
    loss(embeddings(), TARGETS).backward()
    assert loss.W.grad is not None
    pulled = loss.W.grad.view(5, 4, 3).norm(dim=0) > 0
    assert pulled.sum(1).tolist() == [1, 1, 1, 1]
