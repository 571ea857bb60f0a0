"""Folders as sources."""

import os
import unicodedata
from pathlib import Path

import pytest

from atarimae.add import add, entries
from atarimae.store import Store


def labels(folder: Path) -> dict[str, tuple[str, ...]]:
    return {Path(entry.path).name: entry.labels for entry in entries(folder).entries}


def test_label_is_the_name_of_the_first_folder_level(tmp_path, paint):
    paint("photos/dassai/1.png")
    paint("photos/dassai/old/2.png")
    paint("photos/kubota/3.png")
    paint("photos/4.png")
    assert labels(tmp_path / "photos") == {
        "1.png": ("dassai",), "2.png": ("dassai",), "3.png": ("kubota",), "4.png": (),
    }  # fmt: skip


def test_folders_named_train_and_val_are_splits_and_not_classes(tmp_path, paint):
    paint("photos/train/dassai/1.png")
    paint("photos/val/kubota/2.png")
    found = entries(tmp_path / "photos").entries
    assert [(e.split, e.labels, e.given) for e in found] == [
        ("train", ("dassai",), {"split"}),
        ("val", ("kubota",), {"split"}),
    ]


def test_a_class_named_train_beside_others_is_a_class(tmp_path, paint):
    paint("photos/train/1.png")
    paint("photos/ship/2.png")
    assert labels(tmp_path / "photos") == {"1.png": ("train",), "2.png": ("ship",)}


def test_hidden_files_are_passed_over_and_other_files_counted(tmp_path, paint):
    folder = paint("photos/a/1.png").parent
    for hidden in (".DS_Store", "Thumbs.db", ".1.png.swp", "__MACOSX/1.png", ".git/2.png"):
        (folder / hidden).parent.mkdir(exist_ok=True)
        (folder / hidden).write_bytes(b"x")
    (folder / "notes.txt").write_text("x")
    (folder / "labels.csv").write_text("x")
    found = entries(tmp_path / "photos")
    assert [Path(e.path).name for e in found.entries] == ["1.png"]
    assert (found.ignored, found.refused) == (2, ())


def test_links_in_a_circle_end(tmp_path, paint):
    folder = paint("photos/a/1.png").parent
    (folder / "again").symlink_to(tmp_path / "photos", target_is_directory=True)
    (folder / "self.png").symlink_to(folder / "self.png")
    assert sorted(labels(tmp_path / "photos")) == ["1.png", "self.png"]


def test_a_folder_reached_by_a_link_holds_the_same_files(ws, tmp_path, paint):
    paint("photos/a/1.png")
    (tmp_path / "link").symlink_to(tmp_path / "photos", target_is_directory=True)
    add(ws, [tmp_path / "photos"])
    assert add(ws, [tmp_path / "link"]).present == 1
    assert [file.path for file in Store(ws).data().files] == ["../photos/a/1.png"]


def test_the_workspaces_own_pictures_are_not_added(ws, tmp_path, paint):
    paint("ws/images/mine.png", 1)
    paint("photos/a.png", 2)
    add(ws, [tmp_path / "photos"], copy=True)
    paint("ws/cache/c.png", 3)
    paint("ws/runs/r/r.png", 4)
    assert labels(ws.root) == {"mine.png": ("images",)}


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_japanese_and_emoji_names_become_composed_labels(ws, tmp_path, paint, form):
    for number, name in enumerate(["獺祭 ガラス", "🍶", "ぱ"]):
        paint(f"photos/{unicodedata.normalize(form, name)}/写真🗻.png", number)
    assert add(ws, [tmp_path / "photos"]).added == 3
    data = Store(ws).data()
    assert data.class_names == ("ぱ", "獺祭 ガラス", "🍶")
    assert all(data.path(file).exists() for file in data.files)


def test_a_name_that_is_not_utf8_is_refused_and_the_rest_goes_in(ws, tmp_path, paint):
    good = paint("photos/good.png")
    os.rename(good, os.fsencode(good.parent) + b"/\x8e\xca.png")
    paint("photos/good.png", 1)
    report = add(ws, [tmp_path / "photos"])
    assert report.added == 1
    assert report.refused[0].found == "Its name is not UTF-8."
