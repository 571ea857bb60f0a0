"""Boxes come in with tables: in pixels after EXIF rotation, and inside their pictures."""

from pathlib import Path

import pytest
from PIL import Image

from atarimae.add import add, entries, load, read_table
from atarimae.errors import UsageError
from atarimae.store import Store
from atarimae.types import Box, Label


def table(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "boxes.csv"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("columns", "cells"),
    [
        ("x0,y0,x1,y1", "2,3,12,18"),
        ("x1,y1,x2,y2", "2,3,12,18"),
        ("XMin,YMin,XMax,YMax", "2,3,12,18"),
        ("x,y,w,h", "2,3,10,15"),
        ("x,y,width,height", "2,3,10,15.0"),
    ],
)
def test_the_usual_columns_are_known(tmp_path, paint, columns, cells):
    paint("a.png")
    (entry,) = read_table(table(tmp_path, f"file,label,{columns}\na.png,瓶,{cells}\n"))
    assert (entry.labels, entry.boxes) == (("瓶",), (("瓶", Box(2, 3, 12, 18)),))


def test_width_and_height_of_the_picture_are_no_box(tmp_path, paint):
    paint("a.png")
    (entry,) = read_table(table(tmp_path, "file,label,width,height\na.png,瓶,32,24\n"))
    assert entry.boxes == ()


def test_a_picture_may_have_several_boxes_and_a_row_none(ws, tmp_path, paint):
    paint("a.png", 1), paint("b.png", 2)
    rows = "a.png,瓶,1,1,9,9\na.png,,10,10,20,20\nb.png,箱,,,,\n"
    add(ws, [table(tmp_path, "file,label,x0,y0,x1,y1\n" + rows)])
    data = Store(ws).data()
    first, second = data.files
    assert [(label.kind, label.value, label.box) for label in data.labels[first.image]] == [
        ("class", "瓶", None), ("box", "瓶", Box(1, 1, 9, 9)), ("box", "", Box(10, 10, 20, 20)),
    ]  # fmt: skip
    assert data.classes(first) == ("瓶",)
    assert [label.kind for label in data.labels[second.image]] == ["class"]


def test_adding_boxes_again_is_no_edit(ws, tmp_path, paint):
    paint("a.png")
    source = table(tmp_path, "file,label,x0,y0,x1,y1\na.png,瓶,1,1,9,9\n")
    add(ws, [source])
    add(ws, [source])
    assert len(Store(ws).edits()) == 1


def test_bad_boxes_are_reported_with_the_other_bad_rows(tmp_path):
    rows = [
        "file,label,split,xmin,ymin,xmax,ymax",
        "a.png,x,,1,1,nan,9",
        "b.png,x,,1,1,,9",
        "c.png,x,,9,1,9,9",
        "d.png,x,vla,1,1,9,9",
        "e.png,x,,1,1,9,inf",
        "f.png,x,,1,1,9,9",
    ]
    with pytest.raises(UsageError) as error:
        read_table(table(tmp_path, "\n".join(rows)))
    said = str(error.value)
    assert "5 bad rows" in said
    assert "line 2: The box's xmax is 'nan'. It needs a number." in said
    assert "line 3: The box's xmax is ''." in said
    assert "line 4: The box is empty: xmin 9, ymin 1, xmax 9, ymax 9." in said
    assert "line 5: No split 'vla'" in said


def test_boxes_outside_their_pictures_are_reported_together_and_nothing_is_added(
    ws, tmp_path, paint
):
    for name in "abc":
        paint(f"{name}.png", ord(name))  # 32 × 24
    rows = "a.png,x,1,1,9,9\nb.png,x,1,1,40,9\nc.png,x,-5,1,9,9\nc.png,x,50,50,60,60\n"
    with pytest.raises(UsageError) as error:
        add(ws, [table(tmp_path, "file,label,x0,y0,x1,y1\n" + rows)], copy=True)
    said = str(error.value)
    assert "3 of the labels can't be said of their pictures" in said
    assert "b.png: The box 1, 1, 40, 9 reaches outside the picture. That has 32 × 24 px" in said
    assert "c.png: The box 50, 50, 60, 60 reaches outside" in said
    assert len(Store(ws).data()) == 0
    assert not ws.images.exists()  # nothing was copied either


def test_a_box_that_is_rounded_over_the_edge_is_cut_there(ws, tmp_path, paint):
    paint("a.png")
    add(ws, [table(tmp_path, "file,label,x0,y0,x1,y1\na.png,x,-0.4,0,32.6,24\n")])
    data = Store(ws).data()
    assert data.labels[data.files[0].image][1].box == Box(0, 0, 32, 24)


def test_pixels_are_those_after_exif_rotation(ws, tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6  # stored lying on its side: shown, it is 20 wide and 40 high
    Image.new("RGB", (40, 20)).save(tmp_path / "a.jpg", exif=exif)
    source = table(tmp_path, "file,label,x0,y0,x1,y1\na.jpg,x,0,0,20,40\n")
    add(ws, [source])
    source.write_text("file,label,x0,y0,x1,y1\na.jpg,x,0,0,40,20\n")
    with pytest.raises(UsageError, match="20 × 40 px after EXIF"):
        add(ws, [source])


@pytest.mark.parametrize(
    ("columns", "found"),
    [
        ("x0,y0,x1", "It has x0,y0,x1, and no column 'y1'"),
        ("xmin,ymin,xmax,ymax,x,y,w,h", "told twice, by xmin,ymin,xmax,ymax and x,y,w,h"),
    ],
)
def test_columns_that_make_no_box_are_wrong_usage(tmp_path, columns, found):
    with pytest.raises(UsageError, match=found):
        read_table(table(tmp_path, f"file,label,{columns}\n"))


def test_boxes_are_there_without_a_store_too(tmp_path, paint):
    paint("a.png")
    source = table(tmp_path, "file,label,x0,y0,x1,y1\na.png,x,1,1,9,9\na.png,x,2,2,9,9\n")
    data, refused = load(entries(source).entries, tmp_path)
    image = data.files[0].image
    assert not refused
    assert data.labels[image] == (
        Label(image, "x"),
        Label(image, "x", "box", Box(1, 1, 9, 9)),
        Label(image, "x", "box", Box(2, 2, 9, 9)),
    )
