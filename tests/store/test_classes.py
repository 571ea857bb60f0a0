"""Classes get other names, are merged, split, taken apart: an edit each, and no label is lost."""

import unicodedata
from collections.abc import Callable

import pytest
from filerow import image, row, said, state
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from atarimae.errors import AtarimaeError, UsageError
from atarimae.store import Changes, Classes, Store, schema
from atarimae.store.classes import plain
from atarimae.store.glyphs import MODERN
from atarimae.types import Box, Label
from atarimae.workspace import Workspace


@pytest.fixture
def classes(store: Store) -> Classes:
    return Classes(store)


def named(classes: Classes) -> dict[str, tuple[str, ...]]:
    return {one.name: (*one.aliases, *one.merged) for one in classes.all()}


def test_alias_is_read_as_the_class_in_what_is_there_and_in_what_is_added(classes: Classes) -> None:
    classes.store.record([row("a", "a", "沢乃井")])
    edit = classes.alias(["澤乃井", "ＳＡＷＡＮＯＩ 🍶"], of="沢乃井", why="旧字体", by="みどり")
    assert edit is not None
    assert (edit.action, edit.by, edit.why, edit.facts_added) == ("alias", "みどり", "旧字体", 2)
    classes.store.record([row("b", "b", "澤乃井"), row("c", "c", "ＳＡＷＡＮＯＩ 🍶")])
    data = classes.store.data()
    assert data.class_names == ("沢乃井",)
    assert [data.label(file) for file in data.files] == ["沢乃井"] * 3
    assert named(classes) == {"沢乃井": ("澤乃井", "ＳＡＷＡＮＯＩ 🍶")}


def test_old_notation_of_what_is_said_already_is_nothing_new(classes: Classes) -> None:
    store = classes.store
    store.record([row("a", "a", "赤")], by="みどり")
    classes.alias("紅", of="赤")
    assert store.record([row("a", "a", "紅")]) == Changes(present=1)
    assert store.label({image("a"): ["紅"]}, by="みどり") is None
    assert store.say([Label(image("a"), "紅", by="みどり")], action="label") is None
    store.label({image("a"): ["青"]})  # mended: neither notation brings it back
    assert store.record([row("a", "a", "紅")]) == Changes(present=1, mended=1)
    assert said(store.data(), "a") == ("青",)


def test_label_read_under_its_class_is_taken_away_under_the_name_it_was_said(
    classes: Classes,
) -> None:
    store = classes.store
    store.record([row("a", "a", "赤")])
    classes.alias("紅", of="赤")
    store.record([row("b", "b", "紅")])
    (label,) = store.data().labels[image("b")]
    assert label.value == "赤"
    assert store.relabel([label]) is not None
    assert said(store.data(), "b") == ()


def test_merge_is_one_edit_and_one_undo(classes: Classes) -> None:
    store = classes.store
    store.record([row("a", "a", "赤"), row("b", "b", "朱"), row("c", "c", "青")])
    before = store.data()
    edit = classes.merge(["赤", "朱"], into="暖色")
    assert edit is not None
    assert (edit.action, edit.labels_added, edit.labels_removed) == ("merge", 0, 0)
    assert store.data().class_names == ("暖色", "青")
    assert store.data(1).class_names == ("朱", "赤", "青")
    store.undo(edit.id)
    assert state(store.data()) == state(before)
    store.redo()
    assert store.data().class_names == ("暖色", "青")


def test_what_was_mended_after_a_merge_stays_when_that_is_undone(classes: Classes) -> None:
    store = classes.store
    store.record([row("a", "a", "赤"), row("b", "b", "朱")])
    merge = classes.merge(["朱"], into="赤")
    store.label({image("b"): ["青"]})
    assert merge is not None
    store.undo(merge.id)
    assert (said(store.data(), "a"), said(store.data(), "b")) == (("赤",), ("青",))


def test_image_of_both_merged_classes_has_one_and_is_no_conflict(classes: Classes) -> None:
    store = classes.store
    store.record([row("a", "a", "赤", "朱")])
    assert len(store.conflicts()) == 1
    classes.merge(["朱"], into="赤")
    assert said(store.data(), "a") == ("赤",)
    assert store.conflicts() == []


def test_rename_keeps_the_old_name_as_another(classes: Classes) -> None:
    store = classes.store
    store.record([row("a", "a", "国"), row("b", "b", "國 ")])
    classes.merge(["國 "], into="国")
    classes.rename("国", "国酒")
    store.record([row("c", "c", "国")])
    assert store.data().class_names == ("国酒",)
    assert classes.name("国") == classes.name("國 ") == "国酒"
    classes.rename("国酒", "国")  # back: its other name becomes its name
    assert store.data().class_names == ("国",)
    assert classes.rename("国", "国") is None


def test_hash_changes_with_the_meaning_alone(new_workspace: Callable[[str], Workspace]) -> None:
    one, other = (Classes(Store(new_workspace(name))) for name in "12")
    one.store.record([row("a", "a", "赤"), row("b", "b", "紅")])
    other.store.record([row("a", "a", "赤"), row("b", "b", "赤")])
    plain_hash = other.store.data().version.hash
    assert one.store.data().version.hash != plain_hash
    one.merge(["紅"], into="赤")
    assert one.store.data().version.hash == plain_hash  # it says the same by now
    other.alias("紅", of="赤")
    assert other.store.data().version.hash == plain_hash  # nothing is said under it
    one.rename("赤", "朱")
    assert one.store.data().version.hash != plain_hash


def test_separated_names_are_classes_of_their_own_again(classes: Classes) -> None:
    store = classes.store
    store.record([row("a", "a", "赤"), row("b", "b", "朱"), row("c", "c", "丹")])
    classes.merge(["朱", "丹"], into="赤")
    edit = classes.separate("朱")
    assert edit is not None
    assert store.data().class_names == ("朱", "赤")
    with pytest.raises(UsageError, match=r"No other name or merged class '青'"):
        classes.separate("青")


def test_boxes_are_of_the_merged_class_and_texts_are_no_names(classes: Classes) -> None:
    store = classes.store
    store.record([row("a", "a", "赤")])
    box = Label(image("a"), "朱", "box", Box(0, 0, 4, 4), "みどり")
    text = Label(image("a"), "朱", "text", Box(0, 0, 2, 2), "みどり")
    store.say([box, text], action="label")
    classes.merge(["朱"], into="赤")
    assert [(one.kind, one.value) for one in store.data().labels[image("a")]] == [
        ("class", "赤"), ("box", "赤"), ("text", "朱"),
    ]  # fmt: skip


REFUSED: list[tuple[Callable[[Classes], object], str]] = [
    (lambda c: c.alias("朱", of="青"), r"There is a class '朱' already.*merge 朱 --into 青"),
    (lambda c: c.alias("紅", of="青"), r"'紅' is read as '赤' already.*separate 紅"),
    (lambda c: c.alias("藍", of="靑い"), r"No class '靑い'.*There is 朱, 赤, 青"),
    (lambda c: c.rename("赤", "朱"), r"There is a class '朱' already"),
    (lambda c: c.rename("紅", "丹"), r"'紅' is another name of '赤'.*Rename that one"),
    (lambda c: c.rename("赤", " "), r"A class needs a name"),
    (lambda c: c.merge(["赤", "紅"], into="赤"), r"nothing to merge.*All of them are '赤'"),
    (lambda c: c.merge(["赤", "赫"], into="朱"), r"No class '赫'"),
    (lambda c: c.merge(["赤"], into="丹"), r"no class '丹' to merge '赤' into.*rename 赤 丹"),
    (lambda c: c.split("赤", {"朱": ["a"]}), r"There is a class '朱' already"),
    (lambda c: c.split("赤", {"丹": ["b"]}), r"Not all of these images are of '赤'"),
    (lambda c: c.split("赤", {"丹": ["a"], "茜": ["a"]}), r"can't go to both '丹' and '茜'"),
]


def test_names_that_mean_something_else_are_refused_and_nothing_changes(classes: Classes) -> None:
    store = classes.store
    store.record([row("a", "a", "赤"), row("b", "b", "朱"), row("c", "c", "青")])
    classes.alias("紅", of="赤")
    for change, told in REFUSED:
        with pytest.raises(AtarimaeError, match=told):
            change(classes)
    assert store.last_edit() == 2


def test_undo_that_would_give_a_name_two_meanings_names_the_later_edit(classes: Classes) -> None:
    store = classes.store
    store.record([row("a", "a", "赤"), row("b", "b", "朱")])
    classes.alias("紅", of="赤")  # 2
    store.undo(2)
    classes.alias("紅", of="朱")  # 4
    with pytest.raises(AtarimaeError, match=r"'紅' can't be read as '赤' again.*Undo edit 4 first"):
        store.redo(2)
    assert classes.name("紅") == "朱"


def test_undo_that_would_close_a_circle_is_refused(classes: Classes) -> None:
    store = classes.store
    store.record([row("a", "a", "赤"), row("b", "b", "朱"), row("c", "c", "丹")])
    classes.merge(["赤"], into="朱")  # 2
    store.undo(2)
    classes.merge(["朱"], into="丹")  # 4
    classes.merge(["丹"], into="赤")  # 5
    with pytest.raises(AtarimaeError, match=r"'赤' can't be read as '朱' again.*Undo edit 5 first"):
        store.redo(2)
    assert store.data().class_names == ("赤",)


def test_split_gives_images_new_classes_in_their_place(classes: Classes) -> None:
    store = classes.store
    store.record([row("a", "a", "弁", "青"), row("b", "b", "弁"), row("c", "c", "弁")])
    store.say([Label(image("b"), "弁", "box", Box(0, 0, 2, 2), "花子")], action="label")
    before = store.data()
    edit = classes.split("弁", {"玉形弁": ["a"], "仕切弁": [image("b")]}, why="形が違う")
    assert edit is not None
    data = store.data()
    assert (edit.action, edit.why) == ("split", "形が違う")
    assert [said(data, path) for path in "abc"] == [("玉形弁", "青"), ("仕切弁",), ("弁",)]
    assert [(one.kind, one.value) for one in data.labels[image("b")]] == [
        ("class", "仕切弁"), ("box", "仕切弁"),
    ]  # fmt: skip
    store.undo(edit.id)
    assert state(store.data()) == state(before)


def test_class_that_was_split_stays_split_when_its_source_is_added_again(classes: Classes) -> None:
    rows = [row("a", "a", "弁"), row("b", "b", "弁")]
    classes.store.record(rows)
    classes.split("弁", {"玉形弁": ["a"]})
    assert classes.store.record(rows) == Changes(present=2, mended=1)
    assert said(classes.store.data(), "a") == ("玉形弁",)


def test_what_two_versions_differ_in_tells_names(classes: Classes) -> None:
    store = classes.store
    store.record([row("a", "a", "赤")])
    classes.alias("紅", of="赤")
    store.record([row("b", "b", "紅")])
    found = store.difference(1, 3)
    assert [(fact.kind, fact.subject, fact.value) for fact in found.facts_came] == [
        ("alias", "紅", "赤"),
    ]  # fmt: skip
    assert [label.value for label in found.labels_came] == ["赤"]
    assert store.difference(3, 1).facts_went == found.facts_came


def test_names_that_look_alike_are_told(classes: Classes) -> None:
    names = ("澤乃井", "沢乃井", "ＡＢ-1", "ab 1", "ビル", "ビール")
    classes.store.record([row(f"{n}", f"{n}", name) for n, name in enumerate(names)])
    assert classes.alike() == [("ab 1", "ＡＢ-1"), ("沢乃井", "澤乃井")]


def test_every_old_letter_has_one_of_today() -> None:
    assert len(MODERN) > 300
    for old, new in MODERN.items():
        assert ord(new) not in MODERN  # so that one step is enough
        assert plain(chr(old)) == plain(new)
        assert unicodedata.category(new) == unicodedata.category(chr(old)) == "Lo"


NAMES = ("赤", "紅", "朱", "🍶", "藍")
STEPS = st.one_of(
    st.tuples(st.just("label"), st.sampled_from("abc"), st.sampled_from(NAMES)),
    st.tuples(st.just("alias"), st.sampled_from(NAMES), st.sampled_from(NAMES)),
    st.tuples(st.just("rename"), st.sampled_from(NAMES), st.sampled_from(NAMES)),
    st.tuples(st.just("merge"), st.sets(st.sampled_from(NAMES)), st.sampled_from(NAMES)),
    st.tuples(st.just("separate"), st.sampled_from(NAMES), st.none()),
    st.tuples(st.just("undo"), st.integers(2, 8), st.none()),
)


def take(classes: Classes, word: str, first: object, second: object) -> None:
    {
        "label": lambda: classes.store.label({image(str(first)): [str(second)]}),
        "alias": lambda: classes.alias(str(first), of=str(second)),
        "rename": lambda: classes.rename(str(first), str(second)),
        "merge": lambda: classes.merge(sorted(first), into=str(second)),  # type: ignore[call-overload]
        "separate": lambda: classes.separate(str(first)),
        "undo": lambda: classes.store.undo(int(str(first))),
    }[word]()


def naive(store: Store, edit: int) -> dict[str, list[str]]:
    """By image its classes, worked out of the tables' rows one by one."""
    with store.engine.connect() as connection:
        labels = connection.execute(select(schema.labels).order_by(schema.labels.c.id)).all()
        facts = connection.execute(select(schema.facts)).all()

    def live(rows):
        return [r for r in rows if r.added <= edit and (r.removed is None or r.removed > edit)]

    into = {}
    for fact in live(facts):
        assert fact.subject not in into  # one meaning
        into[fact.subject] = fact.value
    found: dict[str, list[str]] = {}
    for label in sorted(live(labels), key=lambda r: r.first or r.id):
        name, steps = label.value, 0
        while name in into:
            name, steps = into[name], steps + 1
            assert steps <= len(into)  # no circle
        if name not in found.setdefault(label.image, []):
            found[label.image].append(name)
    return found


@settings(
    max_examples=8, deadline=None, derandomize=True, database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip
@given(steps=st.lists(STEPS, min_size=1, max_size=10))
def test_any_sequence_reads_as_the_rows_say_one_by_one(
    new_workspace: Callable[[str], Workspace], steps: list[tuple[str, object, object]]
) -> None:
    made = getattr(new_workspace, "made", 0) + 1
    new_workspace.made = made  # type: ignore[attr-defined]
    classes = Classes(Store(new_workspace(f"{made}")))
    store = classes.store
    store.record([row(name, name, *NAMES[:2][n : n + 1]) for n, name in enumerate("abc")])
    hashes = {1: store.data().version.hash}
    for word, first, second in steps:
        before = store.last_edit()
        try:
            take(classes, word, first, second)
        except AtarimaeError:
            assert store.last_edit() == before
            continue
        hashes[store.last_edit()] = store.data().version.hash
    for edit, told in hashes.items():
        data = store.data(edit)
        assert data.version.hash == told  # every older version reads as it did then
        there = {file.image: list(data.classes(file)) for file in data.files}
        assert {i: names for i, names in there.items() if names} == naive(store, edit)
