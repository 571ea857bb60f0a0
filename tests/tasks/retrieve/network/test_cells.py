"""Means over a grid, beside the pooled features, in one exported graph."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn import functional

from atarimae.errors import UsageError
from atarimae.predict.graph import Graph
from atarimae.tasks.retrieve.network import model
from atarimae.tasks.retrieve.network.cells import Cells, averaging, projection
from atarimae.tasks.retrieve.recipe import RetrieveRecipe

TINY = {"backbone": "test_efficientnet", "weights": "random", "image_size": 96}


def recipe(**settings: object) -> RetrieveRecipe:
    return RetrieveRecipe.of({**TINY, **settings})


def pixels(n: int, size: int = 96) -> torch.Tensor:
    random = np.random.default_rng(0)
    return torch.from_numpy(random.integers(0, 256, (n, size, size, 3), dtype=np.uint8))


@pytest.mark.parametrize(("size", "side"), [(14, 7), (14, 4), (7, 5), (3, 3), (9, 2)])
def test_averaging_is_adaptive_pooling(size: int, side: int) -> None:
    features = torch.randn(2, 3, size, size, generator=torch.Generator().manual_seed(0))
    found = averaging(size, side) @ features @ averaging(size, side).T
    torch.testing.assert_close(found, functional.adaptive_avg_pool2d(features, side))


def test_cells_are_means_projected_and_of_unit_length_together() -> None:
    features = torch.randn(2, 10, 8, 8, generator=torch.Generator().manual_seed(0))
    cells = Cells(recipe(cells=3, cells_dimension=2), features)
    means = functional.adaptive_avg_pool2d(features, 3)
    naive = torch.zeros(2, 9, 4)
    for place in range(9):
        naive[:, place] = means[:, :, place // 3, place % 3] @ projection(10, 4)
    naive /= naive.pow(2).sum((1, 2), keepdim=True).sqrt()
    torch.testing.assert_close(cells(features).reshape(2, 9, 4), naive)


def test_projection_keeps_lengths_and_is_the_same_each_time() -> None:
    one = projection(10, 4)
    torch.testing.assert_close(one.T @ one, torch.eye(4))
    torch.testing.assert_close(projection(10, 4), one, rtol=0, atol=0)
    torch.testing.assert_close(projection(4, 4), torch.eye(4))


@pytest.mark.parametrize("name", ["test_efficientnet", "test_vit"])
def test_one_graph_gives_features_as_without_and_cells_behind_them(
    name: str, tmp_path: Path
) -> None:
    settings = {"backbone": name, "tta_flip": True}
    torch.manual_seed(0)
    plain = model.Features(recipe(**settings)).eval()
    torch.manual_seed(0)
    both = model.Features(recipe(**settings, cells=3, cells_dimension=8)).eval()
    graph = Graph(model.export(both, pixels(2), tmp_path / "embed.onnx"))
    found = np.stack(graph(list(pixels(3).numpy())))
    with torch.no_grad():
        np.testing.assert_allclose(found, both(pixels(3)).numpy(), atol=1e-5)
        np.testing.assert_allclose(found[:, : -both.behind], plain(pixels(3)).numpy(), atol=1e-5)
    assert (plain.behind, both.behind) == (0, 9 * 16)


def test_training_sees_nothing_of_them() -> None:
    features = model.Features(recipe(cells=3))
    view = pixels(2).permute(0, 3, 1, 2)
    assert features.pooled(view).shape[1] == features(pixels(2)).shape[1] - features.behind


def test_grid_that_is_finer_than_the_layer_is_said() -> None:
    with pytest.raises(UsageError, match=r"Layer 'last' has 3 × 3 places .* Set cells to 3"):
        model.Features(recipe(cells=4))


def test_layer_that_the_backbone_lacks_names_the_nearest() -> None:
    with pytest.raises(UsageError, match=r"blocks\.2"):
        model.Features(recipe(cells=3, cells_layer="block.2"))
