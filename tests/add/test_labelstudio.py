"""Label Studio's tasks: boxes in percent, choices as classes."""

import json
from pathlib import Path

import pytest

from atarimae.add import add, entries
from atarimae.errors import UsageError
from atarimae.store import Store
from atarimae.types import Box


def write(tmp_path: Path, *tasks: object) -> Path:
    path = tmp_path / "tasks.json"
    path.write_text(json.dumps(tasks), encoding="utf-8")
    return path


def task(image: str, *results: object, **more: object) -> dict[str, object]:
    annotations = [{"id": 1, "result": results, **more}]
    return {"data": {"image": image}, "annotations": annotations, "predictions": []}


def region(kind: str, id: str = "r", size: tuple[int, int] = (32, 24), **value: object) -> object:
    width, height = size
    return {
        "id": id, "type": kind, "original_width": width, "original_height": height,
        "image_rotation": 0, "value": value,
    }  # fmt: skip


def choices(*names: str) -> object:
    return {"type": "choices", "value": {"choices": names}}


def boxes(ws) -> list[tuple[str, Box]]:
    data = Store(ws).data()
    labels = data.labels[data.files[0].image]
    return [(one.value, one.box) for one in labels if one.kind == "box"]


def test_percent_become_pixels_and_choices_classes(ws, tmp_path, paint):
    paint("a.png")
    box = region(
        "rectanglelabels", x=25, y=50, width=50, height=25, rotation=0, rectanglelabels=["瓶"]
    )
    add(ws, [write(tmp_path, task("a.png", choices("割れ", "汚れ"), box))])
    data = Store(ws).data()
    assert data.classes(data.files[0]) == ("割れ", "汚れ", "瓶")
    assert boxes(ws) == [("瓶", Box(8, 12, 24, 18))]


def test_a_box_may_have_its_classes_in_a_second_result_or_none(ws, tmp_path, paint):
    paint("a.png")
    add(ws, [write(tmp_path, task(
        "a.png",
        region("rectangle", "1", x=0, y=0, width=50, height=50),
        region("labels", "1", x=0, y=0, width=50, height=50, labels=["瓶", "箱"]),
        region("rectangle", "2", x=50, y=50, width=50, height=50),
    ))])  # fmt: skip
    assert boxes(ws) == [
        ("瓶", Box(0, 0, 16, 12)), ("箱", Box(0, 0, 16, 12)), ("", Box(16, 12, 32, 24)),
    ]  # fmt: skip


def test_a_box_turns_about_its_upper_left_corner_in_pixels(ws, tmp_path, paint):
    paint("a.png")
    turned = region(
        "rectanglelabels", x=50, y=25, width=25, height=25, rotation=90, rectanglelabels=["瓶"]
    )
    report = add(ws, [write(tmp_path, task("a.png", turned))])
    assert report.left == {}
    # 8 × 6 px at 16, 6; turned by 90° clockwise it hangs to the left of that corner
    assert boxes(ws) == [("瓶", Box(9, 7, 17, 13, 90))]


def test_a_text_is_written_in_a_region_of_the_same_id_or_in_the_whole_picture(ws, tmp_path, paint):
    paint("a.png")
    where = {"x": 0, "y": 0, "width": 50, "height": 25, "rotation": 0}
    report = add(ws, [write(tmp_path, task(
        "a.png",
        region("rectangle", "1", **where),
        region("labels", "1", **where, labels=["Handwriting"]),
        region("textarea", "1", **where, text=["獺祭", "二割三分"]),
        region("textarea", "2", text=["店"]),
    ))])  # fmt: skip
    assert report.left == {"attributes": 1}  # a text has no class
    data = Store(ws).data()
    assert [(one.value, one.box) for one in data.said(data.files[0].image, "text")] == [
        ("獺祭\n二割三分", Box(0, 0, 16, 6)), ("店", None),
    ]  # fmt: skip
    assert data.classes(data.files[0]) == ()


def test_what_a_label_can_not_hold_is_counted(ws, tmp_path, paint):
    paint("a.png")
    one = task(
        "a.png",
        region("polygonlabels", points=[[0, 0], [50, 0], [50, 50]], polygonlabels=["p"]),
        region("ellipselabels", x=50, y=50, radiusX=25, radiusY=25, ellipselabels=["e"]),
        region("brushlabels", format="rle", rle=[1], brushlabels=["m"]),
        region("keypointlabels", x=5, y=5, width=1, keypointlabels=["k"]),
        region("choices", x=5, y=5, width=1, height=1, choices=["ok"]),
        region("textarea", "9", text=["獺祭"]),
        {"type": "relation", "from_id": "a", "to_id": "b"},
        completed_by=3,
    )
    one["annotations"].append({"result": [choices("x")], "was_cancelled": True})
    one["predictions"] = [{"model_version": "1", "result": [choices("y"), choices("z")]}]
    report = add(ws, [write(tmp_path, one)])
    assert report.left == {
        "predictions": 2, "authors": 1, "cancelled": 1, "outlines": 1, "masks": 1, "points": 1,
        "attributes": 1, "others": 1,
    }  # fmt: skip
    data = Store(ws).data()
    assert data.classes(data.files[0]) == ("p", "e", "m", "k")
    assert boxes(ws) == [("e", Box(8, 6, 24, 18))]
    (outline,) = data.said(data.files[0].image, "polygon")
    assert (outline.value, outline.points) == ("p", ((0, 0), (16, 0), (16, 12)))
    assert [one.value for one in data.said(data.files[0].image, "text")] == ["獺祭"]


@pytest.mark.parametrize(
    "named",
    [
        "/data/local-files/?d=写真/a%20b.png",
        "/data/upload/1/0123abcd-a b.png",
        "/data/upload/1/0123abcd-a%20b.png",
        "https://example.org/1/a%20b.png",
        "s3://bucket/写真/a b.png",
        "写真/a b.png",
    ],
)
def test_the_picture_is_found_by_what_the_server_calls_it(tmp_path, paint, named):
    picture = paint("写真/a b.png")
    found = entries(tmp_path / "写真", labels=write(tmp_path, task(named, choices("瓶"))))
    assert {entry.path: entry.labels for entry in found.entries} == {str(picture): ("瓶",)}


def test_all_bad_results_are_reported_together(tmp_path, paint):
    paint("a.png")
    bad = [
        region("rectanglelabels", "1", x=0, y=0, width=0, height=5, rectanglelabels=["x"]),
        region(
            "rectanglelabels", "2", x=0, y=0, width=5, height=5, rotation="x", rectanglelabels=["x"]
        ),
        region("rectanglelabels", "3", x=0, y=0, width=5, height=5, rectanglelabels=[["x"]]),
        region(
            "rectanglelabels",
            "4",
            (0, 0),
            x=0,
            y=0,
            width=5,
            height=5,
            rotation=9,
            rectanglelabels=["x"],
        ),
        {"id": "5", "type": "rectangle"},
    ]
    tasks = [{"id": 7, **task("a.png", *bad)}, {"id": 7, **task("a.png")}, {"id": 8, "data": {}}, 9]
    with pytest.raises(UsageError) as error:
        entries(write(tmp_path, *tasks))
    said = str(error.value)
    assert "8 bad rows" in said
    for told in (
        "Two tasks have the same id 7.", "task 7, result 1: The box is empty",
        "task 7, result 2: Its rotation is 'x'.", "task 7, result 3: Its rectanglelabels is ['x'].",
        "task 7, result 4: Its original_width and original_height are none.",
        "task 7, result 5: Its value is None.", "task 8: Its data name no picture.",
        "task 4: Its content is 9.",
    ):  # fmt: skip
        assert told in said
