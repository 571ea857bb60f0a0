"""A listing in memory follows what is said of classes, and reads all again only where it must."""

from atarimae.look.catalogue import ROUND, Catalogue, Filter
from atarimae.store import Classes, Guide, Store


def test_listing_follows_coverage_the_guide_rounds_and_merges(maker):
    first = maker.picture("a.png", (200, 0, 0), "弁")
    maker.picture("b.png", (0, 200, 0), "ねじ 🔩")
    store = Store(maker.record())
    classes, catalogue = Classes(store), Catalogue(maker.workspace)
    catalogue.now()
    steps = [
        (lambda: classes.cover("a.png", "弁", "ねじ 🔩"), True),
        (lambda: Guide(store).exhibit("弁", first), True),
        (lambda: classes.uncover("a.png", "弁"), True),
        (lambda: classes.begin_round("ねじ 🔩"), False),
        (lambda: classes.uncover("a.png", "ねじ 🔩"), True),
        (lambda: store.undo(store.last_edit()), True),
        (lambda: classes.merge(["弁"], into="ねじ 🔩"), False),
    ]
    for step, follows in steps:
        before = store.last_edit()
        step()
        assert (store.news(before) is not None) is follows
        now = catalogue.now(at_once=True)
        assert now.data.covered == store.data().covered
        assert now.data.labels == store.data().labels
    assert now.round is not None
    assert now.round.classes == ("ねじ 🔩",)
    assert len(now.files(Filter(uncovered=ROUND))) == 2  # one of the merged classes is not enough
