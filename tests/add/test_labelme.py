"""labelme: a JSON a picture."""

import json
from pathlib import Path

import pytest

from atarimae.add import add, entries
from atarimae.errors import UsageError
from atarimae.store import Store
from atarimae.types import Box


def write(path: Path, name: object, *shapes: object, **more: object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"imagePath": name, "shapes": shapes, **more}), encoding="utf-8")
    return path


def shape(label: str, kind: str, *points: list[float], **more: object) -> dict[str, object]:
    return {"label": label, "shape_type": kind, "points": points, **more}


def test_rectangles_are_boxes_whichever_corner_was_first(ws, tmp_path, paint):
    paint("set/a.png", 1), paint("set/b.png", 2)
    write(
        tmp_path / "set/a.json", "a.png", shape("瓶", "rectangle", [12, 18], [2, 3]),
        flags={"割れ": True, "汚れ": False},
    )  # fmt: skip
    add(ws, [tmp_path / "set"])
    data = Store(ws).data()
    assert [data.classes(file) for file in data.files] == [("割れ", "瓶"), ()]
    boxes = [one.box for one in data.labels[data.files[0].image] if one.kind == "box"]
    assert boxes == [Box(2, 3, 12, 18)]


def test_other_shapes_are_counted_and_their_boxes_and_classes_go_in(ws, tmp_path, paint):
    paint("a.png")
    file = write(
        tmp_path / "a.json",
        "a.png",
        shape("p", "polygon", [1, 1], [5, 2], [3, 7]),
        shape("c", "circle", [10, 10], [13, 14]),
        shape("l", "line", [1, 1], [5, 5]),
        shape("t", "point", [1, 1]),
        shape("m", "mask", [2, 2], [6, 6], mask="iVBOR"),
        shape("r", "rectangle", [1, 1], [3, 3], description="獺祭"),
        shape("v", "rotation", [16, 2], [20, 5], [17, 9], [13, 6]),
        shape("text", "rectangle", [1, 9], [9, 12], description="獺祭"),
    )
    report = add(ws, [file])
    assert report.left == {"outlines": 1, "lines": 1, "points": 1, "masks": 1, "texts": 1}
    data = Store(ws).data()
    assert data.classes(data.files[0]) == ("p", "c", "l", "t", "m", "r", "v")
    said = {o.value: o for o in data.labels[data.files[0].image] if o.box is not None}
    assert said["p"].points == ((1, 1), (5, 2), (3, 7))
    assert {name: label.box for name, label in said.items()} == {
        "p": Box(1, 1, 5, 7), "c": Box(5, 5, 15, 15), "m": Box(2, 2, 6, 6), "r": Box(1, 1, 3, 3),
        "v": Box(14, 3, 19, 8, 36.87), "獺祭": Box(1, 9, 9, 12),
    }  # fmt: skip
    assert said["獺祭"].kind == "text"


def test_paths_of_windows_are_found(tmp_path, paint):
    picture = paint("set/写真/a.png")
    file = write(tmp_path / "set/json/a.json", r"..\写真\a.png")
    assert [entry.path for entry in entries(file).entries] == [str(picture)]


def test_all_bad_shapes_are_reported_together(tmp_path, paint):
    paint("set/a.png")
    write(
        tmp_path / "set/a.json", "a.png", shape("x", "rectangle", [1, 1]), "shape",
        shape("x", "rectangle", [1, 1], [1, 9]), shape("x", "polygon", [1, 1, 1], [2, 2]),
        {"label": "x"}, {"shape_type": "rectangle", "points": []},
    )  # fmt: skip
    write(tmp_path / "set/b.json", 7.5)
    (tmp_path / "set/c.json").write_text("{")
    with pytest.raises(UsageError) as error:
        entries(tmp_path / "set", format="labelme")
    said = str(error.value)
    assert "8 bad rows" in said
    for told in (
        "a.json shape 1: The shape has 1 points.", "a.json shape 2: Its content is 'shape'.",
        "a.json shape 3: The box around it is empty", "a.json shape 4: Its point is [1, 1, 1].",
        "a.json shape 5: Its list of points is None.", "a.json shape 6: Its label is None.",
        "b.json: Its imagePath is 7.5.", "c.json: ",
    ):  # fmt: skip
        assert told in said
