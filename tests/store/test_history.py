"""Edits are listed and undone, by other edits; undoing an undo is redoing."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from filerow import image, paths, row, said, state

from atarimae.errors import AtarimaeError, UsageError
from atarimae.store import Store, Which, history
from atarimae.store.moment import moment
from atarimae.types import Label


def test_edits_are_listed_with_what_came_and_went(store: Store) -> None:
    store.record([row("a.png", "red", "赤"), row("b.png", "blue")], why="photos", by="みどり")
    store.record([row("a.png", "red", split="val")], why="splits.csv", by="みどり")
    first, second = store.edits()
    assert (first.id, first.by, first.action, first.why) == (1, "みどり", "add", "photos")
    assert (first.files_added, first.files_removed, first.labels_added) == (2, 0, 1)
    assert (second.files_added, second.files_removed, second.labels_added) == (1, 1, 0)


@pytest.mark.parametrize("undone", [2, 3, 4])
def test_undo_of_an_undo_is_redo(store: Store, undone: int) -> None:
    store.record([row("a.png", "red", "赤")])
    store.record([row("b.png", "blue", "青")])
    store.record([row("c.png", "green"), row("a.png", "red", "朱")])
    store.record([row("b.png", "blue", split="val")])
    if undone == 2:  # what was changed since is undone first
        store.undo(4)
    before = store.data()
    undo = store.undo(undone)
    assert state(store.data()) != state(before)
    store.undo(undo.id)
    assert state(store.data()) == state(before)


def test_undo_of_the_newest_edit_is_the_version_before_it(store: Store) -> None:
    store.record([row("a.png", "red", "赤"), row("b.png", "blue")])
    store.record([row("b.png", "blue", "青", split="val"), row("c.png", "green", "緑")])
    store.undo(2)
    assert state(store.data()) == state(store.data(1))
    assert [edit.undone_by for edit in store.edits()] == [None, 3, None]


def test_label_that_comes_back_keeps_its_place_among_the_others(store: Store) -> None:
    store.record([row("a.png", "red", "赤")])
    store.record([row("a.png", "red", "朱")])
    (file,) = store.data().files
    store.record([row("a.png", "red", "丹")])
    undo = store.undo(2)
    assert store.data().classes(file) == ("赤", "丹")
    store.undo(undo.id)
    assert store.data().classes(file) == ("赤", "朱", "丹")


def test_undo_of_an_edit_whose_files_were_changed_since_names_the_later_edit(store: Store) -> None:
    store.record([row("a.png", "red", "赤")])
    store.record([row("a.png", "red", split="val")])
    store.record([row("a.png", "red", split="test")])
    before = store.data()
    for edit, later in ((1, 2), (2, 3)):
        with pytest.raises(AtarimaeError, match=rf"changed a\.png since\. Undo edit {later} first"):
            store.undo(edit)
    assert state(store.data()) == state(before)
    assert len(store.edits()) == 3  # a refusal is no edit


def test_what_is_undone_can_not_be_undone_twice(store: Store) -> None:
    store.record([row("a.png", "red", "赤")])
    store.undo(1)
    with pytest.raises(AtarimaeError, match=r"nothing left to undo\. Edit 2 undid it\."):
        store.undo(1)
    for none in (9, 0, -1, 10**20):
        with pytest.raises(UsageError, match=f"No edit '{none}'. There are edits 1 to 2"):
            store.undo(none)


def test_undone_file_can_be_added_again(store: Store) -> None:
    store.record([row("a.png", "red", "赤")])
    before = store.data()
    store.undo(1)
    assert len(store.data()) == 0
    store.record([row("a.png", "red", "赤")])
    assert state(store.data()) == state(before)


def test_labels_of_a_model_are_taken_back_together_and_people_keep_theirs(store: Store) -> None:
    store.record([row("a.png", "red", "赤"), row("b.png", "blue"), row("c.png", "green")])
    for content, by in (("blue", "run-1"), ("green", "run-1"), ("green", "run-2")):
        store.say([Label(image(content), "赤", by=by, score=0.9)], action="propose")
    assert store.models() == {"run-1": 2, "run-2": 1}
    before = store.data()
    undo = store.undo_labels_by("run-1")
    assert (undo.labels_removed, undo.why) == (2, "labels by run-1")
    left = [label.by for found in store.data().labels.values() for label in found if label.score]
    assert left == ["run-2"]
    store.undo(undo.id)
    assert state(store.data()) == state(before)


def test_taking_back_the_labels_of_a_stranger_names_the_models_there_are(store: Store) -> None:
    store.record([row("a.png", "red", "赤")], by="みどり")
    with pytest.raises(UsageError, match=r"No model with labels 'みどり'"):
        store.undo_labels_by("みどり")  # a person's are not taken back together


def test_redo_brings_back_what_the_newest_undo_took(store: Store) -> None:
    store.record([row("a.png", "red", "赤")])
    before = store.data()
    store.undo(1)
    redone = store.redo()
    assert (redone.action, redone.why) == ("redo", "edit 2")
    assert state(store.data()) == state(before)
    assert [edit.undone_by for edit in store.edits()] == [None, 3, None]


@pytest.mark.parametrize("named", [2, 3])
def test_redo_takes_the_undo_or_the_edit_that_it_undid(store: Store, named: int) -> None:
    store.record([row("a.png", "red")])
    store.record([row("b.png", "blue")])
    store.undo(2)
    store.record([row("c.png", "green")])
    store.redo(named)
    assert [file.path for file in store.data().files] == ["a.png", "b.png", "c.png"]


def test_redo_of_what_was_not_undone_is_refused(store: Store) -> None:
    with pytest.raises(UsageError, match=r"There is no edit yet"):
        store.redo()
    store.record([row("a.png", "red")])
    with pytest.raises(AtarimaeError, match=r"nothing to redo. Edit 1 was not undone"):
        store.redo()
    store.undo(1)
    store.redo(2)
    with pytest.raises(AtarimaeError, match=r"Edit 2 is redone already. Edit 3 redid it"):
        store.redo(2)
    store.undo(3)  # a redo is undone as any other edit
    assert len(store.data()) == 0


def test_redone_change_is_a_change_that_has_to_be_undone_first(store: Store) -> None:
    store.record([row("a.png", "red")])
    store.record([row("a.png", "red", split="val")])
    store.undo(2)
    store.redo()
    with pytest.raises(AtarimaeError, match=r"Undo edit 4 first"):
        store.undo(1)


def test_edits_are_undone_together_by_one_edit_and_redone_together(store: Store) -> None:
    store.record([row("a.png", "red", "赤")])
    store.label({image("red"): ["朱"]})
    store.record([row("b.png", "blue", "青")])
    store.label({image("red"): ["丹"]})
    before = store.data()
    undo = store.undo(2, 4)
    assert (undo.why, undo.labels_added, undo.labels_removed) == ("edits 2, 4", 1, 1)
    assert said(store.data(), "a.png") == ("赤",)
    assert said(store.data(), "b.png") == ("青",)
    with pytest.raises(AtarimaeError, match=r"Edit 5 undid 2 edits together. .*redo 5"):
        store.redo(2)
    store.redo(5)
    assert state(store.data()) == state(before)


def test_edits_are_undone_together_where_each_alone_could_not(store: Store) -> None:
    store.record([row("a.png", "red")])
    store.record([row("a.png", "red", split="val")])
    store.record([row("a.png", "red", split="test")])
    store.undo(2, 3)
    assert state(store.data()) == state(store.data(1))


def test_edits_together_that_somebody_else_built_upon_are_refused(store: Store) -> None:
    store.record([row("a.png", "red")])
    store.record([row("a.png", "red", split="val")], by="みどり")
    store.record([row("a.png", "red", split="test")], by="あおい")
    store.record([row("b.png", "blue")], by="みどり")
    before = store.data()
    with pytest.raises(AtarimaeError, match=r"Edits 2 to 4 \(2\) can't be undone alone\. Edit 3"):
        store.undo(2, 4)
    assert (state(store.data()), store.last_edit()) == (state(before), 4)


@pytest.fixture
def afternoon(store: Store, monkeypatch: pytest.MonkeyPatch) -> Store:
    """みどり edits at 13:50, 14:00 and 14:20, あおい at 14:10; each adds a file of that name."""
    for who, clock in (("みどり", "13:50"), ("みどり", "14:00"), ("あおい", "14:10"), ("みどり", "14:20")):  # fmt: skip  # noqa: E501
        at = datetime.fromisoformat(f"2026-11-25 {clock}").astimezone()
        monkeypatch.setattr(history, "now", lambda at=at: at)
        store.record([row(clock, clock)], by=who, why=f"at {clock}")
    monkeypatch.undo()
    return store


def test_an_afternoon_of_one_person_is_undone_and_redone(afternoon: Store) -> None:
    before = afternoon.data()
    undo = afternoon.undo_all(Which.of("みどり", "2026-11-25 14:00"))
    assert undo.why == "2 edits by みどり since 2026-11-25 14:00"
    assert paths(afternoon.data()) == ["13:50", "14:10"]
    afternoon.redo(undo.id)
    assert state(afternoon.data()) == state(before)


@pytest.mark.parametrize(
    ("which", "found"),
    [
        (Which.of(), [1, 2, 3, 4]),
        (Which.of("みどり"), [1, 2, 4]),
        (Which.of(since="2026-11-25 14:00"), [2, 3, 4]),
        (Which.of(until="2026-11-25 14:10"), [1, 2]),
        (Which.of("みどり", "2026-11-25 14:00", "14:20"), [2]),  # the next 14:20 after 14:00
        (Which.of(since="2026-11-26"), []),
        (Which.of(action="add", last=2), [3, 4]),
    ],
)
def test_edits_are_found_by_who_when_and_what(
    afternoon: Store, which: Which, found: list[int]
) -> None:
    assert [edit.id for edit in afternoon.edits(which)] == found
    assert afternoon.count(replace(which, last=None)) == (4 if which.last else len(found))


def test_who_and_what_that_are_not_there_name_the_nearest(afternoon: Store) -> None:
    with pytest.raises(UsageError, match=r"No person 'みと'.*みどり"):
        afternoon.edits(Which(who="みと"))
    with pytest.raises(UsageError, match=r"No action 'ad'.*Did you mean 'add'"):
        afternoon.edits(Which(action="ad"))
    with pytest.raises(AtarimaeError, match=r"nothing to undo. No edit is meant"):
        afternoon.undo_all(Which.of("みどり", "2026-11-26"))


def test_time_of_day_is_the_last_one_that_is_past() -> None:
    past = moment("00:00")
    assert past <= datetime.now().astimezone() < past + timedelta(days=1)
    with pytest.raises(UsageError, match=r"No moment 'noon'.*14:00"):
        moment("noon")


def test_numbers_of_edits_have_no_gaps_after_one_that_was_refused(store: Store) -> None:
    store.record([row("a.png", "red")])
    with pytest.raises(UsageError):
        store.undo(7)
    store.record([row("b.png", "blue")])
    assert [edit.id for edit in store.edits()] == [1, 2]
    assert [number for number in (1, 2) if len(store.data(number)) == number] == [1, 2]


def test_version_that_is_not_there_is_refused(store: Store) -> None:
    store.record([row("a.png", "red")])
    with pytest.raises(AtarimaeError, match=r"No version 2\. The newest is 1"):
        store.data(2)
