"""Wrong labels, judged by runs that never learned from the images; one queue of findings."""

from dataclasses import replace

import numpy as np
import pytest

from atarimae import bundle, files, look, runlog
from atarimae import task as tasks
from atarimae.errors import UsageError
from atarimae.look.checks import Beside, Finding, beside, unseen, wrong
from atarimae.look.checks.decided import decided
from atarimae.look.confirm import confirm
from atarimae.look.queue import ranked
from atarimae.predict.run import outputs
from atarimae.store import Classes, Store
from atarimae.task import Model
from atarimae.types import Label

COLOURS = {"赤 red": (200, 40, 40), "緑 green": (40, 200, 40), "青 blue": (40, 40, 200)}
EACH = 12


def coloured(maker, *, wrong=(), split=None, each=EACH, **columns):
    """Pictures of three classes; those at the paths in `wrong` have the next class's label."""
    random = np.random.default_rng(0)
    names = list(COLOURS)
    for place, name in enumerate(names):
        for number in range(each):
            path = f"{name[-3:]}{number:02}.png"
            label = names[(place + 1) % 3] if path in wrong else name
            colour = tuple((np.array(COLOURS[name]) + random.integers(-25, 26, 3)).tolist())
            maker.picture(path, colour, label, split=split and split(path), **columns)
    return maker.record()


def fitted(maker, *, epochs=0, val=None, folds=None):
    """A run that embedded every file; with epochs it learned from all but `val`, or by folds."""
    data = maker.data
    stage = "folds" if folds else "holdout"
    with runlog.start(
        maker.workspace, because="x", stage=stage, data=data.version, recipe={"epochs": epochs}
    ) as run:
        parts = {run.folder / "folds" / str(turn): paths for turn, paths in enumerate(folds or ())}
        for folder, paths in (parts or {run.folder: val or []}).items():
            bundle.write_model(Model(folder / "model", {}, {}))
            files.write_json(folder / "evaluated.json", {"files": list(paths)})
        outputs(tasks.load("mean-colour").predictor(None), data, cache=maker.workspace.cache)
        run.finish()
    return run.id


def known(maker):
    return beside(maker.workspace, Store(maker.workspace))


def paths(sections):
    return [sorted(file.path for file in section.data.files) for section in sections]


def test_swapped_label_is_found_with_the_one_that_it_should_have(maker):
    coloured(maker, wrong=["red03.png"])
    fitted(maker)

    (found,) = wrong.check.find(maker.data, known(maker))

    assert found.files == ("red03.png",)
    assert found.label == "赤 red"
    assert found.what == "red03.png is labelled '緑 green', and looks like '赤 red'."
    assert found.sure > 0.5
    assert len(found.like) == 2
    assert "under '赤 red' red" in found.evidence


def test_what_was_suspected_is_kept_until_a_label_is_another_one(maker):
    coloured(maker, wrong=["red03.png"])
    fitted(maker)
    folder = maker.workspace.cache / "labels"

    first = wrong.check.find(maker.data, known(maker))
    (kept,) = folder.glob("*.npz")
    again = wrong.check.find(maker.data, known(maker))
    kept.write_bytes(b"cut off")
    afterwards = wrong.check.find(maker.data, known(maker))

    assert first == again == afterwards
    assert len([*folder.glob("*.npz")]) == 1
    Store(maker.workspace).label({first[0].images[0]: ["赤 red"]}, by="花子")
    assert wrong.check.find(maker.data, known(maker)) == []
    assert len([*folder.glob("*.npz")]) == 2


def test_a_trained_run_judges_only_what_it_was_not_trained_on(maker):
    coloured(maker, wrong=["red03.png", "red05.png"])
    val = [file.path for file in maker.data.files if not file.path.endswith(("03.png", "04.png"))]
    fitted(maker, epochs=5, val=val)

    (section,) = unseen.sections(maker.data, known(maker))
    assert [file.path for file in section.data.files] == sorted(val)
    found = wrong.check.find(maker.data, known(maker))
    assert [one.files for one in found] == [("red05.png",)]


def test_what_shares_image_or_group_with_train_is_not_judged(maker):
    maker.picture("learned.png", (1, 1, 1), "赤 red", group="g")
    maker.picture("same.png", (1, 1, 1), "赤 red")
    maker.picture("group.png", (2, 2, 2), "赤 red", group="g")
    maker.picture("free.png", (3, 3, 3), "赤 red")
    maker.picture("test.png", (4, 4, 4), "赤 red", split="test")
    maker.record()
    fitted(maker, epochs=5, val=["same.png", "group.png", "free.png"])

    assert paths(unseen.sections(maker.data, known(maker))) == [["free.png", "test.png"]]


def test_folds_judge_each_image_by_the_model_that_left_it_out(maker):
    coloured(maker)
    everything = [file.path for file in maker.data.files]
    folds = [everything[turn::3] for turn in range(3)]
    run = fitted(maker, epochs=5, folds=folds)

    sections = unseen.sections(maker.data, known(maker))
    assert paths(sections) == [sorted(fold) for fold in folds]
    assert {section.judged.run.id for section in sections} == {run}


def test_of_runs_the_one_that_may_judge_most_speaks(maker):
    coloured(maker)
    frozen = fitted(maker)
    fitted(maker, epochs=5, val=["red00.png", "red01.png"])

    (section,) = unseen.sections(maker.data, known(maker))
    assert section.judged.run.id == frozen


def test_without_a_run_that_may_judge_the_check_says_what_it_needs(maker):
    coloured(maker)
    assert wrong.check.find(maker.data, known(maker)) == []
    needed = wrong.check.lacks(maker.data, known(maker))
    assert needed.startswith("0 of 36 labelled images could be judged")
    assert "atarimae fit" in needed

    several = Label(maker.data.files[0].image, "紫 violet")
    Store(maker.workspace).say([several], action="label")  # is another check's finding
    assert "0 of 35 labelled images" in wrong.check.lacks(maker.data, known(maker))

    fitted(maker)
    assert wrong.check.lacks(maker.data, known(maker)) == ""


def test_confirmed_label_is_no_finding_until_that_is_undone(maker):
    coloured(maker, wrong=["red03.png"])
    fitted(maker)
    assert look.queue(maker.workspace).left.reviewed == 0

    edit = confirm(maker.workspace, ["red03.png"], by="花子")

    assert wrong.check.find(maker.data, known(maker)) == []
    left = look.queue(maker.workspace).left
    assert (left.reviewed, left.found) == (1, 0)
    assert confirm(maker.workspace, ["red03.png"], by="花子") is None
    Store(maker.workspace).undo(edit.id)
    assert len(wrong.check.find(maker.data, known(maker))) == 1


def test_confirming_leaves_the_data_as_they_are_for_runs_to_be_compared_on(maker):
    coloured(maker)
    before = maker.data.version

    confirm(maker.workspace, ["red03.png"])

    assert maker.data.version.edit == before.edit + 1
    assert maker.data.version.hash == before.hash


def test_label_that_was_changed_since_the_run_counts_as_found(maker):
    coloured(maker)
    odd = maker.picture("odd.png", (205, 45, 35))
    maker.record()
    store = Store(maker.workspace)
    said = store.say([Label(odd, "緑 green", by="花子")], action="label")
    fitted(maker)
    assert [one.files for one in wrong.check.find(maker.data, known(maker))] == [("odd.png",)]

    store.undo(said.id)
    store.say([Label(odd, "赤 red", by="太郎")], action="label")

    left = look.queue(maker.workspace).left
    assert (left.reviewed, left.found) == (1, 1)
    assert wrong.check.find(maker.data, known(maker)) == []


@pytest.mark.parametrize("how", ["merge", "rename", "split"])
def test_class_that_was_merged_renamed_or_split_since_the_run_was_not_said_wrongly(maker, how):
    coloured(maker)
    fitted(maker)
    classes = Classes(Store(maker.workspace))
    if how == "merge":
        classes.merge(["青 blue"], into="緑 green")
    elif how == "rename":
        classes.rename("青 blue", "青")
    else:
        classes.split("青 blue", {"藍": [f"lue{number:02}.png" for number in range(6)]})
    (section,) = unseen.sections(maker.data, known(maker))
    assert decided(maker.data, known(maker), section).wrong.sum() == 0
    Store(maker.workspace).label({maker.data.files[11].image: ["赤 red"]})
    (section,) = unseen.sections(maker.data, known(maker))
    assert decided(maker.data, known(maker), section).wrong.sum() == 1


def test_what_has_no_label_cannot_be_confirmed(maker):
    maker.picture("a.png", (1, 1, 1))
    maker.record()

    with pytest.raises(UsageError, match=r"a\.png, b\.png can't be confirmed"):
        confirm(maker.workspace, ["a.png", "b.png"])


def test_worth_is_share_times_sureness_times_stake(maker):
    for number in range(4):
        maker.picture(f"v{number}.png", (number, 0, 0), "a", split="val")
    for number in range(10):
        maker.picture(f"t{number}.png", (0, number, 0), "a", split="train")
    maker.record()

    def finding(*names, **more):
        return Finding("wrong labels", "", (), names, "", "", **more)

    cheap, dear = finding("t1.png"), finding("v1.png", sure=0.5)
    both, told = finding("v1.png", "t1.png"), finding("v1.png", share=0.01)

    made = ranked(maker.data, [cheap, dear, both, told, replace(dear, check="no such check")])

    assert [(one.finding, one.worth) for one in made] == [
        (both, pytest.approx(1 / 4)),
        (dear, pytest.approx(1 / 4 * 0.5)),
        (cheap, pytest.approx(1 / 10)),
        (replace(dear, check="no such check"), pytest.approx(1 / 4 * 0.5 * 0.1)),
        (told, pytest.approx(0.01)),
    ]


def test_what_came_without_a_split_beside_a_given_one_counts_as_train(maker):
    maker.picture("v.png", (1, 0, 0), "a", split="val")
    for number in range(9):
        maker.picture(f"t{number}.png", (0, number, 0), "a", split="train")
    maker.picture("new.png", (0, 0, 1))
    maker.record()

    (made,) = ranked(maker.data, [Finding("dark images", "", (), ("new.png",), "", "")])

    assert made.share == pytest.approx(1 / 10)


def test_an_empty_workspace_has_an_empty_queue(maker):
    assert look.queue(maker.workspace).as_dict() == {"findings": [], "left": None, "lacks": {}}
    assert wrong.judged_labels(maker.data, Beside()) is None
