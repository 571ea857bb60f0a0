"""A workspace for a task whose fits take no time, and one recipe that the seed moves."""

from pathlib import Path

import pytest

from atarimae import task as tasks
from atarimae import workspace
from atarimae.add import add
from atarimae.fit import fit
from atarimae.runlog import Run
from atarimae.workspace import Workspace

COLOUR = tasks.load("colour")


@pytest.fixture
def colours(tmp_path: Path, photos: Path) -> Workspace:
    made = workspace.create(tmp_path / "色", "colour")
    add(made, [photos])
    return made


@pytest.fixture
def tried(colours: Workspace):
    """Fit with some settings; two epochs leave the seed a say in the score."""

    def fitted(because: str = "a first look", *, seed: int = 0, **settings: object) -> Run:
        recipe = COLOUR.recipe.of({"epochs": 2, "lr": 0.3, **settings})
        return fit(colours, COLOUR, recipe, because=because, seed=seed)

    return fitted


@pytest.fixture
def space(tmp_path: Path, photos: Path) -> Workspace:
    made = workspace.create(tmp_path / "ws", "retrieve")
    add(made, [photos])
    return made


@pytest.fixture
def small():
    """A recipe of retrieval, small enough for a test, with some settings changed."""

    def made(**settings: object):
        quick = {"image_size": 32, "projection": 16, "epochs": 4, "classes_per_batch": 3}
        return tasks.load("retrieve").recipe.of({**quick, **settings})

    return made
