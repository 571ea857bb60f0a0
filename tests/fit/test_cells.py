"""Local features from the fit to the server: learned from train, shipped, kept as images come."""

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from atarimae import task as tasks
from atarimae import workspace
from atarimae.add import add
from atarimae.bundle import read_model
from atarimae.errors import AtarimaeError
from atarimae.fit import fit
from atarimae.fit.ensemble import ensemble
from atarimae.fit.split import with_split
from atarimae.ideas.rank import rank
from atarimae.predict.ask import Asker
from atarimae.predict.index import Wish
from atarimae.predict.run import outputs
from atarimae.runlog import Run
from atarimae.score.evaluate import evaluate
from atarimae.ship import change, ship
from atarimae.store import Store
from atarimae.workspace import Workspace

RETRIEVE = tasks.load("retrieve")
PLAIN = {
    "backbone": "test_efficientnet", "weights": "random", "image_size": 64, "epochs": 0,
    "whiten": "pca", "whiten_dimension": 6,
}  # fmt: skip
CELLS = PLAIN | {"cells": 4, "cells_layer": "blocks.2", "cells_dimension": 8}
CHAIN = CELLS | {"rank": ["cells:k=10"]}


@pytest.fixture(scope="module")
def space(tmp_path_factory: pytest.TempPathFactory, draw_photos) -> Workspace:
    """One workspace for all of these tests: they only add runs to it."""
    folder = tmp_path_factory.mktemp("cells")
    made = workspace.create(folder / "場所", "retrieve")
    add(made, [draw_photos(folder / "写真")])
    return made


def fitted(space: Workspace, settings: dict[str, object]) -> Run:
    return fit(space, RETRIEVE, RETRIEVE.recipe.of(settings), because="local features")


@pytest.fixture(scope="module")
def plain(space: Workspace) -> Run:
    return fitted(space, PLAIN)


@pytest.fixture(scope="module")
def run(space: Workspace) -> Run:
    """Its answers are reordered by pairs of cells."""
    return fitted(space, CHAIN)


@pytest.fixture(scope="module")
def shipped(space: Workspace, run: Run):
    """`ship` itself refuses a bundle whose answers differ from the run's."""
    return ship(space, RETRIEVE, run, space.root / "包み")


def val(space: Workspace):
    return with_split(RETRIEVE, Store(space).data()).split("val")


def test_without_them_a_model_is_what_it_was(space, plain, run) -> None:
    before, with_them = read_model(plain.model), read_model(run.model)
    assert "cells" not in before.settings
    assert before.settings["steps"] == ["embed", "whiten"]
    assert {*before.arrays} == {"mean", "matrix"}
    assert not [name for name in before.constants if name.startswith("cells_")]
    assert with_them.settings["steps"] == ["embed", "whiten", "cells"]
    assert {*with_them.arrays} - {*before.arrays} == {"cells_mean", "cells_matrix"}
    (one,) = outputs(RETRIEVE.predictor(before), _first(space), cache=space.cache)
    (other,) = outputs(RETRIEVE.predictor(with_them), _first(space), cache=space.cache)
    assert one.shape == (6,)
    np.testing.assert_allclose(other[0], one, atol=1e-4)


def test_run_with_them_and_no_such_step_answers_as_without(space, plain) -> None:
    found = fitted(space, CELLS)
    assert found.score.value == pytest.approx(plain.score.value, abs=1e-6)


def test_model_of_pairs_is_the_same_each_time(space, run) -> None:
    again = fitted(space, CHAIN)
    assert read_model(again.model).constants == read_model(run.model).constants
    assert again.score.value == run.score.value


def test_shipped_bundle_answers_as_the_run_did(space, run, shipped) -> None:
    again = evaluate(RETRIEVE, shipped.model, val(space))
    assert again.scores[0].value == pytest.approx(run.score.value, abs=1e-6)
    assert shipped.index.arrays["cells"].shape == (len(shipped.index), 16, 8)
    asker = Asker(shipped, RETRIEVE)
    data = val(space)
    files = tuple(replace(file, image="", role="query") for file in data.files[:3])
    asked = replace(data, files=files, images={"": next(iter(data.images.values()))}, labels={})
    found = outputs(RETRIEVE.predictor(shipped.model), replace(data, files=data.files[:3]))
    expected = RETRIEVE.finish(found, asked, shipped.context)
    for row, file in enumerate(data.files[:3]):
        answer = asker(data.path(file)).value
        told = RETRIEVE.answer(expected, row, shipped.context)
        assert _ids(answer) == _ids(told)
        for one, other in zip(answer["matches"], told["matches"], strict=True):
            assert one["score"] == pytest.approx(other["score"], abs=1e-5)


def test_image_that_comes_later_has_them_too(space, shipped) -> None:
    data = Store(space).data()
    before, picture = shipped.index, data.path(data.files[5])
    told = Asker(shipped, RETRIEVE)(picture).value
    gone = [file.path for file in before.files[3:6]]
    less = change(shipped.folder, remove=gone).bundle
    assert len(less.index.arrays["cells"]) == len(before) - 3
    more = data.where(lambda file: file.path in gone)
    after = change(shipped.folder, add=more, wish=Wish("hnsw")).bundle
    assert after.index.finder["kind"] == "hnsw"
    assert after.index.files[3].path == before.files[3].path
    then, now = (np.asarray(one.arrays["cells"], np.float32) for one in (before, after.index))
    np.testing.assert_allclose(now, then, atol=1e-3)
    assert _ids(Asker(after, RETRIEVE)(picture).value) == _ids(told)


def test_tuner_tries_the_step_where_the_run_has_them_and_nowhere_else(space, plain, run) -> None:
    def tried(one: Run) -> set[str]:
        found = rank(space, RETRIEVE, one.id, folds=2, budget=30)
        return {step.partition(":")[0] for chain in found.tried for step in chain.chain}

    assert "cells" in tried(run)
    assert "cells" not in tried(plain)


def test_ensemble_joins_embeddings_and_leaves_them_out(space, plain, run) -> None:
    joined = ensemble(space, RETRIEVE, [run.id, plain.id], {}, because="both")
    model = read_model(joined.model)
    assert model.settings["widths"] == [6, 6]
    (row,) = outputs(RETRIEVE.predictor(model), _first(space), cache=space.cache)
    assert row.shape == (12,)
    assert joined.score.value == pytest.approx(plain.score.value, abs=1e-6)


@pytest.mark.long
def test_trained_network_whitening_and_projection_go_past_them(space, tmp_path: Path) -> None:
    settings = CHAIN | {
        "freeze": "none", "epochs": 1, "projection": 12, "classes_per_batch": 4, "workers": 0,
    }  # fmt: skip
    found = fitted(space, settings)
    model = read_model(found.model)
    assert model.settings["steps"] == ["embed", "project", "whiten", "cells"]
    (row,) = outputs(RETRIEVE.predictor(model), _first(space))
    assert row.shape[1] == 6
    ship(space, RETRIEVE, found, tmp_path / "bundle")


def test_too_few_pairs_are_said(space) -> None:
    few = workspace.create(space.root.parent / "few", "retrieve")
    for folder in sorted((space.root.parent / "写真").iterdir())[:2]:  # one of them is val
        shutil.copytree(folder, few.root / "photos" / folder.name)
    add(few, [few.root / "photos"])
    with pytest.raises(AtarimaeError, match="nothing to learn from which pairs"):
        fitted(few, CHAIN)


def _first(space: Workspace):
    data = val(space)
    return replace(data, files=data.files[:1])


def _ids(answer: dict[str, object]) -> list[str]:
    return [one["id"] for one in answer["matches"]]
