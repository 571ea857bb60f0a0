"""The store appends: every version can be read again, and nothing is lost or half-written."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from filerow import paths, row, said
from sqlalchemy import func, select

from atarimae.store import Changes, Refusal, Row, Store
from atarimae.store.schema import edits
from atarimae.store.state import files_at, last_edit
from atarimae.types import File, Image
from atarimae.workspace import Workspace

New = Callable[[str], Workspace]


def write(ws: Workspace, path: str, content: str) -> None:
    (ws.root / path).write_text(content)


def test_last_edit_is_the_newest_versions(ws: Workspace) -> None:
    opened = Store(ws)
    assert opened.last_edit() == 0
    opened.record([row("a.png", "a")])
    assert opened.last_edit() == opened.data().version.edit == 1


def test_new_store_holds_nothing(ws: Workspace) -> None:
    data = Store(ws).data()
    assert (len(data), data.version.edit, Store(ws).images()) == (0, 0, {})


def test_recorded_file_is_read_again(ws: Workspace) -> None:
    taken = row("絵/赤 🍶.png", "red", "赤", split="val", role="query", group="g", source="店")
    assert Store(ws).record([taken]) == Changes(added=1, labels=1)
    data = Store(ws).data()
    assert data.files == (taken.file,)
    assert data.images == {taken.image.hash: taken.image}
    assert data.label(taken.file) == "赤"


def test_files_come_in_order_of_path(ws: Workspace) -> None:
    Store(ws).record([row(name, name) for name in ("c", "a", "b")])
    assert paths(Store(ws).data()) == ["a", "b", "c"]


def test_older_versions_can_be_read_after_any_change(ws: Workspace) -> None:
    store = Store(ws)
    steps = [
        [row("a.png", "red", "赤")],
        [row("b.png", "blue")],
        [row("b.png", "blue", "青", split="val")],  # a label and a split more
        [row("a.png", "green")],  # other content
        [row("c.png", "blue")],  # b.png was never on the disk: it moved
    ]
    then = [store.data()]
    for rows in steps:
        store.record(rows)
        then.append(store.data())
    assert [data.version.edit for data in then] == [0, 1, 2, 3, 4, 5]
    for data in then:
        again = store.data(data.version.edit)
        assert (again.version, again.files, again.labels) == (data.version, data.files, data.labels)
    assert len({data.version.hash for data in then}) == 5  # moving a file says nothing new


def test_adding_again_is_no_edit(ws: Workspace) -> None:
    store = Store(ws)
    rows = [row("a.png", "red", "赤", split="val")]
    store.record(rows)
    before = store.data()
    assert store.record(rows) == Changes(present=1)
    assert store.data() == before
    assert count_edits(store) == 1


def test_row_that_states_nothing_keeps_what_is_known(ws: Workspace) -> None:
    store = Store(ws)
    store.record([row("a.png", "red", "赤", split="val", source="店")])
    store.record([row("a.png", "red")])
    (file,) = store.data().files
    assert (file.split, file.source, store.data().label(file)) == ("val", "店", "赤")


def test_row_that_states_a_split_changes_it(ws: Workspace) -> None:
    store = Store(ws)
    store.record([row("a.png", "red", split="train", source="店")])
    assert store.record([row("a.png", "red", split="val")]) == Changes(changed=1)
    (file,) = store.data().files
    assert (file.split, file.source) == ("val", "店")
    assert store.data(1).files[0].split == "train"


def test_moved_file_keeps_what_was_known_of_it(ws: Workspace) -> None:
    store = Store(ws)
    store.record([row("a.png", "red", "赤", split="val", role="query", group="g", source="店")])
    assert store.record([row("絵/b.png", "red")]) == Changes(moved=1)
    data = store.data()
    assert data.files[0].path == "絵/b.png"
    file = data.files[0]
    assert (file.split, file.role, file.group, file.source) == ("val", "query", "g", "店")
    assert data.label(file) == "赤"


def test_copied_file_is_a_second_file_of_one_image(ws: Workspace) -> None:
    store = Store(ws)
    write(ws, "a.png", "red")
    store.record([row("a.png", "red", "赤", split="val")])
    assert store.record([row("b.png", "red", split="train")]) == Changes(added=1)
    data = store.data()
    assert [(file.path, file.split) for file in data.files] == [
        ("a.png", "val"), ("b.png", "train"),
    ]  # fmt: skip
    assert len(data.images) == 1
    assert said(data, "b.png") == ("赤",)


def test_changed_content_is_another_image_in_the_same_place(ws: Workspace) -> None:
    store = Store(ws)
    store.record([row("a.png", "red", "赤", split="val")])
    assert store.record([row("a.png", "blue")]) == Changes(changed=1)
    data = store.data()
    assert paths(data) == ["a.png"]
    assert data.files[0].image == row("a.png", "blue").image.hash
    assert data.files[0].split == "val"
    assert said(data, "a.png") == ()  # the label was of the other picture


def test_several_labels_are_kept_oldest_first(ws: Workspace) -> None:
    store = Store(ws)
    store.record([row("a.png", "red", "赤")])
    assert store.record([row("a.png", "red", "朱", "赤")]) == Changes(present=1, labels=1)
    assert said(store.data(), "a.png") == ("赤", "朱")
    assert said(store.data(1), "a.png") == ("赤",)


def test_label_says_who_said_it(ws: Workspace) -> None:
    store = Store(ws)
    store.record([row("a.png", "red", "赤")], by="みどり")
    (labels,) = store.data().labels.values()
    assert [label.by for label in labels] == ["みどり"]


def test_hash_of_the_content_knows_neither_order_nor_paths(new_workspace: New) -> None:
    first = Store(new_workspace("1"))
    first.record([row("a.png", "red", "赤", split="val"), row("b.png", "blue", "青")])
    second = Store(new_workspace("2"))
    second.record([row("絵/1.png", "blue", "青")])
    second.record([row("絵/0.png", "red", "赤", split="val")])
    assert first.data().version.hash == second.data().version.hash


def test_hash_of_the_content_is_the_same_whoever_added_it(new_workspace: New) -> None:
    hashes = set()
    for name in ("みどり", "root"):
        store = Store(new_workspace(name))
        store.record([row("a.png", "red", "赤")], by=name)
        hashes.add(store.data().version.hash)
    assert len(hashes) == 1


@pytest.mark.parametrize(
    "other",
    [
        row("a.png", "red", "朱"),
        row("a.png", "red"),
        row("a.png", "blue", "赤"),
        row("a.png", "red", "赤", split="val"),
        row("a.png", "red", "赤", role="query"),
        row("a.png", "red", "赤", group="g"),
        row("a.png", "red", "赤", source="店"),
    ],
)
def test_hash_of_the_content_changes_with_all_that_is_said(new_workspace: New, other: Row) -> None:
    hashes = set()
    for name, rows in (("1", [row("a.png", "red", "赤")]), ("2", [other])):
        store = Store(new_workspace(name))
        store.record(rows)
        hashes.add(store.data().version.hash)
    assert len(hashes) == 2


def test_refused_file_is_remembered_until_it_is_taken(ws: Workspace) -> None:
    store = Store(ws)
    first = Refusal("a.png", "It ends early.", "Copy it again.")
    store.record([first])
    again = Refusal("a.png", "It is empty.", "Copy it again.")
    store.record([again, Refusal("b.png", "It is text.", "Leave it out.")])
    assert [refusal.file for refusal in store.refusals()] == ["a.png", "b.png"]
    assert store.refusals()[0] == again
    store.record([row("a.png", "red")])
    assert [refusal.file for refusal in store.refusals()] == ["b.png"]


def test_refusals_alone_are_no_edit(ws: Workspace) -> None:
    store = Store(ws)
    store.record([Refusal("a.png", "It ends early.", "Copy it again.")])
    assert store.data().version.edit == 0


BAD = Row(File("bad.png", "ab" * 32), Image(None, 8, 6, "PNG", 3))  # type: ignore[arg-type]
BAD_ROLE = Row(File("bad.png", "ab" * 32, role=None), Image("ab" * 32, 8, 6, "PNG", 3))  # type: ignore[arg-type]
BAD_LABEL = Row(File("bad.png", "ab" * 32), Image("ab" * 32, 8, 6, "PNG", 3), (None,))  # type: ignore[arg-type]


@pytest.mark.parametrize("bad", [BAD, BAD_ROLE, BAD_LABEL], ids=["image", "file", "label"])
def test_error_in_the_middle_leaves_nothing(ws: Workspace, bad: Row) -> None:
    store = Store(ws)
    store.record([row("a.png", "red", "赤")])
    before, images = store.data(), store.images()
    with pytest.raises(Exception, match=r"(?i)not.null"):
        store.record(
            [row("b.png", "blue", "青"), row("a.png", "green"), bad, Refusal("c.png", "a", "b")]
        )
    assert (store.data(), store.images(), store.refusals()) == (before, images, [])
    assert count_edits(store) == 1


def test_edit_says_when_who_and_why(ws: Workspace) -> None:
    store = Store(ws)
    store.record([row("a.png", "red")], why="新しい写真", by="みどり")
    with store.engine.connect() as connection:
        (edit,) = connection.execute(select(edits)).all()
    assert (edit.action, edit.by, edit.why) == ("add", "みどり", "新しい写真")
    assert edit.at.endswith("+00:00")


def test_reader_sees_one_version_while_another_writes(ws: Workspace) -> None:
    reader, writer = Store(ws), Store(ws)
    writer.record([row("a.png", "red")])
    with reader._read() as connection:
        before = last_edit(connection), files_at(connection, 9)
        writer.record([row("b.png", "blue")])
        assert (last_edit(connection), files_at(connection, 9)) == before
    assert reader.last_edit() == 2


RECORD = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[3])
from atarimae import workspace
from atarimae.store import Row, Store
from atarimae.types import File, Image
store = Store(workspace.open_(Path(sys.argv[1])))
for number in range(20):
    for name in (f"{sys.argv[2]}{number}", f"shared{number}"):
        digest = name.encode().hex().rjust(64, "0")
        label = f"said by {sys.argv[2]}"
        store.record([Row(File(name, digest), Image(digest, 8, 6, "PNG", 3), (label,))])
"""


def test_two_processes_that_record_at_once_lose_nothing(ws: Workspace) -> None:
    both = [
        subprocess.Popen(
            [sys.executable, "-c", RECORD, str(ws.root), name, str(Path(__file__).parent)],
            stderr=subprocess.PIPE,
            text=True,
        )
        for name in ("left", "right")
    ]
    said_at_end = [process.communicate()[1] for process in both]
    assert [process.returncode for process in both] == [0, 0], said_at_end
    data = Store(ws).data()
    names = {f"{who}{number}" for who in ("left", "right", "shared") for number in range(20)}
    assert set(paths(data)) == names
    assert len(data) == 60
    for number in range(20):
        assert set(said(data, f"shared{number}")) == {"said by left", "said by right"}
    assert count_edits(Store(ws)) == 80


def count_edits(store: Store) -> int:
    with store.engine.connect() as connection:
        return connection.scalar(select(func.count()).select_from(edits)) or 0


def test_older_version_knows_where_moved_files_lie_now(ws: Workspace, tmp_path: Path) -> None:
    (ws.root / "old.png").write_bytes(b"x")
    image = Image("a" * 64, 1, 1, "PNG", 1)
    store = Store(ws)
    store.record([Row(File("old.png", image.hash), image)])
    edit = store.data().version.edit
    (ws.root / "old.png").rename(ws.root / "new.png")
    store.record([Row(File("new.png", image.hash), image)])
    (then,) = store.data(edit).files
    assert then.path == "old.png"
    assert store.data(edit).path(then) == ws.root / "new.png"
