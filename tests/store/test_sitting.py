"""What one person may take back and bring again, and what is new since a version."""

from dataclasses import replace

import pytest
from filerow import row

from atarimae.store import Origin, Store
from atarimae.store import following as follows
from atarimae.types import CHECKED, FLAG, Label

MIDORI, AOI = "みどり", "あおい"


@pytest.fixture
def images(store: Store) -> list[str]:
    """Three images of class 獺祭; what brought them was done by Midori as well."""
    rows = [row(f"{number}.png", str(number) * 64, "獺祭") for number in range(3)]
    store.record(rows, by=MIDORI)
    return [one.image.hash for one in rows]


def test_only_what_was_done_by_hand_since_and_by_oneself_is_undone(store, images):
    label = store.label({images[0]: ["久保田"]}, by=MIDORI).id
    store.label({images[1]: ["久保田"]}, by=AOI)
    change = store.remove(["2.png"], by=MIDORI).id

    assert store.sitting(0, MIDORI).undoable == (change, label)
    assert store.sitting(label, MIDORI).undoable == (change,)
    assert store.sitting(0, "誰か").undoable == ()


def test_undo_and_redo_walk_back_and_forth_over_ones_own_edits(store, images):
    edits = [store.label({image: ["久保田"]}, by=MIDORI).id for image in images]

    undos = [store.undo(store.sitting(1, MIDORI).undoable[0], by=MIDORI).id for _ in range(2)]
    assert store.sitting(1, MIDORI).undoable == (edits[0],)
    assert store.sitting(1, MIDORI).redoable == undos[1]
    store.redo(undos[1], by=MIDORI)
    assert store.sitting(1, MIDORI).undoable == (edits[1], edits[0])
    assert store.sitting(1, MIDORI).redoable == undos[0]
    store.label({images[2]: ["新酒"]}, by=MIDORI)
    assert store.sitting(1, MIDORI).redoable is None  # something was done after it


def test_what_everybody_said_by_hand_is_counted_and_what_was_added_is_not(store, images):
    store.label({images[0]: ["久保田"], images[1]: ["久保田"]}, by=AOI)
    store.say([Label(images[2], "獺祭", CHECKED, by=MIDORI)], action="confirm", by=MIDORI)
    store.undo(store.last_edit(), by=AOI)

    assert store.said_by() == {AOI: 2, MIDORI: 1}
    assert store.said_by("9999") == {}


def test_a_flag_changes_no_data(store, images):
    before = store.data().version.hash
    store.say([Label(images[0], "look again", FLAG, by=AOI)], action="flag", by=AOI)

    assert store.data().version.hash == before
    assert [one.kind for one in store.data().labels[images[0]]] == ["class", FLAG]
    assert store.sitting(1, AOI).undoable == (2,)


def test_news_are_what_edits_touched_as_it_is_now(store, images):
    store.label({images[0]: ["久保田"]}, by=MIDORI, origin=Origin(seen=1))
    store.label({images[0]: ["新酒"]}, by=AOI, origin=Origin(seen=1))
    file = store.data().files[1]
    store.change([replace(file, split="val")], by=AOI)
    store.remove(["2.png"], by=AOI)

    news = store.news(1)
    assert news.edit == 5
    assert news.files == {"1.png": replace(file, split="val"), "2.png": None}
    assert [one.value for one in news.labels[images[0]]] == ["久保田", "新酒"]
    assert news.images == {images[1]: store.images()[images[1]]}
    assert news.conflicts[images[0]] == store.conflicts()[0]
    assert store.news(4).labels == {}
    assert store.news(5).files == {}


def test_too_much_is_no_news(store, images, monkeypatch):
    monkeypatch.setattr(follows, "MOST", 2)
    assert store.news(0) is None
    assert store.news(1) is not None
