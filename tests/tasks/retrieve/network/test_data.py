"""Batches with as many images of each class, and augmentation that can be repeated."""

from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from atarimae.errors import AtarimaeError, UsageError
from atarimae.task import Model, Setup
from atarimae.tasks.retrieve.network.data import (
    ImageSamples,
    augmentation,
    balanced_batches,
    drawn_by_weight,
    with_enough,
)
from atarimae.tasks.retrieve.network.training import RetrieveTraining
from atarimae.tasks.retrieve.recipe import RetrieveRecipe
from atarimae.types import Data, File, Floats, Label, Version

TARGETS = [0] * 9 + [1] * 4 + [2] * 1 + [3] * 2


def test_each_batch_has_as_many_images_of_each_of_its_classes() -> None:
    for batch in balanced_batches(TARGETS, classes=3, images=2, seed=0, epoch=0):
        counts = Counter(TARGETS[number] for number in batch)
        assert all(count % 2 == 0 for count in counts.values())


def test_every_image_comes_at_least_once_an_epoch() -> None:
    batches = list(balanced_batches(TARGETS, classes=2, images=4, seed=0, epoch=3))
    assert {number for batch in batches for number in batch} == set(range(len(TARGETS)))


def test_one_seed_and_epoch_give_the_same_batches_and_another_epoch_others() -> None:
    first, again, other = (
        list(balanced_batches(TARGETS, 2, 2, seed=7, epoch=epoch)) for epoch in (0, 0, 1)
    )
    assert first == again
    assert first != other


def test_a_weight_is_the_share_of_epochs_that_an_image_takes_part_in() -> None:
    weights = [1.0] * 5 + [0.25] * 4 + [1.0] * 3 + [0.6] + [1.0] * 3
    seen = np.zeros(len(TARGETS))
    for epoch in range(400):
        plain = list(balanced_batches(TARGETS, 2, 4, seed=0, epoch=epoch))
        batches = list(drawn_by_weight(plain, TARGETS, weights, 0, epoch))
        assert [[TARGETS[n] for n in one] for one in batches] == [
            [TARGETS[n] for n in one] for one in plain
        ]  # as many, and as balanced
        seen[list({number for batch in batches for number in batch})] += 1
    assert seen / 400 == pytest.approx(weights, abs=0.08)
    assert list(drawn_by_weight(plain, TARGETS, weights, 0, 399)) == batches


def test_a_class_of_which_nobody_takes_part_stays_as_it_is() -> None:
    assert list(drawn_by_weight([[0, 1]], [0, 1], [0.0, 1.0], 0, 0)) == [[0, 1]]


OFF = {
    "image_size": 32, "crop": 1, "flip": 0, "rotate": 0, "perspective": 0, "colour": 0, "blur": 0,
}  # fmt: skip


def test_augmentation_keeps_size_and_type() -> None:
    recipe = RetrieveRecipe.of({"image_size": 32, "flip": 0.5, "blur": 1.0})
    image = torch.from_numpy(np.full((3, 32, 32), 200, np.uint8))
    augmented = augmentation(recipe, 32)(image)
    assert augmented.shape == (3, 32, 32)
    assert augmented.dtype == torch.uint8


def test_augmentation_can_be_switched_off() -> None:
    image = torch.randint(0, 255, (3, 32, 32), dtype=torch.uint8)
    torch.testing.assert_close(augmentation(RetrieveRecipe.of(OFF), 32)(image), image)


def test_every_other_picture_is_seen_from_another_side() -> None:
    torch.manual_seed(0)
    augment = augmentation(RetrieveRecipe.of(OFF | {"perspective": 0.3}), 32)
    frame = torch.zeros((3, 32, 32), dtype=torch.uint8)  # its corners move inwards, on white
    seen = [augment(frame) for _ in range(40)]
    moved = [picture for picture in seen if not torch.equal(picture, frame)]
    assert 10 <= len(moved) <= 30
    sides = [[int((edge == 0).sum()) for edge in _edges(picture[0])] for picture in moved]
    assert any(len(set(lengths)) > 2 for lengths in sides), "a mere cut or turn keeps parallels"


def _edges(picture: torch.Tensor) -> tuple[torch.Tensor, ...]:
    """The rows and columns a quarter of the way from each side."""
    return picture[8], picture[-8], picture[:, 8], picture[:, -8]


LABELS = {"a": "A", "b": "B", "c": "A", "unknown": None}


@pytest.fixture
def setup(tmp_path: Path) -> Setup:
    """Four pictures of 40 × 40 pixels, the last of them a query without a label."""
    for name in LABELS:
        Image.new("RGB", (40, 40)).save(tmp_path / f"{name}.png")
    files = tuple(
        File(f"{n}.png", n, role="both" if said else "query") for n, said in LABELS.items()
    )
    labels = {name: (Label(name, said),) for name, said in LABELS.items() if said}
    train = Data(tmp_path, Version(1, ""), files, {}, labels)

    def outputs(model: Model, data: Data) -> Floats:
        return np.ones((len(data), 8), np.float32)

    return Setup(train, 0, "cpu", tmp_path / "scratch", outputs, max_pixels=40 * 40)


@pytest.mark.parametrize("freeze", ["backbone", "none"])
def test_query_without_a_label_is_not_trained_on(setup: Setup, freeze: str) -> None:
    recipe = RetrieveRecipe.of({"image_size": 32, "projection": 4, "freeze": freeze})
    training = RetrieveTraining(recipe, setup)
    assert training.classes == ("A", "B")
    assert training.targets == [0, 1, 0]
    assert len(training.samples) == 3


def test_class_with_too_few_images_is_left_out(setup: Setup) -> None:
    copy = File("copy of b.png", "b")  # the same image once more
    many = replace(setup.train, files=(*setup.train.files, copy))
    assert [f.path for f in with_enough(many, 2).files] == ["a.png", "c.png"]
    assert with_enough(many, 1).files == many.files
    one_class = RetrieveRecipe.of({"image_size": 32, "projection": 4, "min_images": 2})
    with pytest.raises(AtarimaeError, match="have 1 class of 2 images or more"):
        RetrieveTraining(one_class, setup)
    whitened_only = RetrieveRecipe.of({"image_size": 32, "whiten": "pca", "min_images": 2})
    assert RetrieveTraining(whitened_only, setup).targets == [0, 0]


def test_network_that_is_trained_has_its_channels_last_as_its_batches_have(setup: Setup) -> None:
    recipe = RetrieveRecipe.of({"image_size": 32, "projection": 4, "freeze": "none"})
    kernels = [p for p in RetrieveTraining(recipe, setup).features.parameters() if p.ndim == 4]
    assert all(kernel.is_contiguous(memory_format=torch.channels_last) for kernel in kernels)


def test_picture_of_more_pixels_than_the_workspace_allows_is_refused(setup: Setup) -> None:
    recipe = RetrieveRecipe.of({"image_size": 32})
    allowed = ImageSamples(setup.train, [0] * 4, recipe, 0, setup.max_pixels)
    assert allowed.__getitems__([0])[0].shape == (1, 3, 32, 32)
    with pytest.raises(AtarimaeError, match="the limit is 1,599"):
        ImageSamples(setup.train, [0] * 4, recipe, 0, setup.max_pixels - 1).__getitems__([0])


GROWING = {"image_size": 128, "start_size": 64, "freeze": "none", "epochs": 6}


def test_training_images_grow_evenly_and_have_the_full_size_for_the_last_third() -> None:
    growing, fixed = (RetrieveRecipe.of(GROWING | {"start_size": size}) for size in (64, 0))
    assert [growing.training_size(epoch) for epoch in range(6)] == [64, 64, 96, 96, 128, 128]
    assert [fixed.training_size(epoch) for epoch in range(6)] == [128] * 6


def test_samples_have_the_size_of_their_epoch(setup: Setup) -> None:
    samples = ImageSamples(setup.train, [0] * 4, RetrieveRecipe.of(GROWING), 0, setup.max_pixels)
    for epoch, size in ((0, 64), (5, 128)):
        samples.epoch = epoch
        assert samples.__getitems__([0, 1])[0].shape == (2, 3, size, size)


@pytest.mark.parametrize("wrong", [{"start_size": 256}, {"start_size": 8}, {"freeze": "backbone"}])
def test_growth_that_makes_no_sense_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(UsageError, match="start_size"):
        RetrieveRecipe.of(GROWING | wrong)
