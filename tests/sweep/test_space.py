"""SPACE.toml: what it may say, and that all that is wrong is said before anything runs."""

from pathlib import Path
from typing import Literal

import pytest
from pydantic import Field, model_validator

from atarimae.errors import UsageError
from atarimae.sweep.space import Choices, Range, Space
from atarimae.task import Recipe


class Small(Recipe):
    """A recipe with a field of each kind, and two that must go together."""

    margin: float = Field(0.3, ge=0, le=1.5)
    dropout: float = Field(0.0, ge=0, lt=1)
    size: int = Field(64, ge=8)
    loss: Literal["arcface", "cosface"] = "arcface"
    layers: tuple[str, ...] = ("last",)
    frozen: bool = True
    moving: bool = False

    @model_validator(mode="after")
    def _agrees(self) -> "Small":
        if self.frozen and self.moving:
            raise ValueError("moving needs frozen = false")
        return self


GOOD = """
because = "広い余白は効くか 🍶"

[recipe]
epochs = 5

[space]
lr = {low = 1e-4, high = 1e-1, log = true}
margin = {low = 0.0, high = 1.0, step = 0.3}
size = {low = 16, high = 64}
loss = ["arcface", "cosface"]
layers = {choices = [["last"], ["middle", "last"]]}
frozen = [true, false]
"""


def test_ranges_choices_and_what_is_fixed(tmp_path: Path) -> None:
    path = tmp_path / "空間.toml"
    path.write_text(GOOD, encoding="utf-8")
    space = Space.read(path, Small)
    assert space.because == "広い余白は効くか 🍶"
    assert space.recipe == Small(epochs=5)
    assert space.dimensions == {
        "lr": Range(1e-4, 1e-1, log=True),
        "margin": Range(0.0, 0.9, step=0.3),  # 1.0 is not reached by steps
        "size": Range(16, 64, whole=True),
        "loss": Choices(("arcface", "cosface")),
        "layers": Choices((["last"], ["middle", "last"])),
        "frozen": Choices((True, False)),
    }


def test_the_recipe_as_it_is_has_the_fixed_settings_and_the_defaults() -> None:
    told = {"because": "x", "recipe": {"lr": 0.02}, "space": {"lr": [0.01, 0.02], "size": [8, 64]}}
    assert Space.read(told, Small).start == {"lr": 0.02, "size": 64}


def test_the_same_space_written_otherwise_is_the_same() -> None:
    one = Space.read({"because": "x", "space": {"lr": [1, 2], "size": [8, 9]}}, Small)
    other = Space.read(
        {"because": "x", "recipe": {"epochs": 20}, "space": {"lr": [1.0, 2.0], "size": [8, 9]}},
        Small,
    )
    changed = Space.read({"because": "x", "space": {"lr": [1, 3], "size": [8, 9]}}, Small)
    assert one.mark == other.mark != changed.mark


def test_all_that_is_wrong_is_told_at_once() -> None:
    told = {
        "becuase": "x",
        "recipe": {"epocs": 3},
        "space": {"marign": [0.1, 0.2], "dropout": {"low": 0.0, "high": 1.0}, "size": 7},
    }
    with pytest.raises(UsageError) as caught:
        Space.read(told, Small)
    for said in (
        "No part 'becuase'", "Did you mean 'because'?", "It has no reason",
        "No recipe key 'epocs'", "Did you mean 'epochs'?", "No recipe key 'marign'",
        "Did you mean 'margin'?", "dropout = 1.0: Input should be less than 1",
        "size: It is no range and no choices. Found 7.",
    ):  # fmt: skip
        assert said in caught.value.found


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ({"lr": {"low": 0.1, "high": 0.01}}, "Let low be less than high"),
        ({"lr": {"low": 0.0, "high": 0.1, "log": True}}, "log needs low above 0"),
        ({"lr": {"low": 0.1, "high": 0.2, "log": True, "step": 0.1}}, "and no step"),
        ({"lr": {"low": 0.1, "high": 0.2, "log": 1}}, "log is true or false"),
        ({"lr": {"low": 0.1}}, "high is a number"),
        ({"lr": {"low": 0.1, "high": float("inf")}}, "high is a number"),
        ({"lr": {"low": 0.1, "hihg": 0.2}}, "Did you mean 'high'?"),
        ({"lr": {"low": 0.1, "high": 0.2, "step": 0.5}}, "step is 0.5"),
        ({"lr": {"low": True, "high": 2.0}}, "low is a number"),
        ({"size": {"low": 8.5, "high": 64}}, "low is a whole number"),
        ({"size": {"low": 4, "high": 64}}, "greater than or equal to 8"),
        ({"margin": {"low": 0.0, "high": 1.6}}, "less than or equal to 1.5"),
        ({"loss": ["arcface", "arcfase"]}, "loss = 'arcfase'"),
        ({"loss": {"low": 0, "high": 1}}, "It is no number"),
        ({"loss": ["arcface"]}, "two values or more"),
        ({"lr": [0.1, 0.1]}, "each once"),
        ({"moving": [True, False]}, "moving needs frozen = false"),
        ({}, "no table [space]"),
    ],
)
def test_refused_before_anything_runs(entry: dict[str, object], said: str) -> None:
    with pytest.raises(UsageError) as caught:
        Space.read({"because": "x", "space": entry}, Small)
    assert said in caught.value.found


def test_file_that_is_no_toml_is_told(tmp_path: Path) -> None:
    (tmp_path / "space.toml").write_text("because = ")
    with pytest.raises(UsageError, match=r"space.toml can't be read"):
        Space.read(tmp_path / "space.toml", Small)
