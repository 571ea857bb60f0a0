"""What became of what models proposed: told from the edits, whoever made them and how."""

import pytest
from filerow import image, row, said

from atarimae.errors import UsageError
from atarimae.store import Classes, DecidedError, Edit, Origin, Proposal, Store
from atarimae.types import Box, Label

RUN = "0001-猫"
BOX = Box(1, 1, 5, 4)


@pytest.fixture
def asked(store: Store) -> Store:
    """Six files without a label; a run says a class of each."""
    names = "abcdef"
    store.record([row(name, name) for name in names])
    labels = [Label(image(name), f"類{name} 🍶", by=RUN, score=0.9) for name in names]
    store.say(labels, action="propose", by="花子", origin=Origin(run=RUN))
    return store


def of(store: Store, name: str) -> Proposal:
    (found,) = (one for one in store.proposals() if one.label.image == image(name))
    return found


def fate(store: Store, name: str) -> tuple[str, list[str]]:
    found = of(store, name)
    return found.fate, [label.value for label in found.into]


def done(edit: Edit | None) -> int:
    assert edit is not None
    return edit.id


def test_a_proposal_keeps_model_score_and_when_and_is_untouched_at_first(asked: Store) -> None:
    found = of(asked, "a")
    assert found.label == Label(image("a"), "類a 🍶", by=RUN, score=0.9)
    assert (found.edit, found.fate, found.into, found.decided) == (2, "untouched", (), None)
    assert found.at == asked.edits()[1].at


def test_accept_says_it_in_the_persons_name_edit_something_else_and_reject_nothing(
    asked: Store,
) -> None:
    a, b, c = (of(asked, name).id for name in "abc")
    accepted = done(asked.decide([a], "accept", by="太郎"))
    asked.decide([b], "edit", Label("", "別 other"), by="太郎")
    asked.decide([c], "reject", by="太郎")
    assert [fate(asked, name) for name in "abcd"] == [
        ("accepted", ["類a 🍶"]), ("edited", ["別 other"]), ("rejected", []), ("untouched", []),
    ]  # fmt: skip
    assert [said(asked.data(), name) for name in "abcd"] == [("類a 🍶",), ("別 other",), (), ()]
    found = of(asked, "a")
    assert (found.decided, found.decided_by) == (accepted, "太郎")
    assert found.into == (Label(image("a"), "類a 🍶", by="太郎"),)


@pytest.mark.parametrize("action", ["accept", "reject", "edit"])
def test_undo_makes_it_untouched_and_redo_decides_it_again(asked: Store, action: str) -> None:
    number = of(asked, "a").id
    into = Label("", "x") if action == "edit" else None
    edit = done(asked.decide([number], action, into))
    decided = fate(asked, "a")
    before = asked.data(edit).version.hash
    for _ in range(2):
        undone = asked.undo(edit)
        assert fate(asked, "a") == ("untouched", [])
        assert of(asked, "a").id == number
        edit = asked.redo(undone.id).id
        assert fate(asked, "a") == decided
    assert asked.data().version.hash == before
    versions = map(asked.proposals, range(2, asked.last_edit() + 1))
    fates = [found[0].fate for found in versions]
    assert fates == ["untouched", decided[0], "untouched", decided[0], "untouched", decided[0]]


def test_a_person_who_simply_labels_the_image_decides_too(asked: Store) -> None:
    asked.label({image("a"): ["類a 🍶"]})
    edit = done(asked.label({image("b"): ["犬", "猫"]}))
    assert fate(asked, "a") == ("accepted", ["類a 🍶"])
    assert fate(asked, "b") == ("edited", ["犬", "猫"])
    asked.undo(edit)
    assert fate(asked, "b") == ("untouched", [])


def test_a_class_that_is_changed_after_the_accept_counts_as_changed(asked: Store) -> None:
    asked.decide([of(asked, "a").id], "accept")
    asked.label({image("a"): ["犬"]})
    assert fate(asked, "a") == ("edited", ["犬"])


def test_what_was_taken_back_is_no_proposal_and_what_was_decided_before_stays(asked: Store) -> None:
    asked.decide([of(asked, "a").id], "accept")
    asked.decide([of(asked, "b").id], "reject")
    asked.undo_labels_by(RUN)
    assert [(one.label.value, one.fate) for one in asked.proposals()] == [
        ("類a 🍶", "accepted"), ("類b 🍶", "rejected"),
    ]  # fmt: skip


def test_those_of_one_image_and_one_by_its_number_are_among_all(asked: Store) -> None:
    asked.decide([of(asked, "a").id], "accept")
    for one in asked.proposals():
        assert asked.proposal(one.id) == one
        assert one in asked.proposals_of(one.label.image)
    assert asked.proposals_of(image("a")) == [of(asked, "a")]
    assert asked.proposals_of("f" * 64) == []
    with pytest.raises(UsageError, match="No proposal '9999'"):
        asked.proposal(9999)


def test_a_class_of_an_image_that_a_person_had_labelled_before_is_none(store: Store) -> None:
    store.record([row("a", "a", "犬")])
    store.say([Label(image("a"), "猫", by=RUN, score=0.5)], action="propose")
    assert store.proposals() == []


def test_two_models_who_say_the_same_are_answered_together_and_others_by_what_is_so(
    asked: Store,
) -> None:
    more = [
        Label(image(name), value, by="2", score=0.4)
        for name, value in [("a", "類a 🍶"), ("b", "類b 🍶"), ("c", "犬")]
    ]
    asked.say(more, action="propose")
    for name, action in [("a", "accept"), ("b", "reject"), ("c", "accept")]:
        asked.decide(
            [next(o.id for o in asked.proposals() if o.label.image == image(name))], action
        )
    fates = {(one.label.image, one.label.by): one.fate for one in asked.proposals()}
    assert [fates[image(name), by] for name in "abc" for by in (RUN, "2")] == [
        "accepted", "accepted", "rejected", "rejected", "accepted", "edited",
    ]  # fmt: skip


def test_many_are_one_edit_and_what_somebody_else_decided_is_passed_over(asked: Store) -> None:
    ids = [one.id for one in asked.proposals()]
    asked.decide(ids[:2], "reject", by="太郎")
    edit = asked.decide(ids, "accept", by="花子")
    assert edit is not None
    assert edit.labels_added == 4
    with pytest.raises(DecidedError, match=rf"花子 accepted it in edit {edit.id}"):
        asked.decide(ids[4:], "reject")
    asked.undo(edit.id)
    assert [one.fate for one in asked.proposals()] == ["rejected"] * 2 + ["untouched"] * 4


def test_unknown_and_withdrawn_proposals_are_refused(asked: Store) -> None:
    number = of(asked, "a").id
    with pytest.raises(UsageError, match="There is no such proposal"):
        asked.decide([number, 10_000], "accept")
    asked.undo(2)
    with pytest.raises(UsageError, match="There is no such proposal"):
        asked.decide([number], "accept")
    with pytest.raises(UsageError, match="What is to be decided"):
        asked.decide([number], "edit")


def test_boxes_are_decided_one_by_one(store: Store) -> None:
    store.record([row("a", "a", "犬")])
    boxes = [Box(n, n, n + 4, n + 3) for n in range(4)]
    labels = [Label(image("a"), "弁", "box", box, "yolo", 0.5) for box in boxes]
    store.say(labels, action="propose")
    first, second, third, fourth = (one.id for one in store.proposals())
    store.decide([first], "accept")
    moved = Label("", "弁 2", "box", Box(1, 1, 6, 5))
    store.decide([second], "edit", moved)
    store.decide([third], "reject")
    found = {one.id: one for one in store.proposals()}
    fates = [found[number].fate for number in (first, second, third, fourth)]
    assert fates == ["accepted", "edited", "rejected", "untouched"]
    assert found[second].into[0].box == moved.box
    now = store.data().labels[image("a")]
    assert [label.box for label in now if label.score is None and label.box] == [
        boxes[0],
        moved.box,
    ]


def test_a_box_that_another_page_moves_is_followed_wherever_it_goes(store: Store) -> None:
    store.record([row("a", "a")])
    first = Label(image("a"), "弁", "box", Box(0, 0, 4, 4), "yolo", 0.5)
    store.say([first], action="propose")
    moved = Label(image("a"), "弁", "box", Box(1, 0, 5, 4), "花子")
    store.relabel([first], [moved])
    assert [p.into for p in store.proposals()] == [(moved,)]
    again = Label(image("a"), "弁 2", "box", Box(1, 0, 5, 4, 30.0), "花子")
    edit = done(store.relabel([moved], [again]))
    (found,) = store.proposals()
    assert (found.fate, found.into, found.decided) == ("edited", (again,), edit)
    store.relabel([again], [], by="花子")
    assert [p.fate for p in store.proposals()] == ["rejected"]


def test_boxes_that_another_page_moves_together_are_told_apart_by_where_they_lie(
    store: Store,
) -> None:
    store.record([row("a", "a")])
    one, other, gone = Box(0, 0, 2, 2), Box(3, 3, 5, 5), Box(6, 0, 8, 2)
    labels = [Label(image("a"), "弁", "box", box, "yolo", 0.5) for box in (one, other, gone)]
    store.say(labels, action="propose")
    moved = Box(3, 3, 6, 5)
    new = [Label(image("a"), "弁", "box", box, "花子") for box in (moved, one)]
    store.relabel(labels, new)
    assert [(p.fate, [i.box for i in p.into]) for p in store.proposals()] == [
        ("accepted", [one]), ("edited", [moved]), ("rejected", []),
    ]  # fmt: skip


def test_a_person_may_say_what_was_refused_to_a_model(asked: Store) -> None:
    asked.decide([of(asked, "a").id], "reject")
    asked.record([row("a", "a", "類a 🍶")])
    assert said(asked.data(), "a") == ("類a 🍶",)


def test_classes_that_were_merged_are_one_class(asked: Store) -> None:
    asked.say([Label(image("a"), "猫", by="2", score=0.4)], action="propose")
    Classes(asked).merge(["類a 🍶"], into="猫")
    first = next(one for one in asked.proposals() if one.label.image == image("a"))
    asked.decide([first.id], "accept")
    fates = {one.label.by: one.fate for one in asked.proposals() if one.label.image == image("a")}
    assert fates == {RUN: "accepted", "2": "accepted"}
    assert said(asked.data(), "a") == ("猫",)
