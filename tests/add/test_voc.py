"""Pascal VOC's folders: an XML a picture."""

from pathlib import Path

import pytest

from atarimae.add import add, entries
from atarimae.errors import UsageError
from atarimae.store import Store
from atarimae.types import Box


def write(path: Path, name: str, *objects: str, more: str = "") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    text = f"<annotation>{more}<filename>{name}</filename>{''.join(objects)}</annotation>"
    path.write_text(text, encoding="utf-8")
    return path


def thing(name: str, *sides: object) -> str:
    names = ("xmin", "ymin", "xmax", "ymax")
    corners = "".join(f"<{n}>{x}</{n}>" for n, x in zip(names, sides, strict=True))
    return f"<object><name>{name}</name><bndbox>{corners}</bndbox></object>"


def test_pictures_have_their_boxes_and_splits(ws, tmp_path, paint):
    for name in "abc":
        paint(f"VOC/JPEGImages/{name}.png", ord(name))
    write(
        tmp_path / "VOC/Annotations/a.xml",
        "a.png",
        thing("瓶", 1, 2, 12, 18.5),
        thing("箱", 0, 0, 5, 5),
    )
    write(tmp_path / "VOC/Annotations/b.xml", "b.png")
    for split, names in (("train", "a\n"), ("val", "b \nc\n"), ("trainval", "a\nb\nc\n")):
        path = tmp_path / f"VOC/ImageSets/Main/{split}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(names)
    paint("VOC/SegmentationClass/a.png", 9)  # a mask, and no picture of the set
    add(ws, [tmp_path / "VOC"])
    data = Store(ws).data()
    assert [(Path(f.path).name, f.split, data.classes(f)) for f in data.files] == [
        ("a.png", "train", ("瓶", "箱")), ("b.png", "val", ()), ("c.png", "val", ()),
    ]  # fmt: skip
    labels = data.labels[data.files[0].image]
    assert [one.box for one in labels if one.kind == "box"] == [
        Box(1, 2, 12, 18.5),
        Box(0, 0, 5, 5),
    ]


def test_the_picture_is_found_where_the_tool_had_it(tmp_path, paint):
    picture = paint("set/a.png")
    there = r"<path>C:\Users\me\set\a.png</path>"
    file = write(tmp_path / "set/a.xml", "", thing("瓶", 1, 1, 5, 5), more=there)
    assert [entry.path for entry in entries(file).entries] == [str(picture)]


def test_a_turned_box_and_an_outline_are_read(ws, tmp_path, paint):
    paint("set/a.png")
    sides = "<cx>16</cx><cy>12</cy><w>8</w><h>8</h><angle>0.7853981633974483</angle>"  # 45°
    write(
        tmp_path / "set/a.xml",
        "a.png",
        f"<object><name>瓶</name><robndbox>{sides}</robndbox></object>",
        "<object><name>箱</name><bndbox/><polygon><x1>1</x1><y1>2</y1><x2>9</x2><y2>2</y2>"
        "<x3>5</x3><y3>7.5</y3></polygon></object>",
    )
    assert add(ws, [tmp_path / "set"]).left == {}
    data = Store(ws).data()
    assert [(one.value, one.box) for one in data.said(data.files[0].image, "box")] == [
        ("瓶", Box(12, 8, 20, 16, 45))
    ]
    (outline,) = data.said(data.files[0].image, "polygon")
    assert (outline.value, outline.points) == ("箱", ((1, 2), (9, 2), (5, 7.5)))


def test_a_turned_box_goes_before_the_upright_one_around_it(ws, tmp_path, paint):
    paint("set/a.png")
    turned = "<robndbox><cx>16</cx><cy>12</cy><w>8</w><h>4</h><angle>1.5707963267948966</angle>"
    around = "<bndbox><xmin>14</xmin><ymin>8</ymin><xmax>18</xmax><ymax>16</ymax></bndbox>"
    both = f"<object><name>瓶</name>{around}{turned}</robndbox></object>"
    write(tmp_path / "set/a.xml", "a.png", both)
    add(ws, [tmp_path / "set"])
    data = Store(ws).data()
    assert [one.box for one in data.said(data.files[0].image, "box")] == [Box(12, 10, 20, 14, 90)]


def test_annotations_may_all_lie_in_folders(tmp_path, paint):
    picture = paint("VOC/JPEGImages/写真/a.png")
    write(tmp_path / "VOC/Annotations/写真/a.xml", "写真/a.png", thing("瓶", 1, 1, 5, 5))
    found = entries(tmp_path / "VOC").entries
    assert {one.path: one.labels for one in found if one.labels} == {str(picture): ("瓶",)}


def test_splits_of_pictures_in_folders_are_told_with_the_folder(ws, tmp_path, paint):
    for number, name in enumerate(("a", "写真/a", "写真/b", "c")):
        paint(f"VOC/JPEGImages/{name}.png", number)
    for name in ("a", "写真/a", "写真/b"):
        write(tmp_path / f"VOC/Annotations/{name}.xml", f"{name}.png")
    main = tmp_path / "VOC/ImageSets/Main"
    main.mkdir(parents=True)
    (main / "train.txt").write_text("写真/a\nc\n", encoding="utf-8")
    (main / "val.txt").write_text("a\n", encoding="utf-8")
    add(ws, [tmp_path / "VOC"])
    splits = {file.path.partition("JPEGImages/")[2]: file.split for file in Store(ws).data().files}
    assert splits == {"a.png": "val", "写真/a.png": "train", "写真/b.png": None, "c.png": "train"}


def test_all_bad_objects_are_reported_together(tmp_path, paint):
    paint("set/a.png", 1), paint("set/b.png", 2)
    write(
        tmp_path / "set/a.xml", "a.png", thing("瓶", 5, 5, 5, 9), thing("瓶", 1, 1, 5, "nan"),
        "<object><name>瓶</name></object>",
    )  # fmt: skip
    write(tmp_path / "set/b.xml", "", thing("瓶", 1, 1, 5, 5))
    (tmp_path / "set/c.xml").write_text("<annotation>")
    with pytest.raises(UsageError) as error:
        entries(tmp_path / "set")
    said = str(error.value)
    assert "5 bad rows" in said
    for told in (
        "a.xml object 1: The box is empty", "a.xml object 2: The box's y1 is 'nan'",
        "a.xml object 3: It has no bndbox.", "b.xml: No file is named.", "c.xml: ",
    ):  # fmt: skip
        assert told in said
