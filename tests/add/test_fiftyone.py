"""FiftyOne's data sets on the disk."""

import json
from pathlib import Path

import pytest

from atarimae.add import add, entries
from atarimae.errors import UsageError
from atarimae.store import Store
from atarimae.types import Box


def write(folder: Path, *samples: object) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "metadata.json").write_text('{"media_type": "image"}')
    (folder / "samples.json").write_text(json.dumps({"samples": samples}), encoding="utf-8")
    return folder


def detection(label: str | None, *box: float, **more: object) -> dict[str, object]:
    return {"_id": {"$oid": "1"}, "_cls": "Detection", "label": label, "bounding_box": box, **more}


def test_classes_boxes_and_tags(ws, tmp_path, paint):
    paint("set/data/a.png")
    write(tmp_path / "set", {
        "_id": {"$oid": "0"}, "filepath": "data/a.png", "tags": ["good", "validation"],
        "metadata": {"_cls": "ImageMetadata", "width": 32, "height": 24},
        "weather": {"_cls": "Classification", "label": "雨"},
        "kinds": {"_cls": "Classifications", "classifications": [{"label": "瓶"}]},
        "ground_truth": {"_cls": "Detections", "detections": [
            detection("箱", 0.25, 0.5, 0.5, 0.25), detection(None, 0, 0, 1, 1),
        ]},
    })  # fmt: skip
    report = add(ws, [tmp_path / "set"])
    assert (report.left, [*report.formats.values()]) == ({}, ["fiftyone"])
    data = Store(ws).data()
    (file,) = data.files
    assert (file.split, data.classes(file)) == ("val", ("雨", "瓶", "箱"))
    boxes = [(one.value, one.box) for one in data.labels[file.image] if one.kind == "box"]
    assert boxes == [("箱", Box(8, 12, 24, 18)), ("", Box(0, 0, 32, 24))]


def test_what_a_label_can_not_hold_is_counted(ws, tmp_path, paint):
    paint("a.png")
    square = [[[0.0, 0.0], [0.5, 0.0], [0.5, 0.5]]]
    write(tmp_path, {
        "filepath": "/home/them/a.png",  # where it lay; it is found by its name
        "found": {"_cls": "Detections", "detections": [detection("x", 0, 0, 1, 1, confidence=0.9)]},
        "mask": detection("m", 0, 0, 1, 1, mask={"$binary": {}}, attributes={"a": 1}),
        "shapes": {"_cls": "Polylines", "polylines": [
            {"label": "p", "points": square, "closed": True}, {"label": "l", "points": square},
            {"label": "two", "points": square * 2, "closed": True},
            {"label": "t", "points": [[[0.5, 0], [0.75, 0], [0.75, 1], [0.5, 1]]], "filled": True},
            {"label": "text", "points": square, "closed": True, "text": "獺祭"},
        ]},
        "points": {"_cls": "Keypoints", "keypoints": [{"label": "k", "points": [[0, 0]]}]},
        "pixels": {"_cls": "Segmentation", "mask": {}},
    })  # fmt: skip
    report = add(ws, [tmp_path])
    assert report.left == {
        "predictions": 1, "attributes": 1, "masks": 2, "outlines": 1, "lines": 1, "points": 1,
    }  # fmt: skip
    data = Store(ws).data()
    assert data.classes(data.files[0]) == ("m", "p", "l", "two", "t", "k")
    (image,) = data.images
    assert [(one.value, one.points) for one in data.said(image, "polygon")] == [
        ("p", ((0, 0), (16, 0), (16, 12)))
    ]
    assert {one.value: one.box for one in data.said(image, "box", "text")} == {
        "m": Box(0, 0, 32, 24), "two": Box(0, 0, 16, 12), "t": Box(16, 0, 24, 24),
        "獺祭": Box(0, 0, 16, 12),
    }  # fmt: skip


def test_all_bad_samples_are_reported_together(tmp_path, paint):
    paint("a.png")
    write(
        tmp_path,
        {"_id": {"$oid": "7"}, "filepath": "a.png", "x": detection("x", 0, 0, 0, 1)},
        {"_id": {"$oid": "7"}, "filepath": "a.png", "x": detection("x", 0, float("nan"), 1, 1)},
        {"filepath": ""},
        {"filepath": "a.png", "x": {"_cls": "Detections", "detections": 3}},
    )
    with pytest.raises(UsageError) as error:
        entries(tmp_path)
    said = str(error.value)
    assert "5 bad rows" in said
    for told in (
        "Two samples have the same id 7.", "sample 1, x: The box is empty",
        "sample 2, x: The box's y is 'nan'", "sample 3: No file is named.",
        "sample 4: Its detections is 3.",
    ):  # fmt: skip
        assert told in said
