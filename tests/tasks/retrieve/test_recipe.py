"""A recipe's errors say what, found, fix."""

from typing import get_args

import pytest

from atarimae.errors import UsageError
from atarimae.tasks.retrieve.recipe import Loss, RetrieveRecipe


def test_unknown_key_names_the_nearest() -> None:
    with pytest.raises(UsageError, match="Did you mean 'image_size'"):
        RetrieveRecipe.of({"imagesize": 128})


def test_all_bad_values_are_reported_together() -> None:
    with pytest.raises(UsageError) as error:
        RetrieveRecipe.of({"image_size": 5, "loss": "arcfase", "pooling": ["last:median"]})
    assert {"image_size", "loss", "pooling"} <= set(error.value.found.replace(".", " ").split())


def test_trained_gem_with_a_frozen_backbone_is_refused() -> None:
    with pytest.raises(UsageError, match="train_gem_p needs"):
        RetrieveRecipe.of({"train_gem_p": True})


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"loss": "supcon", "subcentres": 3}, "subcentres is not for supcon, only for arcface, "),
        ({"loss": "triplet", "margin_rare": 0.2}, "margin_rare is not for triplet"),
        ({"loss": "arcface", "memory": 512}, "memory is not for arcface, only for multisimilarity"),
        ({"loss": "adaface", "freeze": "none"}, "adaface needs a projection"),
    ],
)
def test_what_the_loss_does_not_have_is_refused(settings: dict[str, object], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        RetrieveRecipe.of(settings)


def test_settings_that_only_tune_may_stay_when_the_loss_is_changed() -> None:
    tuned = {"margin": 0.5, "scale": 64.0, "lr_loss": 0.01, "temperature": 0.05}
    for loss in get_args(Loss):
        assert RetrieveRecipe.of({**tuned, "loss": loss, "projection": 8}).loss == loss


def test_every_setting_has_a_default_and_a_description() -> None:
    assert RetrieveRecipe.of({})
    for name, field in RetrieveRecipe.model_fields.items():
        assert field.description, name
