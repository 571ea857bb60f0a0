"""A workspace for a task whose fits take no time, and one recipe that the seed moves."""

import pytest

from atarimae import task as tasks
from atarimae.fit import fit
from atarimae.runlog import Run
from atarimae.workspace import Workspace

COLOUR = tasks.load("colour")


@pytest.fixture
def tried(colours: Workspace):
    """Fit with some settings; two epochs leave the seed a say in the score."""

    def fitted(because: str = "a first look", *, seed: int = 0, **settings: object) -> Run:
        recipe = COLOUR.recipe.of({"epochs": 2, "lr": 0.3, **settings})
        return fit(colours, COLOUR, recipe, because=because, seed=seed)

    return fitted
