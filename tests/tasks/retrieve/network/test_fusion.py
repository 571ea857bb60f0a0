"""Local features that join the pooled ones, as far as they say something else."""

from pathlib import Path

import numpy as np
import pytest
import torch

from atarimae.errors import UsageError
from atarimae.predict.graph import Graph
from atarimae.tasks.retrieve.network import model
from atarimae.tasks.retrieve.network.fusion import Fusion, orthogonal
from atarimae.tasks.retrieve.recipe import RetrieveRecipe

DRAWN = torch.Generator().manual_seed(0)


def test_what_is_left_at_each_place_is_orthogonal_to_the_whole_picture() -> None:
    local, whole = torch.randn(2, 5, 3, 4, generator=DRAWN), torch.randn(2, 5, generator=DRAWN)
    found = orthogonal(local, whole).numpy()
    for n, row, column in np.ndindex(2, 3, 4):
        place, line = local[n, :, row, column].numpy(), whole[n].numpy()
        naive = place - (place @ line) / (line @ line) * line
        np.testing.assert_allclose(found[n, :, row, column], naive, atol=1e-5)
        assert abs(found[n, :, row, column] @ line) < 1e-4


def test_its_second_half_says_nothing_that_the_first_says() -> None:
    fusion = Fusion(16, 12, 8).eval()
    pooled, places = torch.randn(3, 16, generator=DRAWN), torch.randn(3, 12, 7, 7, generator=DRAWN)
    with torch.no_grad():
        joined = fusion(pooled, places)
    whole, across = joined.split(8, dim=1)
    torch.testing.assert_close(joined.norm(dim=1), torch.ones(3))
    torch.testing.assert_close((whole * across).sum(1), torch.zeros(3), atol=1e-6, rtol=0)
    assert across.norm(dim=1).min() > 0


@pytest.mark.parametrize(
    ("name", "layer"), [("test_efficientnet", "blocks.2"), ("test_vit", "blocks.4")]
)
def test_fused_features_are_exported_as_they_are_and_all_of_it_learns(
    name: str, layer: str, tmp_path: Path
) -> None:
    recipe = RetrieveRecipe.of(
        {
            "backbone": name, "weights": "random", "freeze": "none", "image_size": 64,
            "pooling": ["last:gem"], "local_layer": layer, "local_dimension": 32,
        }
    )  # fmt: skip
    torch.manual_seed(0)
    features = model.Features(recipe)
    pixels = torch.randint(0, 256, (3, 64, 64, 3), generator=DRAWN, dtype=torch.uint8)
    features.train().pooled(pixels.permute(0, 3, 1, 2)).square()[:, ::3].sum().backward()
    assert all(one.grad is not None for one in features.fusion.parameters())
    graph = Graph(model.export(features.eval(), pixels[:2], tmp_path / "embed.onnx"))
    with torch.no_grad():
        expected = features(pixels).numpy()
    assert expected.shape == (3, 64)
    np.testing.assert_allclose(np.stack(graph(list(pixels.numpy()))), expected, atol=1e-5)


def test_fusion_on_a_frozen_backbone_is_refused() -> None:
    with pytest.raises(UsageError, match="local_layer needs"):
        RetrieveRecipe.of({"local_layer": "blocks.4"})
