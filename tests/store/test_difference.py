"""Two versions are compared: what came, what went, what changed."""

from dataclasses import replace

import pytest
from filerow import image, row

from atarimae.errors import AtarimaeError
from atarimae.store import Store
from atarimae.types import Box, File, Label


def test_files_and_labels_that_came_went_and_changed(store: Store) -> None:
    store.record([row("a", "a", "赤"), row("b", "b", "青"), row("c", "c"), row("d", "d", "緑")])
    a, b, _, d = store.data().files
    store.record([row("e", "e", "黒"), row("moved", "c")])  # c was never on the disk
    store.change([replace(a, split="val")])
    store.remove(["d"])
    store.label({b.image: ["紺"]})
    found = store.difference(1, store.last_edit())
    assert [file.path for file in found.came] == ["e"]
    assert [file.path for file in found.went] == ["d"]
    assert [(old.path, new.path) for old, new in found.moved] == [("c", "moved")]
    assert found.changed == ((a, replace(a, split="val")),)
    assert [label.value for label in found.labels_came] == ["黒"]
    (change,) = found.labels_changed
    assert (change.image, change.before[0].value, change.after[0].value) == (b.image, "青", "紺")
    assert found.labels_went == ()
    assert d.path == "d"


def test_the_other_way_round_what_came_went(store: Store) -> None:
    store.record([row("a", "a", "赤")])
    store.record([row("b", "b")])
    store.label({image("a"): []})
    forth, back = store.difference(1, 3), store.difference(3, 1)
    assert (forth.came, forth.went) == (back.went, back.came)
    assert (forth.labels_came, forth.labels_went) == (back.labels_went, back.labels_came)
    assert len(forth.came) == len(forth.labels_went) == 1


def test_what_was_taken_back_in_between_is_no_difference(store: Store) -> None:
    store.record([row("a", "a", "赤")])
    store.remove(["a"])
    store.label({image("a"): ["朱"]})
    store.undo(2, 3)
    found = store.difference(1, 4)
    assert found == store.difference(4, 1).__class__(1, 4, *[()] * 7)


def test_changed_content_is_told_as_a_change_of_the_file(store: Store) -> None:
    store.record([row("a", "old")])
    store.record([row("a", "new")])
    ((before, after),) = store.difference(1, 2).changed
    assert (before, after) == (File("a", image("old")), File("a", image("new")))


def test_boxes_and_classes_of_an_image_are_told_apart(store: Store) -> None:
    store.record([row("a", "a", "赤")])
    store.say([Label(image("a"), "弁", "box", Box(0, 0, 1, 1), "みどり")], action="label")
    store.label({image("a"): ["朱"]})
    found = store.difference(1, 3)
    assert [label.kind for label in found.labels_came] == ["box"]
    assert [change.kind for change in found.labels_changed] == ["class"]


@pytest.mark.parametrize(("first", "second"), [(0, 3), (-1, 1)])
def test_version_that_is_not_there_is_refused(store: Store, first: int, second: int) -> None:
    store.record([row("a", "a")])
    with pytest.raises(AtarimaeError, match=r"No version (3|-1)\. The newest is 1"):
        store.difference(first, second)
