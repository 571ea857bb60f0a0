"""What a picture is judged by, through the predictor that scoring, bundle and server use."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from atarimae.errors import UsageError
from atarimae.predict.source import open_source
from atarimae.task import Setup
from atarimae.tasks.retrieve.network import model
from atarimae.tasks.retrieve.network.training import RetrieveTraining
from atarimae.tasks.retrieve.network.views import Views, resizing
from atarimae.tasks.retrieve.predictor import RetrievePredictor
from atarimae.tasks.retrieve.recipe import RetrieveRecipe
from atarimae.types import Data, File, Label, Version

FIXED = {"backbone": "test_efficientnet", "weights": "random", "image_size": 64}
SCALES = {"tta_scales": [0.75, 1.5]}


def recipe(**settings: object) -> RetrieveRecipe:
    return RetrieveRecipe.of({**FIXED, **settings})


def photo(size: int) -> np.ndarray:
    """Smooth, with an edge: nothing is the same from left to right."""
    across = np.linspace(0, 255, size).astype(np.uint8)
    pixels = np.stack([np.tile(across, (size, 1)), np.tile(across[:, None], (1, size))] * 2, 2)
    pixels[: size // 3, : size // 2] = 240
    return pixels[:, :, :3]


@pytest.mark.parametrize("size", [48, 64, 144])
def test_sizes_are_made_as_pillow_makes_them(size: int) -> None:
    pixels, matrix = photo(96), resizing(96, size).numpy()
    ours = np.einsum("ij,jkc,lk->ilc", matrix, pixels.astype(np.float32), matrix).clip(0, 255)
    pillows = Image.fromarray(pixels).resize((size, size), Image.Resampling.BICUBIC)
    assert np.abs(ours - np.asarray(pillows, np.float32)).max() <= 1.01  # Pillow rounds, twice


def test_views_are_the_sizes_and_then_their_mirror_images() -> None:
    images = torch.from_numpy(photo(96)).permute(2, 0, 1)[None]
    views = Views(recipe(tta_flip=True, **SCALES))(images)
    assert [view.shape[-1] for view in views] == [64, 48, 96] * 2
    torch.testing.assert_close(views[2], images)
    for view, mirrored in zip(views[:3], views[3:], strict=True):
        torch.testing.assert_close(mirrored, view.flip(3))


def test_by_default_there_is_the_picture_alone() -> None:
    images = torch.zeros(1, 3, 64, 64, dtype=torch.uint8)
    (view,) = Views(recipe())(images)
    assert view is images


@pytest.fixture
def setup(tmp_path: Path) -> Setup:
    Image.fromarray(photo(120)).save(tmp_path / "a.png")
    train = Data(
        tmp_path, Version(1, ""), (File("a.png", "a"),), {}, {"a": (Label("a", "A"),)}
    )  # fmt: skip
    return Setup(train, 0, "cpu", tmp_path / "s", lambda *_: np.ones((1, 8), np.float32), 10**6)


@pytest.mark.parametrize("freeze", ["backbone", "none"])
def test_predictor_gives_the_mean_over_the_views(setup: Setup, tmp_path: Path, freeze: str) -> None:
    settings = recipe(tta_flip=True, freeze=freeze, epochs=0, **SCALES)
    torch.manual_seed(0)
    training = RetrieveTraining(settings, setup)
    predictor = RetrievePredictor(training.export(tmp_path / "model"))
    window = predictor.windows(open_source(tmp_path / "a.png"))
    assert window.shape == (96, 96, 3)
    assert predictor.reads == 96
    (found,) = predictor.steps["embed"]([window])
    images = torch.from_numpy(window.copy()).permute(2, 0, 1)[None]
    features = training.features.eval()
    with torch.no_grad():
        each = [features.pooled(view)[0].numpy() for view in Views(settings)(images)]
    assert len(each) == 6
    np.testing.assert_allclose(found, np.mean(each, axis=0), atol=1e-5)
    assert np.abs(found - each[0]).max() > 1e-3


def test_cache_tells_apart_what_was_judged_in_other_ways(setup: Setup, tmp_path: Path) -> None:
    keys = set()
    for number, one in enumerate([{}, {"tta_flip": True}, {"tta_scales": [0.75]}, SCALES]):
        torch.manual_seed(0)
        training = RetrieveTraining(recipe(epochs=0, **one), setup)
        keys.add(RetrievePredictor(training.export(tmp_path / str(number))).key)
    assert len(keys) == 4


def test_sizes_for_a_backbone_of_one_size_are_refused_and_mirror_images_are_not() -> None:
    with pytest.raises(UsageError, match="test_vit reads pictures of one size"):
        model.Features(recipe(backbone="test_vit", **SCALES))
    model.Features(recipe(backbone="test_vit", tta_flip=True))
