"""A workspace with eight classes of pictures, and a training small enough to be followed."""

from pathlib import Path

import pytest

from atarimae import workspace
from atarimae.add import add
from atarimae.workspace import Workspace


@pytest.fixture
def space(tmp_path: Path, photos: Path) -> Workspace:
    made = workspace.create(tmp_path / "ws", "retrieve")
    add(made, [photos])
    return made


@pytest.fixture
def small():
    """A recipe of the task, small enough for a test, with some settings changed."""
    from atarimae import task as tasks

    def made(**settings: object):
        quick = {"image_size": 32, "projection": 16, "epochs": 4, "classes_per_batch": 3}
        return tasks.load("retrieve").recipe.of({**quick, **settings})

    return made


@pytest.fixture
def colours(tmp_path: Path, photos: Path) -> Workspace:
    """The same pictures for a third party's task, whose fits take no time."""
    made = workspace.create(tmp_path / "色", "colour")
    add(made, [photos])
    return made
