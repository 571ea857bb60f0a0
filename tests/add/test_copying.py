"""add --copy."""

import errno
import hashlib
import os
import shutil

import pytest

from atarimae.add import add
from atarimae.errors import AtarimaeError
from atarimae.store import Store


def test_copies_are_named_by_content_and_origin_and_stored(ws, tmp_path, paint):
    origin = paint("photos/sake/a.jpeg")
    add(ws, [tmp_path / "photos"], copy=True)
    data = Store(ws).data()
    (file,) = data.files
    place = hashlib.sha256(os.path.relpath(origin, ws.root).encode()).hexdigest()[:8]
    assert file.path == f"images/{file.image[:2]}/{file.image}-{place}.jpg"
    assert data.path(file).read_bytes() == origin.read_bytes()
    assert data.label(file) == "sake"


def test_copying_again_is_a_no_op(ws, tmp_path, paint):
    paint("stick/a.png")
    add(ws, [tmp_path / "stick"], copy=True)
    before = Store(ws).data()
    report = add(ws, [tmp_path / "stick"], copy=True)
    assert (report.added, report.present) == (0, 1)
    assert Store(ws).data() == before


def test_second_file_of_an_image_keeps_its_split_and_source_in_a_later_call_too(
    ws, tmp_path, paint
):
    paint("x.png", 1)
    paint("y.png", 1)
    for row in ("x.png,train,s1", "y.png,val,s2", "x.png,train,s1"):
        (tmp_path / "list.csv").write_text(f"file,label,split,source\n{row.replace(',', ',a,', 1)}")
        add(ws, [tmp_path / "list.csv"], copy=True)
    files = Store(ws).data().files
    assert sorted((file.split, file.source) for file in files) == [("train", "s1"), ("val", "s2")]
    assert len({file.image for file in files}) == 1


def test_duplicates_keep_a_copy_and_a_split_each(ws, tmp_path, paint):
    for split in ("train", "val"):
        paint(f"photos/{split}/sake/a.png", 1)
    assert add(ws, [tmp_path / "photos"], copy=True).added == 2
    data = Store(ws).data()
    assert sorted(file.split for file in data.files) == ["train", "val"]
    assert len({file.image for file in data.files}) == 1


def test_a_full_disk_records_nothing_and_leaves_no_half_copy(ws, tmp_path, paint, monkeypatch):
    paint("photos/a.png")

    def full(origin, copy):
        with open(copy, "wb") as file:
            file.write(b"half")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(shutil, "copyfile", full)
    with pytest.raises(AtarimaeError, match="No space left"):
        add(ws, [tmp_path / "photos"], copy=True)
    assert len(Store(ws).data()) == 0
    assert [path for path in ws.images.rglob("*") if path.is_file()] == []
