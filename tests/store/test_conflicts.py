"""Two people label one image at once: both are kept, and it is told until one of them chooses."""

from dataclasses import replace

import pytest
from filerow import image, row, said

from atarimae import look
from atarimae.store import Origin, Store
from atarimae.types import Box, Label

ONE = image("a")


def both(store: Store) -> None:
    """みどり and あおい look at version 1, and each mends the label."""
    store.record([row("a", "a", "赤"), row("b", "b", "青")], by="花子")
    store.label({ONE: ["朱"]}, by="みどり", origin=Origin(seen=1))
    store.label({ONE: ["丹"]}, by="あおい", origin=Origin(seen=1))


def test_both_labels_are_kept(store: Store) -> None:
    both(store)
    assert said(store.data(), "a") == ("朱", "丹")


def test_conflict_names_people_edits_and_what_they_had_seen(store: Store) -> None:
    both(store)
    (conflict,) = store.conflicts()
    assert (conflict.image, conflict.at_once) == (ONE, True)
    assert [(side.value, side.by, side.edit, side.seen) for side in conflict.sides] == [
        ("朱", "みどり", 2, 1), ("丹", "あおい", 3, 1),
    ]  # fmt: skip


def test_one_choice_settles_it_as_an_edit_that_can_be_undone(store: Store) -> None:
    both(store)
    store.label({ONE: ["丹"]}, by="花子")
    assert (said(store.data(), "a"), store.conflicts()) == (("丹",), [])
    store.undo(4)
    assert said(store.data(), "a") == ("朱", "丹")
    (conflict,) = store.conflicts()
    assert {side.value for side in conflict.sides} == {"朱", "丹"}


def test_who_saw_the_others_choice_replaces_it(store: Store) -> None:
    store.record([row("a", "a", "赤")], by="花子")
    store.label({ONE: ["朱"]}, by="みどり", origin=Origin(seen=1))
    store.label({ONE: ["丹"]}, by="あおい", origin=Origin(seen=2))
    assert (said(store.data(), "a"), store.conflicts()) == (("丹",), [])


def test_who_says_the_same_at_once_is_no_conflict(store: Store) -> None:
    store.record([row("a", "a", "赤")], by="花子")
    for who in ("みどり", "あおい"):
        store.label({ONE: ["朱"]}, by=who, origin=Origin(seen=1))
    assert (said(store.data(), "a"), store.conflicts()) == (("朱",), [])


def test_own_second_thought_is_no_conflict(store: Store) -> None:
    store.record([row("a", "a", "赤")], by="花子")
    for value in ("朱", "丹"):  # typed faster than the page was read again
        store.label({ONE: [value]}, by="みどり", origin=Origin(seen=1))
    assert (said(store.data(), "a"), store.conflicts()) == (("丹",), [])


def test_two_classes_of_one_source_were_not_said_at_once(store: Store) -> None:
    store.record([row("a", "a", "赤", "朱")], by="花子")
    (conflict,) = store.conflicts()
    assert not conflict.at_once


def test_look_shows_who_said_what_in_which_edit(store: Store) -> None:
    both(store)
    (found,) = (one for one in look.findings(store.workspace) if one.images == (ONE,) and "labelled" in one.what)  # fmt: skip  # noqa: E501
    assert found.what == (
        "One picture is labelled '朱' and '丹', by people who did not see what the other said."
    )
    assert (
        found.evidence
        == "'朱' by みどり in edit 2; '丹' by あおい in edit 3, who had seen version 1."
    )
    assert "atarimae label a --class" in found.fix


DRAWN = [
    Label(ONE, "弁", "box", Box(0, 0, 2, 2), "花子"),
    Label(ONE, "弁", "box", Box(2, 2, 6, 4, 30), "花子"),
    Label(ONE, "弁", "polygon", None, "花子", points=((0, 0), (4, 0), (4, 4))),
    Label(ONE, "獺祭", "text", Box(0, 0, 6, 2, 90), "花子"),
]


def changed(label: Label, by: str) -> Label:
    """Another label of the same kind in its place, by somebody."""
    move = 1 if by == "みどり" else 2
    if label.points:
        return replace(label, by=by, points=((move, 0), (4, 0), (4, 4)))
    return replace(label, by=by, box=Box(move, 0, 5, 5, 10))


@pytest.mark.parametrize("drawn", DRAWN, ids=["box", "turned", "polygon", "text"])
def test_what_two_people_change_at_once_is_a_conflict_until_one_goes(
    store: Store, drawn: Label
) -> None:
    store.record([row("a", "a")])
    store.relabel([], [drawn, replace(drawn, value="隣")], by="花子")
    (kept, _) = store.data().labels[ONE]
    for by in ("みどり", "あおい"):
        store.relabel([kept], [changed(drawn, by)], by=by, origin=Origin(seen=2))
    (conflict,) = store.conflicts()
    assert (conflict.kind, conflict.at_once) == (drawn.kind, True)
    assert [(side.by, side.edit, side.seen) for side in conflict.sides] == [
        ("みどり", 3, 2), ("あおい", 4, 2),
    ]  # fmt: skip
    (told,) = look.findings(store.workspace)
    assert "was changed by people who did not see what the other did" in told.what
    _, first, _ = store.data().labels[ONE]
    store.relabel([first], by="花子")
    assert store.conflicts() == []
    store.undo(5)
    assert len(store.conflicts()) == 1


def test_who_saw_the_others_box_and_moved_it_again_leaves_one(store: Store) -> None:
    store.record([row("a", "a")])
    store.relabel([], [DRAWN[0]], by="花子")
    for seen, by in ((2, "みどり"), (3, "あおい")):
        (kept,) = store.data().labels[ONE]
        store.relabel([kept], [changed(DRAWN[0], by)], by=by, origin=Origin(seen=seen))
    assert (len(store.data().labels[ONE]), store.conflicts()) == (1, [])


def test_a_conflict_outlives_one_sides_next_move(store: Store) -> None:
    store.record([row("a", "a")])
    store.relabel([], [DRAWN[0]], by="花子")
    for by in ("みどり", "あおい"):
        store.relabel([DRAWN[0]], [changed(DRAWN[0], by)], by=by, origin=Origin(seen=2))
    again = replace(changed(DRAWN[0], "みどり"), box=Box(3, 3, 5, 5))
    store.relabel([changed(DRAWN[0], "みどり")], [again], by="みどり", origin=Origin(seen=3))
    (conflict,) = store.conflicts()
    assert {side.box for side in conflict.sides} == {Box(3, 3, 5, 5), Box(2, 0, 5, 5, 10)}


def test_own_second_thought_of_a_box_replaces_the_first(store: Store) -> None:
    store.record([row("a", "a")])
    store.relabel([], [DRAWN[0]], by="花子")
    first, second = (replace(DRAWN[0], by="みどり", box=Box(x, 0, 5, 5)) for x in (1, 2))
    for move in (first, second):  # dragged faster than the page was read again
        store.relabel([DRAWN[0]], [move], by="みどり", origin=Origin(seen=2))
    assert store.data().labels[ONE] == (second,)


def test_two_boxes_made_of_one_are_no_conflict(store: Store) -> None:
    store.record([row("a", "a")])
    store.relabel([], [DRAWN[0]], by="花子")
    left, right = (replace(DRAWN[0], by="花子", box=Box(x, 0, x + 1, 2)) for x in (0, 1))
    store.relabel([DRAWN[0]], [left, right], by="花子")
    store.relabel([right], [changed(right, "みどり")], by="みどり", origin=Origin(seen=3))
    assert store.conflicts() == []


def test_a_pair_that_is_the_same_to_one_and_different_to_another_is_a_conflict(
    store: Store,
) -> None:
    store.record([row("a", "a"), row("b", "b")])
    two = image("b")
    store.say([Label(ONE, "same", "pair", by="花子", other=two)], action="label", by="花子")
    store.say([Label(two, "different", "pair", by="太郎", other=ONE)], action="label", by="太郎")
    (conflict,) = store.conflicts()
    assert [(side.value, side.by) for side in conflict.sides] == [
        ("same", "花子"), ("different", "太郎"),
    ]  # fmt: skip
    assert {conflict.image, conflict.sides[0].other} == {ONE, two}
    (told,) = look.findings(store.workspace)
    assert told.what == "Two pictures are told to be 'same' and 'different'."
