"""A workspace for sweeps, of a task whose fits take no time, and runs that were never fitted."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from atarimae import api, task
from atarimae.runlog import start
from atarimae.runlog.writer import amend
from atarimae.sweep.space import Space, changed
from atarimae.types import Score
from atarimae.workspace import Workspace, create

FAST = {"epochs": 60, "lr": 0.3}  # what the colour task learns something with


@pytest.fixture
def colours(tmp_path: Path, photos: Path) -> api.Workspace:
    made = api.Workspace(create(tmp_path / "色", "colour"))
    made.add(photos)
    return made


@pytest.fixture
def logged(tmp_path: Path) -> Callable[..., None]:
    """Writes the run of an idea as a worker would have, without fitting anything."""
    made = create(tmp_path / "logged", "colour")

    def write(
        space: Space, settings: Mapping[str, object], stage: str, value: float,
        *, status: str = "done", decision: str = "passed",
    ) -> Workspace:  # fmt: skip
        recipe = changed(space.recipe, settings).model_dump(mode="json")
        log = start(made, because="x", stage=stage, seed=0, recipe=recipe, sweep="s")
        scores = [Score("accuracy", value, {})] if status == "done" else []
        log.finish(status, scores=scores)
        if status == "done":
            amend(log.folder, gate={"decision": decision})
        return made

    return write


def colour_space(entries: Mapping[str, object], **recipe: object) -> Space:
    told = {"because": "速いか", "recipe": recipe, "space": entries}
    return Space.read(told, task.load("colour").recipe)
