"""Batches with as many images of each class, and augmentation that can be repeated."""

from collections import Counter

import numpy as np
import torch

from atarimae.tasks.retrieve.data import augmentation, balanced_batches
from atarimae.tasks.retrieve.recipe import RetrieveRecipe

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


def test_augmentation_keeps_size_and_type() -> None:
    recipe = RetrieveRecipe.of({"image_size": 32, "flip": 0.5, "blur": 1.0})
    image = torch.from_numpy(np.full((3, 32, 32), 200, np.uint8))
    augmented = augmentation(recipe)(image)
    assert augmented.shape == (3, 32, 32)
    assert augmented.dtype == torch.uint8


def test_augmentation_can_be_switched_off() -> None:
    off = RetrieveRecipe.of(
        {"image_size": 32, "crop": 1, "flip": 0, "rotate": 0, "colour": 0, "blur": 0}
    )
    image = torch.randint(0, 255, (3, 32, 32), dtype=torch.uint8)
    torch.testing.assert_close(augmentation(off)(image), image)
