"""A recipe's errors say what, found, fix."""

import pytest

from atarimae.errors import UsageError
from atarimae.tasks.retrieve.recipe import RetrieveRecipe


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


def test_every_setting_has_a_default_and_a_description() -> None:
    assert RetrieveRecipe.of({})
    for name, field in RetrieveRecipe.model_fields.items():
        assert field.description, name
