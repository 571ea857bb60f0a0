"""Smoke is the same recipe on less; holdout is all of it."""

from pathlib import Path

import pytest

from atarimae.errors import UsageError
from atarimae.fit.stages import SMOKE_IMAGES, stage
from atarimae.task import Recipe
from atarimae.types import Data, File, Label, Version

FILES = tuple(
    File(f"{split}/{c}/{i}", f"{split}{c}{i}", split=split)
    for split in ("train", "val")
    for c in range(200)
    for i in range(4)
)
LABELS = {f.image: (Label(f.image, f.path.rpartition("/")[0]),) for f in FILES}
DATA = Data(Path(), Version(1, ""), FILES, {}, LABELS)


def test_smoke_keeps_whole_classes_up_to_its_size() -> None:
    sample, _ = stage("smoke")(DATA, Recipe(), 0)
    for split in ("train", "val"):
        part = sample.split(split)
        assert len(part) == SMOKE_IMAGES
        assert len(part.class_names) == SMOKE_IMAGES // 4


def test_smoke_of_one_seed_is_the_same_sample_and_of_another_seed_another() -> None:
    first, again, other = (stage("smoke")(DATA, Recipe(), seed)[0].files for seed in (0, 0, 1))
    assert first == again
    assert first != other


@pytest.mark.parametrize(("epochs", "few"), [(100, 10), (20, 2), (2, 2), (1, 1), (0, 0)])
def test_smoke_takes_a_tenth_of_the_epochs(epochs: int, few: int) -> None:
    assert stage("smoke")(DATA, Recipe(epochs=epochs), 0)[1].epochs == few


def test_holdout_changes_nothing() -> None:
    recipe = Recipe(epochs=7)
    assert stage("holdout")(DATA, recipe, 3) == (DATA, recipe)


def test_unknown_stage_names_the_nearest() -> None:
    with pytest.raises(UsageError, match="Did you mean 'smoke'"):
        stage("smok")
