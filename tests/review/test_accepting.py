"""A class is accepted in bulk only where its control slice proves it; as one edit and one undo."""

import pytest
from planted import RUN, planted

from atarimae.errors import AtarimaeError, UsageError
from atarimae.review import Slice, accept, needed, precisions
from atarimae.store import Store

BAR = Slice(bar=0.8)


def reviewed(store: Store, right: int, wrong: int = 0) -> None:
    """The first of the control slice of 猫, decided."""
    known = [one for one in store.proposals() if one.label.value == "猫"]
    ids = [one.id for one in BAR.drawn(known)]
    store.decide(ids[:right], "accept")
    if wrong:
        store.decide(ids[right : right + wrong], "reject")


def test_a_proven_class_is_one_edit_and_one_undo(store: Store) -> None:
    planted(store, {"猫": 60, "犬": 30})
    reviewed(store, needed(0.8))
    before = store.proposals()
    done = accept(store, "猫", which=BAR)
    left = 60 - needed(0.8)
    assert (done.edit.action, done.edit.labels_added, done.edit.labels_removed) == (
        "accept", left, left,
    )  # fmt: skip
    assert f"{needed(0.8)} of {needed(0.8)} right" in (done.edit.finding or "")
    fates = {one.label.value: one.fate for one in store.proposals()}
    assert fates == {"猫": "accepted", "犬": "untouched"}
    store.undo(done.edit.id)
    assert store.proposals() == before


@pytest.mark.parametrize(
    ("right", "wrong", "found", "fix"),
    [
        (0, 0, r"0 of 17 are reviewed\.", "/review/control"),
        (10, 2, "12 of 17 are reviewed, 10 of them right", "/review/control"),
        (16, 1, r"16 of 17 right, 95 % interval 0\.713 – 0\.999: the bar is 0\.8", "lower --bar"),
    ],
)
def test_any_other_class_is_refused_and_nothing_is_written(
    store: Store, right: int, wrong: int, found: str, fix: str
) -> None:
    planted(store, {"猫": 60})
    reviewed(store, right, wrong)
    last = store.last_edit()
    with pytest.raises(AtarimaeError, match=found) as error:
        accept(store, "猫", which=BAR)
    assert error.value.what == "'猫' can't be accepted in bulk."
    assert fix in error.value.fix
    assert store.last_edit() == last


def test_a_class_too_small_to_be_proven_is_reviewed_one_by_one(store: Store) -> None:
    planted(store, {"猫": 12})
    with pytest.raises(AtarimaeError, match="12 times, and 17 have to be looked at") as error:
        accept(store, "猫", which=BAR)
    assert "one by one" in error.value.fix


def test_each_model_has_to_prove_itself(store: Store) -> None:
    planted(store, {"猫": 60})
    reviewed(store, 17)
    planted(store, {"猫": 40}, by="another")  # of the first 40 images
    with pytest.raises(AtarimaeError, match="0 of 17 are reviewed"):
        accept(store, "猫", which=BAR)
    assert accept(store, "猫", model=RUN, which=BAR).edit.labels_added == 43
    assert {one.model: one.untouched for one in precisions(store.proposals(), BAR)} == {
        RUN: 0, "another": 0,  # they said the same of the same images
    }  # fmt: skip


def test_names_that_are_not_there_and_classes_that_are_done_are_told(store: Store) -> None:
    planted(store, {"猫": 30})
    with pytest.raises(UsageError, match=r"No proposed class '猫猫'.*Did you mean '猫'"):
        accept(store, "猫猫")
    with pytest.raises(UsageError, match="No model with proposals '0002'"):
        accept(store, "猫", model="0002")
    store.decide([one.id for one in store.proposals()], "reject")
    with pytest.raises(AtarimaeError, match="All of its 30 proposals are decided"):
        accept(store, "猫")
