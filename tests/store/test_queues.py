"""Queues: images to be labelled next, under a name; no change of the data."""

import pytest
from filerow import image, row, state

from atarimae.errors import UsageError
from atarimae.store import Queued, Store
from atarimae.types import Box


def test_a_queue_keeps_its_order_its_boxes_and_who_put_it_there(store: Store) -> None:
    store.record([row("a.png", "a"), row("b.png", "b"), row("c.png", "c")])
    before = state(store.data())
    wanted = [Queued(image("c"), Box(1, 2, 3.5, 4), "like x"), Queued(image("a"))]
    assert store.queues.put("溶接 🍶", wanted, by="花子") == 2
    assert store.queues.put("溶接 🍶", [Queued(image("a")), Queued(image("b"))], by="太郎") == 1
    assert store.queues.put("other", [Queued(image("b"))]) == 1
    found = store.queues.of("溶接 🍶")
    assert [one.image for one in found] == [image("c"), image("a"), image("b")]
    assert (found[0].box, found[0].why, found[0].by) == (Box(1, 2, 3.5, 4), "like x", "花子")
    assert found[1].box is None
    assert store.queues.names() == {"other": 1, "溶接 🍶": 3}
    assert state(store.data()) == before
    assert store.last_edit() == 1


def test_an_image_is_in_a_queue_once(store: Store) -> None:
    store.record([row("a.png", "a"), row("b.png", "b")])
    first = Queued(image("b"), Box(0, 0, 1, 1))
    assert store.queues.put("q", [first, Queued(image("a")), Queued(image("b"))]) == 2
    assert [(one.image, one.box) for one in store.queues.of("q")] == [
        (image("b"), Box(0, 0, 1, 1)), (image("a"), None),
    ]  # fmt: skip


def test_a_queue_that_is_dropped_leaves_the_images(store: Store) -> None:
    store.record([row("a.png", "a")])
    store.queues.put("q", [Queued(image("a"))])
    assert store.queues.drop("q") == 1
    assert store.queues.names() == {}
    assert len(store.data()) == 1
    with pytest.raises(UsageError, match="No queue 'q'"):
        store.queues.drop("q")


def test_a_queue_that_is_not_there_names_those_that_are(store: Store) -> None:
    store.record([row("a.png", "a")])
    store.queues.put("welds", [Queued(image("a"))])
    with pytest.raises(UsageError, match=r"No queue 'weld'.*There is welds.*Did you mean 'welds'"):
        store.queues.of("weld")
    with pytest.raises(UsageError, match="The queue has no name"):
        store.queues.put(" ", [Queued(image("a"))])
