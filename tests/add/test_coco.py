"""COCO files as sources, and as --labels."""

import json
from pathlib import Path

import pytest

from atarimae.add import add, entries
from atarimae.errors import UsageError
from atarimae.store import Store
from atarimae.types import Box

WHOLE = {
    "info": {"year": 2024},
    "categories": [{"id": 1, "name": "瓶"}, {"id": 7, "name": "箱"}],
    "images": [
        {"id": 3, "file_name": "写真/a.png", "width": 32, "height": 24},
        {"id": 4, "file_name": "写真/b.png", "width": 32, "height": 24},
    ],
    "annotations": [
        {"id": 1, "image_id": 3, "category_id": 1, "bbox": [2, 3, 10, 15.5], "iscrowd": 0},
        {"id": 2, "image_id": 3, "category_id": 7, "bbox": [0, 0, 5, 5]},
        {"id": 3, "image_id": 4, "category_id": 7},
    ],
}


def written(tmp_path: Path, **changes: object) -> Path:
    path = tmp_path / "instances.json"
    path.write_text(json.dumps({**WHOLE, **changes}), encoding="utf-8")
    return path


def test_images_have_their_categories_and_boxes(ws, tmp_path, paint):
    paint("写真/a.png", 1), paint("写真/b.png", 2)
    add(ws, [written(tmp_path)])
    data = Store(ws).data()
    first, second = data.files
    assert (data.classes(first), data.classes(second)) == (("瓶", "箱"), ("箱",))
    boxes = [(said.value, said.box) for said in data.labels[first.image] if said.kind == "box"]
    assert boxes == [("瓶", Box(2, 3, 12, 18.5)), ("箱", Box(0, 0, 5, 5))]


def test_a_file_alone_finds_its_pictures_beside_annotations(tmp_path, paint):
    first, second = paint("set/images/写真/a.png", 1), paint("set/val2017/写真/b.png", 2)
    path = tmp_path / "set/annotations/instances_val2017.json"
    path.parent.mkdir()
    path.write_text(json.dumps(WHOLE), encoding="utf-8")
    assert [one.path for one in entries(path).entries] == [str(first), str(second)]


def test_as_labels_of_a_folder(tmp_path, paint):
    file = paint("写真/a.png")
    found = entries(tmp_path / "写真", labels=written(tmp_path))
    assert {entry.path: entry.labels for entry in found.entries}[str(file)] == ("瓶", "箱")


def test_all_bad_annotations_are_reported_together(tmp_path, paint):
    bad = [
        {"id": 1, "image_id": 9, "category_id": 1, "bbox": [0, 0, 5, 5]},
        {"id": 2, "image_id": 3, "category_id": 2, "bbox": [0, 0, 5, 5]},
        {"id": 3, "image_id": 3, "category_id": 1, "bbox": [0, 0, 0, 5]},
        {"id": 4, "image_id": 3, "category_id": 1, "bbox": [0, 0, float("nan"), 5]},
        {"id": 5, "image_id": 3, "category_id": 1, "bbox": [0, 0, 5]},
        {"id": 6, "image_id": [3], "category_id": 1, "bbox": None},
    ]
    images = [*WHOLE["images"], {"id": 4}]
    with pytest.raises(UsageError) as error:
        entries(written(tmp_path, annotations=bad, images=images))
    said = str(error.value)
    assert "8 bad rows" in said
    for told in (
        "Two images have the same id", "annotation 1: Its image_id is 9.",
        "annotation 2: Its category_id is 2.", "annotation 3: The box is empty",
        "annotation 4: The box's w is 'nan'", "annotation 5: Its bbox is [0, 0, 5].",
        "annotation 6: Its image_id is [3].", "image 4: No file is named.",
    ):  # fmt: skip
        assert told in said


@pytest.mark.parametrize("changes", [{"images": {}}, {"annotations": [1]}, {"categories": None}])
def test_other_json_is_wrong_usage(tmp_path, changes):
    with pytest.raises(UsageError, match=r"is no COCO file.*no list of objects"):
        entries(written(tmp_path, **changes))


def test_classes_that_were_looked_for_are_said_as_lvis_says_it(ws, tmp_path, paint):
    paint("写真/a.png", 1), paint("写真/b.png", 2)
    first, second = WHOLE["images"]
    categories = [*WHOLE["categories"], {"id": 9, "name": "蓋 🍶"}]
    images = [
        {**first, "neg_category_ids": [9], "not_exhaustive_category_ids": [7]},
        {**second, "neg_category_ids": []},
    ]
    report = add(ws, [written(tmp_path, images=images, categories=categories)])
    data = Store(ws).data()
    a, b = data.files
    assert data.covered == {a.image: {"蓋 🍶", "瓶"}, b.image: {"箱"}}
    assert report.as_dict()["covered"] == 3


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({"neg_category_ids": [1]}, "have '瓶', which it has"),
        ({"neg_category_ids": [99]}, "neg_category_ids is 99"),
        ({"not_exhaustive_category_ids": 7}, "not_exhaustive_category_ids"),
    ],
)
def test_bad_lists_of_what_was_looked_for_are_told(ws, tmp_path, paint, said, told):
    paint("写真/a.png", 1), paint("写真/b.png", 2)
    first, second = WHOLE["images"]
    with pytest.raises(UsageError, match=told):
        add(ws, [written(tmp_path, images=[{**first, **said}, second])])
