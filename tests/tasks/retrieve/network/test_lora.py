"""Adapters of low rank: what is trained, and what is exported."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from atarimae.errors import UsageError
from atarimae.predict.graph import Graph
from atarimae.tasks.retrieve.network import layers, lora, model
from atarimae.tasks.retrieve.recipe import RetrieveRecipe


def recipe(**settings: object) -> RetrieveRecipe:
    fixed = {"image_size": 64, "weights": "random", "freeze": "none", "pooling": ["last:cls"]}
    return RetrieveRecipe.of({"backbone": "test_vit", **fixed, **settings})


def made(settings: RetrieveRecipe) -> model.Features:
    torch.manual_seed(0)
    return model.Features(settings)


@pytest.fixture
def pixels() -> torch.Tensor:
    drawn = torch.Generator().manual_seed(0)
    return torch.randint(0, 256, (3, 64, 64, 3), generator=drawn, dtype=torch.uint8)


def trained(features: model.Features, settings: RetrieveRecipe, pixels: torch.Tensor) -> None:
    """Two steps: the first moves only one matrix of each pair, the other being zero."""
    optimiser = torch.optim.AdamW(layers.groups(features, nn.Identity(), settings), lr=0.1)
    features.train()
    for _ in range(2):
        optimiser.zero_grad()
        features.pooled(pixels.permute(0, 3, 1, 2))[:, :9].sum().backward()
        optimiser.step()
    features.eval()


def test_adapters_change_nothing_before_they_are_trained(pixels: torch.Tensor) -> None:
    with torch.no_grad():
        plain = made(recipe()).eval()(pixels)
        torch.testing.assert_close(made(recipe(lora_rank=4)).eval()(pixels), plain)


def test_adapters_alone_are_trained_two_matrices_for_each_layer(pixels: torch.Tensor) -> None:
    settings = recipe(lora_rank=4)
    features = made(settings)
    before = {name: value.clone() for name, value in features.state_dict().items()}
    trained(features, settings, pixels)
    moved = {name for name, value in features.state_dict().items() if (value != before[name]).any()}
    width, blocks = 64, 6
    assert len(moved) == 2 * 2 * blocks
    assert all("lora_" in name for name in moved)
    # Of rank 4: in × 4 and 4 × out, for qkv (64 → 192) and proj (64 → 64).
    numbers = sum(features.state_dict()[name].numel() for name in moved)
    assert numbers == blocks * 4 * (width + 3 * width + width + width)


def test_adapters_of_frozen_layers_are_frozen_too() -> None:
    named = made(recipe(lora_rank=4, freeze_layers="blocks.3")).named_parameters()
    free = {name.split(".")[2] for name, parameter in named if parameter.requires_grad}
    assert free == {"4", "5"}


def test_adapters_are_merged_into_the_weights_that_are_exported_and_nothing_else_changes(
    pixels: torch.Tensor, tmp_path: Path
) -> None:
    settings = recipe(lora_rank=4)
    features = made(settings)
    trained(features, settings, pixels)
    before = {name: value.clone() for name, value in features.state_dict().items()}
    with torch.no_grad():
        expected = features(pixels)
        plain = made(recipe()).eval()
        assert (expected - plain(pixels)).abs().max() > 0.01
    with lora.merged(features):
        path = model.export(features, pixels[:2], tmp_path / "embed.onnx")
    np.testing.assert_allclose(
        np.stack(Graph(path)(list(pixels.numpy()))), expected.numpy(), atol=1e-5
    )
    bare = model.export(plain, pixels[:2], tmp_path / "plain.onnx")
    assert abs(path.stat().st_size - bare.stat().st_size) < 4096
    for name, value in features.state_dict().items():
        assert torch.equal(value, before[name]), name


def test_layer_that_gets_an_adapter_and_is_not_there_names_the_nearest() -> None:
    with pytest.raises(UsageError, match=r"No layer 'attn\.qvk'"):
        made(recipe(lora_rank=4, lora_layers=["attn.qvk"]))


def test_adapters_on_a_frozen_backbone_are_refused() -> None:
    with pytest.raises(UsageError, match="lora_rank needs"):
        recipe(freeze="backbone", lora_rank=4)
