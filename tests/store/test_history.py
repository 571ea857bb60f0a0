"""Edits are listed and undone, by other edits; undoing an undo is redoing."""

import hashlib
from pathlib import Path

import pytest
from sqlalchemy import insert

from atarimae import workspace
from atarimae.errors import AtarimaeError, UsageError
from atarimae.store import Row, Store
from atarimae.store.schema import labels
from atarimae.types import Data, File, Image


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(workspace.create(tmp_path / "場所", "retrieve"))


def row(path: str, content: str, *said: str, **columns: str) -> Row:
    """A file that holds `content`; `columns` are what its source states of it."""
    digest = hashlib.sha256(content.encode()).hexdigest()
    image = Image(digest, 8, 6, "PNG", len(content))
    return Row(File(path, digest, **columns), image, said, frozenset(columns))


def state(data: Data) -> tuple[object, ...]:
    return data.files, data.labels, data.version.hash


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
    with pytest.raises(UsageError, match=r"No edit '9'"):
        store.undo(9)


def test_undone_file_can_be_added_again(store: Store) -> None:
    store.record([row("a.png", "red", "赤")])
    before = store.data()
    store.undo(1)
    assert len(store.data()) == 0
    store.record([row("a.png", "red", "赤")])
    assert state(store.data()) == state(before)


def test_labels_of_a_model_are_taken_back_together_and_people_keep_theirs(store: Store) -> None:
    store.record([row("a.png", "red", "赤"), row("b.png", "blue"), row("c.png", "green")])
    with store.engine.begin() as connection:
        for content, by in (("blue", "run-1"), ("green", "run-1"), ("green", "run-2")):
            image = row("", content).image.hash
            said = {"image": image, "kind": "class", "value": "赤", "by": by, "score": 0.9}
            connection.execute(insert(labels).values(**said, added=1))
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
    with pytest.raises(UsageError, match="No model with labels 'みどり'"):
        store.undo_labels_by("みどり")  # a person's are not taken back together
