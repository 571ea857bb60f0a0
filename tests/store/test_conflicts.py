"""Two people label one image at once: both are kept, and it is told until one of them chooses."""

from filerow import image, row, said

from atarimae import look
from atarimae.store import Origin, Store

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
