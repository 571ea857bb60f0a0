"""For which classes an image was looked through is known, said by people at a time, as edits."""

from collections.abc import Callable

import pytest
from filerow import image, row, state

from atarimae.errors import AtarimaeError, UsageError
from atarimae.store import Changes, Classes, Store
from atarimae.workspace import Workspace


@pytest.fixture
def classes(store: Store) -> Classes:
    store.record([row("a", "a", "弁"), row("b", "b", "溶接 🔥"), row("c", "c")])
    return Classes(store)


def covered(classes: Classes, path: str) -> set[str]:
    return set(classes.store.data().covered.get(image(path), ()))


def test_image_is_covered_for_the_classes_it_was_looked_through_for(classes: Classes) -> None:
    edit = classes.cover(["a", "c"], "弁", by="みどり", why="第1回")
    assert edit is not None
    assert (edit.action, edit.by, edit.why, edit.facts_added) == ("cover", "みどり", "第1回", 2)
    assert (covered(classes, "a"), covered(classes, "b")) == ({"弁"}, set())
    classes.cover("a", "溶接 🔥", by="花子")
    assert covered(classes, "a") == {"弁", "溶接 🔥"}
    assert covered(classes, "c") == {"弁"}
    assert classes.cover("a", "弁", by="みどり") is None  # said before
    told = classes.looked(image("a"))
    assert [(one.name, one.by) for one in told] == [("弁", "みどり"), ("溶接 🔥", "花子")]
    assert [one.at for one in told] == [edit.at for edit in classes.store.edits()[1:]]


def test_undo_uncover_and_older_versions(classes: Classes) -> None:
    before = classes.store.data()
    edit = classes.cover(["a", "c"], "弁")
    assert edit is not None
    classes.uncover("a", "弁", by="花子")  # whoever said it
    assert (covered(classes, "a"), covered(classes, "c")) == (set(), {"弁"})
    classes.store.undo(edit.id)
    assert state(classes.store.data()) == state(before)
    assert set(classes.store.data(edit.id).covered) == {image("a"), image("c")}


def test_coverage_is_part_of_what_the_data_says(classes: Classes) -> None:
    before = classes.store.data().version.hash
    classes.cover("a", "弁", by="みどり")
    after = classes.store.data().version.hash
    assert before != after
    classes.cover("a", "弁", by="花子")  # who said so is not
    assert classes.store.data().version.hash == after


def test_merged_class_is_covered_where_all_that_went_into_it_were(classes: Classes) -> None:
    classes.cover(["a", "b"], "弁")
    classes.cover("b", "溶接 🔥")
    merge = classes.merge(["弁", "溶接 🔥"], into="部品")
    assert (covered(classes, "a"), covered(classes, "b")) == (set(), {"部品"})
    classes.cover("a", "部品")  # of all of it
    assert covered(classes, "a") == {"部品"}
    assert merge is not None
    classes.store.undo(merge.id)
    assert covered(classes, "a") == covered(classes, "b") == {"弁", "溶接 🔥"}


def test_another_name_of_a_class_is_covered_with_it(classes: Classes) -> None:
    classes.cover("a", "弁")
    classes.alias("瓣", of="弁")
    assert covered(classes, "a") == {"弁"}
    classes.cover("b", "瓣")
    classes.rename("弁", "バルブ")
    assert covered(classes, "a") == covered(classes, "b") == {"バルブ"}


def test_round_is_about_some_classes_and_the_next_about_others(classes: Classes) -> None:
    assert classes.round() is None
    classes.begin_round("弁", title="第1回", by="みどり")
    classes.cover(["a", "c"])
    told = classes.round()
    assert told is not None
    assert (told.round.classes, told.round.title, told.covered, told.images) == (
        ("弁",), "第1回", 2, 3,
    )  # fmt: skip
    classes.begin_round("溶接 🔥", "弁")
    told = classes.round()
    assert told is not None
    assert (told.round.classes, told.covered) == (("溶接 🔥", "弁"), 0)
    classes.cover("b")
    assert covered(classes, "b") == {"溶接 🔥", "弁"}
    classes.end_round()
    assert classes.round() is None
    assert classes.end_round() is None
    classes.store.undo(classes.store.last_edit())
    assert classes.round() is not None


def test_round_about_what_nothing_has_yet_says_so(classes: Classes) -> None:
    with pytest.raises(UsageError, match=r"No class '弃'.*say --new"):
        classes.begin_round("弃")
    classes.begin_round("ねじ", new=True)
    classes.cover("a")
    assert covered(classes, "a") == {"ねじ"}
    assert [one.name for one in classes.all() if not one.images] == ["ねじ"]


def test_cover_without_classes_needs_a_round(classes: Classes) -> None:
    with pytest.raises(UsageError, match=r"For which classes\?.*classes round NAME"):
        classes.cover("a")
    with pytest.raises(AtarimaeError, match=r"No file 'z' in the data"):
        classes.cover("z", "弁")


def test_coverage_is_recorded_with_files_and_what_was_taken_back_stays(
    new_workspace: Callable[[str], Workspace],
) -> None:
    from dataclasses import replace

    store = Store(new_workspace("1"))
    rows = [replace(row("a", "a", "弁"), covered=("弁", "ねじ")), row("b", "b")]
    assert store.record(rows) == Changes(added=2, labels=1, covered=2)
    assert store.data().covered == {image("a"): frozenset(("弁", "ねじ"))}
    assert store.record(rows) == Changes(present=2)
    Classes(store).uncover("a", "ねじ")
    assert store.record(rows) == Changes(present=2, mended=1)
    assert store.data().covered == {image("a"): frozenset(("弁",))}
