"""Agreements: what people answer is kept apart from the labels, and from each other."""

import pytest
from filerow import image, row, state

from atarimae.errors import UsageError
from atarimae.store import Agreement, Opinion, Settled, Store
from atarimae.types import Box, Label


@pytest.fixture
def asked(store: Store) -> Agreement:
    store.record([row("a.png", "a"), row("b.png", "b")])
    return store.agreements.begin(
        Agreement(0, "class", ("純米", "吟醸"), (image("b"), image("a")), 7, by="花子")
    )


def test_answers_are_no_edits_and_change_no_version(store: Store, asked: Agreement) -> None:
    before = state(store.data())
    given = [Opinion(image("a"), "花子", (("純米", None),)), Opinion(image("b"), "花子", ())]
    assert store.agreements.answer(asked.id, given) == 2
    assert state(store.data()) == before
    assert store.last_edit() == 1
    assert store.agreements.of(1) == asked
    assert (asked.id, asked.kind, asked.seed, asked.by) == (1, "class", 7, "花子")


def test_an_answer_takes_the_place_of_ones_own_and_of_nobody_elses(
    store: Store, asked: Agreement
) -> None:
    for by, name in (("花子", "純米"), ("太郎", "吟醸"), ("花子", "吟醸")):
        store.agreements.answer(asked.id, [Opinion(image("a"), by, ((name, None),))])
    found = {one.by: one.said for one in store.agreements.opinions(asked.id)}
    assert found == {"太郎": (("吟醸", None),), "花子": (("吟醸", None),)}
    assert [one.by for one in store.agreements.opinions(asked.id, "太郎")] == ["太郎"]


@pytest.mark.parametrize(
    ("opinion", "said"),
    [
        (Opinion(image("c"), "花子", ()), "is not among those asked about"),
        (Opinion(image("a"), "花子", (("大吟醸", None),)), "'大吟醸' is none of the classes"),
        (Opinion(image("a"), "花子", (("純米", Box(0, 0, 1, 1)),)), "a class is asked"),
        (Opinion(image("a"), "花子", (("純米", None), ("吟醸", None))), "has 2 classes"),
        (Opinion(image("a"), " ", ()), "Who answers?"),
    ],
)
def test_what_was_not_asked_is_no_answer_and_nothing_is_kept(
    store: Store, asked: Agreement, opinion: Opinion, said: str
) -> None:
    with pytest.raises(UsageError, match=said.replace("?", r"\?")):
        store.agreements.answer(asked.id, [Opinion(image("b"), "花子", ()), opinion])
    assert store.agreements.opinions(asked.id) == []


def test_boxes_are_kept_as_they_were_drawn(store: Store) -> None:
    store.record([row("a.png", "a")])
    asked = store.agreements.begin(Agreement(0, "box", ("weld",), (image("a"),), 0))
    said = (("weld", Box(1.5, 2, 30, 40)), ("weld", Box(0, 0, 1, 1)))
    store.agreements.answer(asked.id, [Opinion(image("a"), "花子", said)])
    assert store.agreements.opinions(asked.id)[0].said == said
    with pytest.raises(UsageError, match="has no box"):
        store.agreements.answer(asked.id, [Opinion(image("a"), "花子", (("weld", None),))])


def test_what_was_settled_is_not_when_its_edit_is_undone(store: Store, asked: Agreement) -> None:
    label = Label(image("a"), "純米", by="花子")
    edit = store.relabel([], [label], why="agreement 1")
    assert edit is not None
    chosen = Settled(image("a"), (("純米", None),), "花子", edit.id)
    store.agreements.settle(asked.id, [chosen, Settled(image("b"), (), "花子", None)])
    assert store.agreements.settled(asked.id)[image("a")] == chosen
    store.undo(edit.id)
    assert list(store.agreements.settled(asked.id)) == [image("b")]
    store.redo()
    assert len(store.agreements.settled(asked.id)) == 2


def test_an_agreement_that_is_not_there_is_an_error(store: Store, asked: Agreement) -> None:
    assert [one.id for one in store.agreements.all()] == [1]
    with pytest.raises(UsageError, match=r"No agreement '4'.*There is 1"):
        store.agreements.of(4)
