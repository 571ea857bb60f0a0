"""Labels are said, replaced and taken away, files are changed and leave: one edit each."""

from dataclasses import replace

import pytest
from filerow import image, paths, row, said, state

from atarimae.errors import AtarimaeError, UsageError
from atarimae.store import Changes, Edit, Origin, Store
from atarimae.types import Box, File, Label


def test_files_change_together_in_one_edit(store: Store) -> None:
    store.record([row(name, name, split="train") for name in ("a", "b", "c")])
    a, b, c = store.data().files
    edit = store.change([replace(a, split="val"), replace(c, group="g", role="query")], by="みどり")
    assert edit is not None
    assert (edit.action, edit.by, edit.files_added, edit.files_removed) == (
        "change",
        "みどり",
        2,
        2,
    )
    assert store.data().files == (
        replace(a, split="val"), b, replace(c, group="g", role="query"),
    )  # fmt: skip


def test_files_that_are_so_already_are_no_edit(store: Store) -> None:
    store.record([row("a", "a", split="val")])
    assert store.change(store.data().files) is None
    assert store.last_edit() == 1


def test_change_of_a_file_that_is_not_there_changes_nothing(store: Store) -> None:
    store.record([row("a", "a")])
    (a,) = store.data().files
    with pytest.raises(UsageError, match=r"b is not in the data"):
        store.change([replace(a, split="val"), replace(a, path="b")])
    assert store.data().files == (a,)
    assert store.last_edit() == 1


def test_change_of_a_file_whose_image_is_another_by_now_is_refused(store: Store) -> None:
    store.record([row("a", "old")])
    (a,) = store.data().files
    store.record([row("a", "new")])
    with pytest.raises(AtarimaeError, match=r"Another image lies there by now"):
        store.change([replace(a, split="val")])


@pytest.mark.parametrize(("column", "value"), [("split", "valid"), ("role", "querry")])
def test_unknown_split_or_role_names_the_nearest(store: Store, column: str, value: str) -> None:
    store.record([row("a", "a")])
    (a,) = store.data().files
    with pytest.raises(UsageError, match=f"No {column} '{value}'.*Did you mean"):
        store.change([replace(a, **{column: value})])


def test_removed_file_leaves_the_data_and_comes_back_with_undo(store: Store) -> None:
    store.record([row("a", "a", "赤", split="val"), row("b", "b", "青")])
    before = store.data()
    edit = store.remove(["a"], why="blurred")
    assert edit is not None
    assert (edit.action, edit.files_removed, edit.labels_removed) == ("remove", 1, 0)
    assert paths(store.data()) == ["b"]
    store.undo(edit.id)
    assert state(store.data()) == state(before)


def test_removed_file_stays_out_when_its_folder_is_added_again(store: Store) -> None:
    rows = [row("a", "a", "赤"), row("b", "b", "青")]
    store.record(rows)
    edit = store.remove(["a"])
    assert store.record(rows) == Changes(present=1, mended=1)
    assert paths(store.data()) == ["b"]
    assert store.record([row("a", "another picture")]).added == 1
    assert edit is not None


def test_removed_file_whose_removal_is_undone_and_redone_stays_out(store: Store) -> None:
    store.record([row("a", "a")])
    store.remove(["a"])
    store.undo(2)
    store.redo()
    assert store.record([row("a", "a")]) == Changes(mended=1)


def test_mended_label_stays_mended_when_its_folder_is_added_again(store: Store) -> None:
    store.record([row("a", "a", "赤")])
    store.label({image("a"): ["朱"]})
    assert store.record([row("a", "a", "赤")]) == Changes(present=1, mended=1)
    assert said(store.data(), "a") == ("朱",)


def test_label_that_was_undone_can_be_added_again(store: Store) -> None:
    store.record([row("a", "a")])
    store.record([row("a", "a", "赤")])
    store.undo(2)
    assert store.record([row("a", "a", "赤")]) == Changes(present=1, labels=1)


def test_labelling_replaces_what_people_said_and_keeps_what_models_say(store: Store) -> None:
    store.record([row("a", "a", "赤"), row("b", "b", "赤")])
    store.say([Label(image("a"), "丹", by="run-1", score=0.9)], action="propose")
    edit = store.label({image("a"): ["朱"]}, by="みどり")
    assert edit is not None
    assert (edit.action, edit.labels_added, edit.labels_removed) == ("label", 1, 1)
    assert [(one.value, one.by) for one in store.data().labels[image("a")]] == [
        ("丹", "run-1"), ("朱", "みどり"),
    ]  # fmt: skip
    assert said(store.data(), "b") == ("赤",)


def test_labelling_can_add_a_class_or_take_all_away(store: Store) -> None:
    store.record([row("a", "a", "赤")])
    store.label({image("a"): ["朱"]}, also=True)
    assert said(store.data(), "a") == ("赤", "朱")
    store.label({image("a"): []})
    assert said(store.data(), "a") == ()


def test_labelling_with_what_is_said_already_is_no_edit(store: Store) -> None:
    store.record([row("a", "a", "赤")], by="みどり")
    assert store.label({image("a"): ["赤"]}, by="あおい") is None


def test_label_that_comes_back_while_another_is_said_is_not_doubled(store: Store) -> None:
    store.record([row("a", "a", "赤")], by="みどり")
    store.label({image("a"): ["朱"]}, by="みどり")
    store.label({image("a"): ["赤"]}, also=True, by="みどり")
    store.undo(2)
    assert said(store.data(), "a") == ("赤",)


def test_boxes_are_moved_and_taken_away(store: Store) -> None:
    store.record([row("a", "a")])
    drawn = Label(image("a"), "弁", "box", Box(0.5, 1, 3.25, 4), "みどり")
    moved = replace(drawn, box=Box(1, 1, 4, 4))
    store.relabel([], [drawn])
    edit = store.relabel([drawn], [moved])
    assert edit is not None
    assert (edit.labels_added, edit.labels_removed) == (1, 1)
    assert store.data().labels == {image("a"): (moved,)}
    store.relabel([moved])
    assert store.data().labels == {}
    assert store.relabel([moved]) is None  # it is gone already


def test_two_people_who_move_one_box_at_once_both_keep_theirs(store: Store) -> None:
    store.record([row("a", "a")])
    drawn = Label(image("a"), "弁", "box", Box(0, 0, 2, 2), "みどり")
    store.relabel([], [drawn])
    for by, x in (("みどり", 1.0), ("あおい", 2.0)):
        store.relabel([drawn], [replace(drawn, box=Box(x, 0, 4, 4), by=by)], by=by)
    assert [one.box.x0 for one in store.data().labels[image("a")] if one.box] == [1, 2]


@pytest.mark.parametrize("method", ["say", "relabel", "label", "change", "remove"])
def test_edit_says_from_which_finding_run_and_version_it_came(store: Store, method: str) -> None:
    store.record([row("a", "a", "赤")])
    data = store.data()
    origin = Origin("several labels on one image", "run-1", 1)
    words = {"why": "二重", "by": "みどり", "origin": origin}
    label = Label(image("a"), "朱", by="みどり")
    edit: Edit | None = {
        "say": lambda: store.say([label], action="label", **words),
        "relabel": lambda: store.relabel([], [label], **words),
        "label": lambda: store.label({image("a"): ["朱"]}, **words),
        "change": lambda: store.change([replace(data.files[0], split="val")], **words),
        "remove": lambda: store.remove(["a"], **words),
    }[method]()
    assert edit is not None
    assert edit == store.edits()[-1]
    assert (edit.by, edit.why, edit.finding, edit.run, edit.seen) == (
        "みどり", "二重", origin.finding, "run-1", 1,
    )  # fmt: skip


def test_files_are_named_by_path_folder_or_hash(store: Store) -> None:
    store.record([row(f"絵 🍶/{name}.png", name) for name in "abc"] + [row("d.png", "a")])
    root = store.workspace.root

    def named(*words: object) -> list[str]:
        return [file.path for file in store.named([str(word) for word in words])]

    assert named("d.png") == ["d.png"]
    assert named("絵 🍶/") == [f"絵 🍶/{name}.png" for name in "abc"]
    assert named(root / "絵 🍶" / "b.png", "d.png") == ["d.png", "絵 🍶/b.png"]
    assert named(image("a")[:8]) == ["d.png", "絵 🍶/a.png"]
    with pytest.raises(UsageError, match=r"No file 'e\.png', 'f\.png' in the data"):
        named("d.png", "e.png", "f.png")


def test_a_thousand_files_and_labels_are_one_edit(store: Store) -> None:
    store.record([row(f"{number:04}", f"{number}", "赤") for number in range(1100)])
    store.change([replace(file, split="val") for file in store.data().files])
    store.label({file.image: ["青"] for file in store.data().files})
    data = store.data()
    assert {file.split for file in data.files} == {"val"}
    assert data.class_names == ("青",)
    store.undo(2, 3)
    assert state(store.data()) == state(store.data(1))


def test_japanese_and_emoji_are_kept_as_they_are(store: Store) -> None:
    names = [
        "\u00e9", "e\u0301", "ｱ", "ア", "𠮷野家", "🍶", "Ａ", "a", "B", "_", "あ", "%s ' \" ; --",
    ]  # fmt: skip
    store.record([row(name, name, name, group=name, source=name) for name in names])
    assert paths(store.data()) == sorted(names)  # by their bytes, on every server
    assert {
        file.path: (file.group, *store.data().classes(file)) for file in store.data().files
    } == {name: (name, name) for name in names}


def test_file_given_twice_is_as_it_was_given_last(store: Store) -> None:
    store.record([row("a", "a")])
    (a,) = store.data().files
    store.change([replace(a, split="val"), replace(a, split="test")])
    assert store.data().files == (File("a", image("a"), "test"),)


def test_a_class_is_kept_composed_and_without_spaces_around_it(store: Store) -> None:
    store.record([row("a.png", "red", "が")])
    assert store.label({image("red"): ["  か\u3099 "]}) is None  # the same word
    for empty in ("", "  "):
        with pytest.raises(UsageError, match=r"A class needs a name. It is empty."):
            store.label({image("red"): [empty]})
        with pytest.raises(UsageError, match="A class needs a name"):
            store.say([Label(image("red"), empty)], action="label")
    for broken in ("a\0b", "a\udcff"):
        with pytest.raises(UsageError, match=r"can't be kept\. It holds a NUL, or bytes"):
            store.label({image("red"): [broken]})
    assert said(store.data(), "a.png") == ("が",)


def test_nobody_has_seen_a_version_that_is_yet_to_come(store: Store) -> None:
    store.record([row("a.png", "red", "赤")])
    for seen in (2, 10**20):
        with pytest.raises(AtarimaeError, match=f"No version {seen}. The newest is 1"):
            store.label({image("red"): ["青"]}, origin=Origin(seen=seen))
    assert store.last_edit() == 1
