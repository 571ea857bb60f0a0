"""A listing that follows edits is the same as one that is read anew."""

import random
from contextlib import suppress
from dataclasses import replace

import pytest

from atarimae.errors import AtarimaeError
from atarimae.look.catalogue import MARKS, Catalogue, Filter
from atarimae.store import Origin, Store
from atarimae.store import following as follows
from atarimae.types import CHECKED, FLAG, Label

CLASSES = ("獺祭", "久保田", "新酒 🍶")
PEOPLE = ("みどり", "あおい")
FILTERS = [
    Filter(), Filter(label="獺祭"), Filter(label="-"), Filter(split="val"), Filter(text="新酒 2"),
    Filter(text="蔵"), *(Filter(mark=mark) for mark in MARKS),
]  # fmt: skip


@pytest.fixture
def store(maker):
    """Twenty files of fifteen images."""
    for number in range(20):
        maker.picture(f"{number:02}.png", (number % 15 * 16, 0, 0), CLASSES[number % 3])
    return Store(maker.record())


def same(one, other):
    assert replace(one.data, version=other.data.version) == other.data
    assert one.data.version.edit == other.data.version.edit
    assert one.files_by_image == other.files_by_image
    assert one.conflicts == other.conflicts
    assert one.labels == other.labels
    for wanted in FILTERS:
        assert one.files(wanted) == other.files(wanted), wanted


def edit(store, random):
    """One edit of any kind, by somebody who may have seen an older version."""
    data, by = store.data(), random.choice(PEOPLE)
    seen = Origin(seen=random.randint(1, data.version.edit))
    some = random.sample(data.files, min(len(data), random.randint(1, 3)))
    kind = random.randrange(6)
    if kind == 0:
        chosen = random.sample(CLASSES, random.randint(0, 2))
        store.label({file.image: chosen for file in some}, by=by, origin=seen)
    elif kind == 1:
        name = random.choice(("flag", "confirm"))
        word, mark = ("", FLAG) if name == "flag" else (random.choice(CLASSES), CHECKED)
        store.say([Label(file.image, word, mark, by=by) for file in some], action=name, by=by)
    elif kind == 2:
        source = random.choice(("蔵元", None))
        store.change([replace(file, split="val", source=source) for file in some], by=by)
    elif kind == 3 and len(data) > 8:
        store.remove([file.path for file in some], by=by)
    elif undoable := store.sitting(1, by).undoable:
        store.undo(*undoable[: random.randint(1, 2)], by=by)


@pytest.mark.parametrize("seed", range(3))
def test_after_any_edits_it_is_as_if_it_were_read_anew(maker, store, seed):
    chance = random.Random(seed)
    catalogue = Catalogue(maker.workspace)
    catalogue.now()
    for number in range(40):
        with suppress(AtarimaeError):  # an undo that another edit stands in the way of
            edit(store, chance)
        if number % 4 == 0:
            same(catalogue.now(at_once=True), Catalogue(maker.workspace).now())
    same(catalogue.now(at_once=True), Catalogue(maker.workspace).now())


def test_new_files_of_new_images_come_as_well(maker, store):
    catalogue = Catalogue(maker.workspace)
    catalogue.now()
    maker.picture("00 first.png", (1, 2, 3), "獺祭")
    maker.picture("03.png", (9, 9, 9), "新酒 🍶")  # another image at an old path
    maker.record()

    same(catalogue.now(at_once=True), Catalogue(maker.workspace).now())


def test_after_very_many_it_is_read_anew(maker, store, monkeypatch):
    monkeypatch.setattr(follows, "MOST", 3)
    catalogue = Catalogue(maker.workspace)
    catalogue.now()
    store.label({file.image: ["久保田"] for file in store.data().files}, by="みどり")

    same(catalogue.now(at_once=True), Catalogue(maker.workspace).now())


def test_the_most_used_classes_are_nine_at_most_and_ties_go_by_name(maker):
    for number, name in enumerate("abbcdefghijkllm"):
        maker.picture(f"{number:02}.png", (number * 16, 0, 0), name)
    maker.picture("15.png", (0, 90, 0))
    listing = Catalogue(maker.record()).now()
    ones = [(name, 1) for name in "acdefgh"]
    assert listing.most_used == [("b", 2), ("l", 2), *ones]


def test_an_empty_listing_has_no_most_used_class(maker):
    assert Catalogue(maker.record()).now().most_used == []
