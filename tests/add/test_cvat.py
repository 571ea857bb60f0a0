"""CVAT's XML for images."""

from pathlib import Path

import pytest

from atarimae.add import add, entries
from atarimae.errors import UsageError
from atarimae.store import Store
from atarimae.types import Box


def write(folder: Path, *images: str) -> Path:
    path = folder / "annotations.xml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"<annotations><version>1.1</version>{''.join(images)}</annotations>", "utf-8")
    return path


def image(id: int, name: str, *shapes: str, more: str = "") -> str:
    size = 'width="32" height="24"'
    return f'<image id="{id}" name="{name}" {size} {more}>{"".join(shapes)}</image>'


def box(label: str, x0: object, y0: object, x1: object, y1: object, more: str = "") -> str:
    return f'<box label="{label}" xtl="{x0}" ytl="{y0}" xbr="{x1}" ybr="{y1}" {more}/>'


def test_boxes_tags_and_subsets(ws, tmp_path, paint):
    paint("set/images/写真/a.png", 1), paint("set/images/b.png", 2)
    write(
        tmp_path / "set",
        image(
            0,
            "写真/a.png",
            box("瓶", 1, 2, 3, 4.5),
            '<tag label="割れ"/>',
            more='subset="Validation"',
        ),
        image(1, "b.png"),
    )
    add(ws, [tmp_path / "set"])
    data = Store(ws).data()
    assert {Path(f.path).name: (f.split, data.classes(f)) for f in data.files} == {
        "a.png": ("val", ("瓶", "割れ")), "b.png": (None, ()),
    }  # fmt: skip
    labels = [one for file in data.files for one in data.labels.get(file.image, ())]
    assert [one.box for one in labels if one.kind == "box"] == [Box(1, 2, 3, 4.5)]


def test_pictures_of_a_project_lie_in_folders_of_subsets(tmp_path, paint):
    first = paint("set/images/Train/a.png", 1)
    second = paint("set/images/Validation/a.png", 2)
    write(
        tmp_path / "set",
        image(0, "a.png", more='subset="Train"'), image(1, "a.png", more='subset="Validation"'),
    )  # fmt: skip
    found = entries(tmp_path / "set").entries
    assert {one.path: one.split for one in found} == {str(first): "train", str(second): "val"}


def test_other_names_of_the_file_are_read_as_other_tools_write_them(tmp_path, paint):
    paint("set/data/a.png", 1), paint("set/images/b.png", 2)
    for name, picture in (("train", "a.png"), ("default", "b.png")):
        path = write(tmp_path / "set", image(0, picture, box("瓶", 1, 2, 3, 4)))
        path.rename(path.with_name(f"{name}.xml"))
    found = entries(tmp_path / "set").entries
    assert {Path(one.path).name: (one.split, one.labels) for one in found} == {
        "a.png": ("train", ("瓶",)), "b.png": (None, ("瓶",)),
    }  # fmt: skip
    (tmp_path / "set/val.xml").write_text("<annotations>")
    with pytest.raises(UsageError, match=r"val\.xml: .* is no XML"):
        entries(tmp_path / "set")


SHAPES = (
    box("r", 4, 4, 12, 8, 'rotation="90"'),
    box("e", 26, 4, 34, 8, 'rotation="90"'),
    '<polygon label="p" points="1,1;5.5,1;5,9"/>',
    '<polyline label="l" points="1,1;5,5"/>',
    '<points label="k" points="1,1"/>',
    '<ellipse label="o" cx="9" cy="9" rx="4" ry="2"/>',
    '<mask label="m" rle="1" left="2" top="3" width="4" height="5"/>',
    '<cuboid label="c"/>',
    '<box label="a" xtl="1" ytl="1" xbr="2" ybr="2"><attribute name="x">1</attribute></box>',
)
LEFT = {
    "outlines": 1, "lines": 1, "points": 1, "masks": 1, "others": 1, "attributes": 1,
}  # fmt: skip


def test_what_a_label_can_not_hold_is_counted(ws, tmp_path, paint):
    paint("a.png")
    file = write(tmp_path, image(0, "a.png", *SHAPES))
    report = add(ws, [file])
    assert report.left == LEFT
    data = Store(ws).data()
    assert data.classes(data.files[0]) == ("r", "e", "p", "l", "k", "o", "m", "c", "a")
    said = {o.value: o for o in data.labels[data.files[0].image] if o.box is not None}
    assert {name: label.box for name, label in said.items()} == {
        "r": Box(4, 4, 12, 8, 90), "e": Box(26, 4, 34, 8, 90), "p": Box(1, 1, 5.5, 9),
        "o": Box(5, 7, 13, 11), "m": Box(2, 3, 6, 8), "a": Box(1, 1, 2, 2),
    }  # fmt: skip
    assert said["p"].points == ((1, 1), (5.5, 1), (5, 9))


def test_a_text_is_the_attribute_of_a_shape_or_tag_that_is_labelled_so(ws, tmp_path, paint):
    paint("a.png")
    written = '<attribute name="text">獺祭\n二割三分</attribute>'
    shapes = (
        f'<box label="text" xtl="1" ytl="1" xbr="9" ybr="3" rotation="350">{written}</box>',
        '<box label="text" xtl="1" ytl="5" xbr="9" ybr="7"><attribute name="text"/></box>',
        f'<tag label="text">{written}</tag>',
        f'<box label="plate" xtl="1" ytl="1" xbr="9" ybr="3">{written}</box>',
    )
    report = add(ws, [write(tmp_path, image(0, "a.png", *shapes))])
    assert report.left == {"attributes": 1}  # of a plate it is an attribute
    data = Store(ws).data()
    assert data.classes(data.files[0]) == ("plate",)
    assert [(one.value, one.box) for one in data.said(data.files[0].image, "text")] == [
        ("獺祭\n二割三分", Box(1, 1, 9, 3, 350)), ("", Box(1, 5, 9, 7)), ("獺祭\n二割三分", None),
    ]  # fmt: skip


def test_a_video_is_told_to_be_exported_otherwise(tmp_path):
    with pytest.raises(UsageError, match=r"is of a video.*CVAT for images"):
        entries(write(tmp_path, '<track id="0" label="x"/>'))


def test_all_bad_shapes_are_reported_together(tmp_path, paint):
    paint("a.png")
    file = write(
        tmp_path,
        image(0, "a.png", box("x", 5, 5, 5, 9), box("x", "nan", 1, 5, 5)),
        image(0, "a.png", '<polygon label="p" points="1;2"/>', '<polygon label="p" points="1,1"/>'),
        '<image id="3"/>',
    )
    with pytest.raises(UsageError) as error:
        entries(file)
    said = str(error.value)
    assert "6 bad rows" in said
    for told in (
        "Two images have the same id 0.", "image 0, box 1: The box is empty",
        "image 0, box 2: The box's x0 is 'nan'", "image 0, polygon 1: Its points are '1;2'.",
        "image 0, polygon 2: The shape has 1 points.", "image 3: No file is named.",
    ):  # fmt: skip
        assert told in said
