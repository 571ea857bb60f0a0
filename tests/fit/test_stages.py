"""Smoke is the same recipe on less; holdout is all of it."""

from dataclasses import replace
from pathlib import Path

import pytest

from atarimae.errors import UsageError
from atarimae.fit.stages import SMOKE_IMAGES, stage
from atarimae.task import Recipe
from atarimae.types import Data, File, Label, Version


def data(classes: int, each: int) -> Data:
    """Train and val with so many classes each, and so many images of each class."""
    files = tuple(
        File(f"{split}/{c}/{i}", f"{split}{c}{i}", split=split)
        for split in ("train", "val")
        for c in range(classes)
        for i in range(each)
    )
    labels = {f.image: (Label(f.image, f.path.rpartition("/")[0]),) for f in files}
    return Data(Path(), Version(1, ""), files, {}, labels)


DATA = data(classes=200, each=4)


def test_smoke_keeps_whole_classes_up_to_its_size() -> None:
    sample, _ = stage("smoke")(DATA, Recipe())
    for split in ("train", "val"):
        part = sample.split(split)
        assert len(part) == SMOKE_IMAGES
        assert len(part.class_names) == SMOKE_IMAGES // 4


@pytest.mark.parametrize(("classes", "there"), [(40, 15), (3, 3)])
def test_large_classes_leave_room_for_others(classes: int, there: int) -> None:
    sample, _ = stage("smoke")(data(classes, each=400), Recipe())
    for split in ("train", "val"):
        part = sample.split(split)
        assert len(part) == 20 * there
        assert len(part.class_names) == there


def test_smoke_sample_does_not_depend_on_the_order_of_files() -> None:
    turned = replace(DATA, files=DATA.files[::-1])
    samples = [stage("smoke")(each, Recipe())[0].files for each in (DATA, turned)]
    assert set(samples[0]) == set(samples[1])


@pytest.mark.parametrize(("epochs", "few"), [(100, 10), (20, 2), (2, 2), (1, 1), (0, 0)])
def test_smoke_takes_a_tenth_of_the_epochs(epochs: int, few: int) -> None:
    assert stage("smoke")(DATA, Recipe(epochs=epochs))[1].epochs == few


def test_holdout_changes_nothing() -> None:
    recipe = Recipe(epochs=7)
    assert stage("holdout")(DATA, recipe) == (DATA, recipe)


def test_unknown_stage_names_the_nearest() -> None:
    with pytest.raises(UsageError, match="Did you mean 'smoke'"):
        stage("smok")
