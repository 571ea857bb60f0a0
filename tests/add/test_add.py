"""Adding, adding again, and what the store then holds."""

import hashlib
import os
import shutil
from pathlib import Path

import pytest

from atarimae.add import add, entries, load
from atarimae.errors import AtarimaeError, UsageError
from atarimae.parallel import _processes
from atarimae.store import Store
from atarimae.store.content import content_hash


def test_adding_again_is_a_no_op(ws, tmp_path, paint):
    for number in range(3):
        paint(f"photos/a/{number}.png", number)
    assert add(ws, [tmp_path / "photos"]).added == 3
    before = Store(ws).data()
    report = add(ws, [tmp_path / "photos"])
    assert (report.added, report.present, report.changed) == (0, 3, 0)
    assert Store(ws).data() == before


def test_a_known_content_is_not_decoded_again(ws, tmp_path, paint, monkeypatch):
    paint("photos/a.png")
    add(ws, [tmp_path / "photos"])
    monkeypatch.setattr("PIL.ImageFile.ImageFile.load", lambda *_: pytest.fail("decoded"))
    assert add(ws, [tmp_path / "photos"]).present == 1


def test_a_moved_file_is_recognised_and_keeps_what_was_known(ws, tmp_path, paint):
    paint("photos/sake/a.png")
    add(ws, [tmp_path / "photos"])
    shutil.move(tmp_path / "photos/sake/a.png", tmp_path / "photos/b.png")
    report = add(ws, [tmp_path / "photos"])
    assert (report.added, report.moved, report.present) == (0, 1, 1)
    data = Store(ws).data()
    assert [(f.path, data.label(f)) for f in data.files] == [("../photos/b.png", "sake")]


def test_a_file_with_new_content_is_changed(ws, tmp_path, paint):
    paint("photos/a.png", 1)
    add(ws, [tmp_path / "photos"])
    paint("photos/a.png", 2)
    report = add(ws, [tmp_path / "photos"])
    assert (report.added, report.changed, report.present) == (0, 1, 1)


def test_the_same_content_twice_is_two_files_of_one_image(ws, tmp_path, paint):
    for split in ("train", "val"):
        paint(f"photos/{split}/sake/a.png", 1)
    assert add(ws, [tmp_path / "photos"]).added == 2
    data = Store(ws).data()
    assert [file.split for file in data.files] == ["train", "val"]
    assert len(data.images) == 1


def test_what_rows_state_is_honoured_and_updated(ws, tmp_path, paint):
    paint("a.png")
    table = tmp_path / "t.csv"
    table.write_text("file,label,split,role,group,source\na.png,x,val,query,g,camera\n")
    add(ws, [table])
    table.write_text("file,label,split,role\na.png,x,test,\n")
    report = add(ws, [table])
    assert (report.changed, report.present) == (1, 1)
    (file,) = Store(ws).data().files
    assert (file.split, file.role, file.group, file.source) == ("test", "query", "g", "camera")


def test_a_class_with_one_image_is_added(ws, tmp_path, paint):
    paint("photos/lonely/a.png")
    assert add(ws, [tmp_path / "photos"]).added == 1
    assert Store(ws).data().class_names == ("lonely",)


def test_paths_are_relative_to_the_workspace(ws, tmp_path, paint, monkeypatch):
    paint("ws/photos/a.png")
    monkeypatch.chdir(tmp_path)
    add(ws, [Path("ws/photos")])
    assert [file.path for file in Store(ws).data().files] == ["photos/a.png"]


def test_a_single_picture_is_a_source(ws, paint):
    assert add(ws, [paint("a.png")]).added == 1


@pytest.mark.parametrize("name", ["nothing", "notes.txt"])
def test_a_source_that_is_nothing_of_the_kind_is_wrong_usage(ws, tmp_path, name):
    (tmp_path / "notes.txt").write_text("x")
    with pytest.raises(UsageError, match="Nothing to add"):
        add(ws, [tmp_path / name])


def test_progress_ends_at_the_number_of_files(ws, tmp_path, paint):
    for number in range(20):
        paint(f"photos/{number}.png", number)
    told = []
    add(ws, [tmp_path / "photos"], progress=lambda done, total, note="": told.append((done, total)))
    assert told == [(done, 20) for done in range(1, 21)]


def test_many_files_are_read_in_processes_and_keep_their_order(ws, tmp_path, paint):
    for number in range(150):
        paint(f"photos/{number:03}.png", number)
    (tmp_path / "photos/077.png").write_bytes(b"")
    report = add(ws, [tmp_path / "photos"])
    assert (report.added, [r.file for r in report.refused]) == (149, ["../photos/077.png"])
    data, _ = load(entries(tmp_path / "photos").entries, ws.root)
    assert [file.path for file in data.files] == sorted(file.path for file in data.files)
    assert {f.path: f.image for f in Store(ws).data().files} == {
        f"../photos/{path.name}": hashlib.sha256(path.read_bytes()).hexdigest()
        for path in (tmp_path / "photos").iterdir()
        if path.name != "077.png"
    }


def test_a_reading_process_that_dies_is_an_error_and_not_a_wait():
    with pytest.raises(AtarimaeError, match=r"has died.*exit code is 7"):
        list(_processes(lambda chunk: os._exit(7) if chunk == 3 else chunk, range(6), 2))


def test_load_gives_the_data_that_the_store_would(ws, tmp_path, paint):
    paint("photos/sake/a.png", 1)
    paint("photos/wine/b.png", 2)
    add(ws, [tmp_path / "photos"])
    stored = Store(ws).data()
    data, refused = load(entries(tmp_path / "photos").entries, ws.root)
    assert (data.files, data.images, refused) == (stored.files, stored.images, [])
    assert [data.classes(file) for file in data.files] == [("sake",), ("wine",)]
    assert (data.version.edit, data.version.hash) == (0, content_hash(data.files, data.labels))
