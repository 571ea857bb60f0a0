"""Layers of a backbone: which are frozen, and how fast each learns; as timm counts them."""

import pytest
import timm
import torch
from timm.optim import param_groups_layer_decay
from torch import nn

from atarimae.errors import UsageError
from atarimae.tasks.retrieve.network import layers, model
from atarimae.tasks.retrieve.recipe import RetrieveRecipe


def recipe(**settings: object) -> RetrieveRecipe:
    fixed = {"image_size": 160, "weights": "random", "freeze": "none", "lr": 0.01}
    return RetrieveRecipe.of({"backbone": "test_efficientnet", **fixed, **settings})


def rates(features: model.Features, head: nn.Module, settings: RetrieveRecipe) -> dict[str, float]:
    names = {
        parameter: f"{part}.{name}"
        for part, module in (("features", features), ("head", head))
        for name, parameter in module.named_parameters()
    }
    return {
        names[parameter]: group["lr"]
        for group in layers.groups(features, head, settings)
        for parameter in group["params"]
    }


def test_by_default_all_that_is_trained_is_one_group_with_the_head_first() -> None:
    settings = recipe(projection=4, train_gem_p=True)
    features, head = model.Features(settings), model.Head(256, settings)
    (group,) = layers.groups(features, head, settings)
    assert group["lr"] == 0.01
    expected = [*head.parameters(), *features.parameters()]
    assert [id(one) for one in group["params"]] == [id(one) for one in expected]


@pytest.mark.parametrize("name", ["test_efficientnet", "test_resnet", "test_convnext", "test_vit"])
def test_rates_fall_from_layer_to_layer_as_timms_own_do(name: str) -> None:
    settings = recipe(backbone=name, lr_backbone_factor=0.5, lr_layer_factor=0.7, projection=4)
    features = model.Features(settings)
    found = rates(features, model.Head(8, settings), settings)
    assert found.pop("head.linear.weight") == 0.01
    plain = timm.create_model(name, num_classes=0)
    names = {parameter: name for name, parameter in plain.named_parameters()}
    theirs = {
        f"features.backbone.{names[parameter]}": 0.005 * group["lr_scale"]
        for group in param_groups_layer_decay(plain, layer_decay=0.7)
        for parameter in group["params"]
    }
    assert found == pytest.approx(theirs)
    assert len(set(found.values())) > 3


def test_gem_p_learns_as_the_head_does() -> None:
    settings = recipe(lr_backbone_factor=0.1, train_gem_p=True)
    assert rates(model.Features(settings), nn.Identity(), settings)["features.p"] == 0.01


@pytest.mark.parametrize("first", [3, "blocks.1", "blocks.1.0"])
def test_first_layers_are_frozen_by_number_or_name(first: int | str) -> None:
    features = model.Features(recipe(freeze_layers=first))
    named = features.backbone.named_parameters()
    still = {name for name, parameter in named if not parameter.requires_grad}
    parts = ("conv_stem.", "bn1.", "blocks.0.", "blocks.1.")
    assert still == {name for name in features.backbone.state_dict() if name.startswith(parts)} - {
        name for name, _ in features.backbone.named_buffers()
    }


def test_frozen_layers_stay_as_they_are_to_the_last_statistic_while_others_learn() -> None:
    settings = recipe(freeze_layers=3)
    features = model.Features(settings).train()
    optimiser = torch.optim.AdamW(layers.groups(features, nn.Identity(), settings))
    before = {name: value.clone() for name, value in features.backbone.state_dict().items()}
    images = torch.randint(0, 256, (4, 3, 64, 64), generator=torch.Generator().manual_seed(0))
    features.pooled(images).square().sum(0)[0].backward()
    optimiser.step()
    after = features.backbone.state_dict()
    same = {name for name, value in before.items() if torch.equal(value, after[name])}
    first = ("conv_stem", "bn1", "blocks.0.", "blocks.1.")
    assert {name for name in before if name.startswith(first)} <= same
    assert not {name for name in before if name.startswith("blocks.2.")} & same


def test_layer_that_is_not_there_names_the_nearest() -> None:
    with pytest.raises(UsageError, match=r"Did you mean 'blocks\.1'"):
        model.Features(recipe(freeze_layers="block.1"))


def test_more_layers_than_there_are_say_how_many_there_are() -> None:
    with pytest.raises(UsageError, match="has 6 layers"):
        model.Features(recipe(freeze_layers=7))


def test_frozen_layers_of_a_backbone_that_is_frozen_anyway_are_refused() -> None:
    with pytest.raises(UsageError, match="freeze_layers needs"):
        recipe(freeze="backbone", freeze_layers=2)
