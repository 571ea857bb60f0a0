"""Folds: every query is judged once, by a training that has seen nothing that belongs to it."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from atarimae import runlog
from atarimae import task as tasks
from atarimae.errors import AtarimaeError
from atarimae.fit import fit, resume
from atarimae.fit.part import Part
from atarimae.fit.split import folds
from atarimae.score.leaks import told
from atarimae.score.pooled import pooled
from atarimae.ship import ship
from atarimae.types import Data, File, Label, Score, Version

RETRIEVE, COLOUR = tasks.load("retrieve"), tasks.load("colour")


def data(*files: tuple[str, str, str, str | None], split: str = "train") -> Data:
    """Files by path, image, class and group."""
    made = tuple(File(path, image, split=split, group=group) for path, image, _, group in files)
    labels = {image: (Label(image, name),) if name else () for _, image, name, _ in files}
    return Data(Path(), Version(1, ""), made, {}, labels)


def classes(number: int, each: int = 3) -> Data:
    return data(*((f"{c}/{i}", f"{c}{i}", f"class {c}", None) for c in range(number)
                  for i in range(each)))  # fmt: skip


def val(fold: Data) -> set[str]:
    return {file.path for file in fold.split("val").files}


def test_every_file_is_val_in_one_fold() -> None:
    dealt = folds(RETRIEVE, classes(20), 3)
    assert sorted(path for fold in dealt for path in val(fold)) == sorted(
        file.path for file in classes(20).files
    )


def test_folds_are_of_one_size_in_classes() -> None:
    assert sorted(len(fold.split("val").class_names) for fold in folds(RETRIEVE, classes(20), 3)) \
        == [6, 7, 7]  # fmt: skip


def test_class_that_val_asks_about_is_not_in_train() -> None:
    for fold in folds(RETRIEVE, classes(9), 3):
        assert not {*fold.split("train").class_names} & {*fold.split("val").class_names}


def test_task_that_knows_its_classes_has_them_in_train_and_val() -> None:
    fold = folds(COLOUR, classes(2, each=30), 3)[0]
    assert {*fold.split("train").class_names} == {*fold.split("val").class_names}


def test_groups_and_duplicates_stay_together() -> None:
    tied = data(("a", "1", "x", "g"), ("b", "2", "y", "g"), ("c", "2", "y", None),
                *((f"{n}", f"{n}", f"{n}", None) for n in range(9)))  # fmt: skip
    for fold in folds(RETRIEVE, tied, 3):
        assert len({file.split for file in fold.files if file.path in "abc"}) == 1


def test_test_is_never_touched() -> None:
    both = replace(classes(9), files=(*classes(9).files, File("t", "t", split="test")))
    assert all(fold.split("test").files[0].path == "t" for fold in folds(RETRIEVE, both, 3))


def test_queries_of_nothing_are_dealt_out_too() -> None:
    asked = data(*((f"{n}", f"{n}", f"{n % 9}", None) for n in range(18)),
                 *((f"?{n}", f"?{n}", "", None) for n in range(6)))  # fmt: skip
    assert [sum(path.startswith("?") for path in val(fold)) for fold in folds(RETRIEVE, asked, 3)] \
        == [2, 2, 2]  # fmt: skip


def test_too_few_classes_for_the_folds_is_an_error() -> None:
    with pytest.raises(AtarimaeError, match="No val split is possible"):
        folds(RETRIEVE, classes(2), 3)


def part(metric: str, parts: list[float], fold: int, **convention: int) -> Score:
    keys = tuple(f"{fold}/{i}" for i in range(len(parts)))
    values = np.array(parts, np.float32)
    return Score(metric, float(values.mean()), convention, keys, values, keys)


def test_pooled_score_is_the_mean_over_the_queries_of_all_folds() -> None:
    (whole,) = pooled([[part("m", [1, 0, 0], 1, k=20)], [part("m", [1], 2, k=20)]])
    assert whole.value == 0.5
    assert len(whole.keys) == len(whole.parts) == len(whole.clusters) == 4
    assert whole.convention == {"folds": 2, "k": 20}
    assert whole.low < 0.5 < whole.high


def test_conventions_that_differ_are_told_for_each_fold() -> None:
    (whole,) = pooled([[part("m", [1], 1, queries=7)], [part("m", [1], 2, queries=8)]])
    assert whole.convention["queries"] == "7 / 8"


def test_metric_that_a_fold_lacks_is_left_out() -> None:
    found = pooled([[part("m", [1], 1), part("open", [1], 1)], [part("m", [0], 2)]])
    assert [score.metric for score in found] == ["m"]


def test_folds_run_is_judged_on_train_and_val(colours) -> None:
    run = fit(colours, COLOUR, COLOUR.recipe(epochs=2), because="三つ", stage="folds")
    assert run.status == "done"
    assert run.folds == 3
    keys = runlog.parts(run)["key"].tolist()
    assert len(keys) == len(set(keys)) == 48
    folders = sorted((run.folder / "folds").iterdir())
    assert [folder.name for folder in folders] == ["1", "2", "3"]
    each = [runlog.fold_scores(folder)[0] for folder in folders]
    naive = sum(float(np.sum(score.parts)) for score in each) / 48
    assert run.score.value == pytest.approx(naive, abs=1e-6)
    assert not list(run.folder.rglob("checkpoint"))
    assert told(run.leaks) == "Leaks: none found."


@pytest.mark.long
def test_folds_run_of_retrieval_carries_scores_costs_and_a_verdict(space, small) -> None:
    first = fit(space, RETRIEVE, small(epochs=1), because="first", stage="folds", folds=2)
    second = fit(space, RETRIEVE, small(epochs=2), because="more", stage="folds", folds=2)
    assert second.parent == first.id
    assert second.verdict["stage"] == "folds"
    assert second.score.convention["folds"] == 2
    assert second.costs["training_seconds"] > 0
    assert {"loss, fold 1", "loss, fold 2"} <= {*second.metrics()["name"]}


def test_stopped_folds_go_on_where_they_were(colours, monkeypatch) -> None:
    whole = Part.train
    trained = []

    def stop(self: Part, *, resume: bool):
        trained.append(self.folder.name)
        if len(trained) == 2:
            raise KeyboardInterrupt
        return whole(self, resume=resume)

    monkeypatch.setattr(Part, "train", stop)
    with pytest.raises(KeyboardInterrupt):
        fit(colours, COLOUR, COLOUR.recipe(epochs=2), because="止める", stage="folds")
    run = resume(colours, COLOUR, "last")
    assert trained == ["1", "2", "2", "3"]
    assert run.status == "done"
    assert len(runlog.parts(run)) == 48


def test_folds_run_is_not_shipped(colours, tmp_path) -> None:
    run = fit(colours, COLOUR, COLOUR.recipe(epochs=1), because="三つ", stage="folds")
    with pytest.raises(AtarimaeError, match="Ship the holdout run of the same recipe"):
        ship(colours, COLOUR, run, tmp_path / "bundle")


@pytest.mark.long
def test_best_run_at_folds_is_shipped_as_the_holdout_run_of_its_recipe(colours) -> None:
    recipe = COLOUR.recipe(epochs=1)
    _, alone, folds = (
        fit(colours, COLOUR, one, because="三つ", stage=stage)
        for one, stage in ((COLOUR.recipe(epochs=2), "holdout"), (recipe, "holdout"),
                           (recipe, "folds"))
    )  # fmt: skip
    assert runlog.find(colours, "best").id == folds.id
    assert runlog.find_trained(colours, "best").id == alone.id
    assert runlog.find_trained(colours, folds.id).id == folds.id  # it was named: no other is taken
    with pytest.raises(AtarimaeError, match=f"Ship {alone.id}"):
        ship(colours, COLOUR, folds, colours.root / "bundle")
    assert ship(colours, COLOUR, runlog.find_trained(colours, "best"), colours.root / "bundle")


def test_one_fold_is_refused(colours) -> None:
    with pytest.raises(AtarimaeError, match="Too few folds"):
        fit(colours, COLOUR, COLOUR.recipe(), because="一つ", stage="folds", folds=1)
