"""What people have looked at is kept, and is no change of the data."""

from filerow import image, row, state

from atarimae.store import Store


def test_a_look_is_noted_once_for_each_person(store: Store) -> None:
    store.record([row("a.png", "a"), row("b.png", "b")])
    before = state(store.data())
    assert store.look([image("a"), image("a")], by="花子") == 1
    assert store.look([image("a"), image("b")], by="花子") == 1
    assert store.look([image("a")], by="太郎 🍶") == 1
    assert store.seen("花子") == {image("a"), image("b")}
    assert store.seen("太郎 🍶") == {image("a")}
    assert store.seen("nobody") == frozenset()
    assert list(store.seen_by(image("a"))) == ["花子", "太郎 🍶"]
    assert state(store.data()) == before
    assert store.last_edit() == 1


def test_what_was_seen_is_told_as_of_a_moment(store: Store) -> None:
    store.record([row("a.png", "a"), row("b.png", "b")])
    store.look([image("a")], by="花子")
    (when,) = store.seen_by(image("a")).values()
    assert store.seen("花子", before=when) == frozenset()
    assert store.seen("花子", before="9999") == {image("a")}
