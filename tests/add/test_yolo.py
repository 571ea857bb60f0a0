"""YOLO's folders: a text file a picture, in shares."""

from pathlib import Path

import pytest

from atarimae.add import add, entries
from atarimae.errors import UsageError
from atarimae.store import Store
from atarimae.types import Box


def write(root: Path, **texts: str) -> Path:
    for name, text in texts.items():
        path = root / name.replace("__", "/").replace("_txt", ".txt").replace("_yaml", ".yaml")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return root


def boxes(ws) -> list[tuple[str, Box]]:
    data = Store(ws).data()
    labels = [one for file in data.files for one in data.labels.get(file.image, ())]
    return [(one.value, one.box) for one in labels if one.kind == "box"]


def test_boxes_become_pixels_and_folders_splits(ws, tmp_path, paint):
    for name in ("train/a", "train/b", "val/c"):
        paint(f"set/images/{name}.png", ord(name[-1]))  # 32 × 24
    write(
        tmp_path / "set",
        data_yaml="path: .\ntrain: images/train\nval: images/val\nnames: {0: 瓶, 1: no}\n",
        labels__train__a_txt="0 0.5 0.5 0.25 0.5\n\n1 0.109375 .25 .15625 0.333333\n",
        labels__val__c_txt="1 .5 .5 1 1\n",
    )
    add(ws, [tmp_path / "set"])
    data = Store(ws).data()
    assert [(Path(f.path).name, f.split, data.classes(f)) for f in data.files] == [
        ("a.png", "train", ("瓶", "no")), ("b.png", "train", ()), ("c.png", "val", ("no",)),
    ]  # fmt: skip
    # .333333 × 24 is 7.999992: of as many digits as there are, the box that was meant comes out
    assert boxes(ws) == [
        ("瓶", Box(12, 6, 20, 18)), ("no", Box(1, 2, 6, 10)), ("no", Box(0, 0, 32, 24)),
    ]  # fmt: skip


def test_pictures_that_the_yaml_does_not_name_are_in_no_split(tmp_path, paint):
    paint("set/images/train/a.png", 1), paint("set/images/new/b.png", 2)
    write(tmp_path / "set", data_yaml="train: images/train\nnames: [瓶]\n")
    assert [e.split for e in entries(tmp_path / "set").entries] == ["train", None]


def test_darknet_lists_the_pictures_of_its_splits(tmp_path, paint):
    paint("set/obj_train_data/写真/a.png", 1), paint("set/obj_valid_data/b.png", 2)
    paint("set/c.png", 3)
    root = write(
        tmp_path / "set",
        obj_train_data__写真__a_txt="0 .5 .5 .5 .5\n",
        train_txt="data/obj_train_data/写真/a.png\n",
        valid_txt="data/obj_valid_data/b.png\n",
    )
    (root / "obj.names").write_text("瓶\n", encoding="utf-8")
    lists = "classes = 1\ntrain = data/train.txt\nvalid = data/valid.txt\ntest = data/test.txt\n"
    (root / "obj.data").write_text(f"{lists}names = data/obj.names\nbackup = backup/\n")
    found = entries(root).entries
    assert {Path(one.path).name: (one.split, one.labels) for one in found} == {
        "a.png": ("train", ("瓶",)), "b.png": ("val", ()), "c.png": (None, ()),
    }  # fmt: skip


def test_roboflow_and_lists_of_pictures(tmp_path, paint):
    paint("set/train/images/a.png", 1), paint("set/valid/images/b.png", 2)
    paint("set/test/images/c.png", 3)
    write(
        tmp_path / "set",
        data_yaml="train: ../train/images\nval: ../valid/images\ntest: test_txt.txt\nnames: [瓶]\n"
        .replace("test_txt.txt", "test.txt"),
        test_txt="./test/images/c.png\n",
        valid__labels__b_txt="0 .5 .5 .5 .5\n",
    )  # fmt: skip
    found = entries(tmp_path / "set").entries
    assert [(Path(e.path).name, e.split, e.labels) for e in found] == [
        ("a.png", "train", ()), ("b.png", "val", ("瓶",)), ("c.png", "test", ()),
    ]  # fmt: skip


def test_darknet_has_the_classes_in_a_list_and_the_labels_beside_the_pictures(tmp_path, paint):
    paint("set/a.png")
    write(tmp_path / "set", classes_txt="瓶\n箱\n", a_txt="1 .5 .5 .5 .5\n")
    (entry,) = entries(tmp_path / "set").entries
    assert (entry.labels, entry.shares) == (("箱",), (("箱", Box(0.25, 0.25, 0.75, 0.75)),))


def test_turned_boxes_and_outlines_go_in_and_keypoints_are_counted(ws, tmp_path, paint):
    paint("set/images/a.png")
    write(
        tmp_path / "set",
        data_yaml="kpt_shape: [1, 3]\nnames: [瓶]\n",
        labels__a_txt="0 0.5 0.25 0.75 0.5 0.5 0.75 0.25 0.5\n"  # a rhombus
        "0 .5 .25 .6875 .5 .5 .75 .3125 .5\n"  # a square of 32 × 24 px on its corner
        "0 0.1 0.1 0.2 0.1 0.2 0.5 0.1 0.5\n"  # upright: nothing is lost
        "0 .5 .5 .75 .75 .5 1\n"
        "0 .5 .5 .5 .5 .5 .5 2\n"
        "0 .5 .5 .5 .5 .9\n",
    )
    report = add(ws, [tmp_path / "set"])
    assert report.left == {"points": 1, "predictions": 1}
    assert [box for _, box in boxes(ws)] == [
        Box(8, 6, 24, 18), Box(11.757, 7.757, 20.243, 16.243, 45), Box(3.2, 2.4, 6.4, 12),
    ]  # fmt: skip
    data = Store(ws).data()
    assert [one.points for one in data.said(data.files[0].image, "polygon")] == [
        ((16, 6), (24, 12), (16, 18), (8, 12)), ((16, 12), (24, 18), (16, 24)),
    ]  # fmt: skip


def test_labels_without_a_picture_are_counted(ws, tmp_path, paint):
    paint("set/images/a.png")
    write(tmp_path / "set", data_yaml="names: [瓶]\n", labels__b_txt="0 .5 .5 .5 .5\n")
    assert add(ws, [tmp_path / "set"]).left == {"alone": 1}


def test_all_bad_lines_are_reported_together(tmp_path, paint):
    paint("set/images/a.png", 1), paint("set/images/b.png", 2)
    write(
        tmp_path / "set",
        data_yaml="names: [瓶, 箱]\n",
        labels__a_txt="7 .5 .5 .5 .5\n瓶 .5 .5 .5 .5\n0 .5 nan .5 .5\n0 .5 .5 0 .5\n0 .5 .5\n",
        labels__b_txt="0 .5 .5 .5 .5\n0 .1 .1 .2 .2 .3 .3 .4\n",
    )
    with pytest.raises(UsageError) as error:
        entries(tmp_path / "set")
    said = str(error.value)
    assert "6 bad rows" in said
    for told in (
        "a.txt line 1: Its class is '7'. data.yaml has 2 classes.",
        "a.txt line 2: Its class is '瓶'.",
        "a.txt line 3: Its number 3 is 'nan'. It needs a number.",
        "a.txt line 4: The box is empty: width 0, height 0.5.",
        "a.txt line 5: It has 2 numbers after the class.",
        "b.txt line 2: It has 7 numbers after the class.",
    ):
        assert told in said


@pytest.mark.parametrize(
    ("yaml", "found"),
    [
        ("train: x\n", "names no classes"),
        ("names: 3\n", "names no classes"),
        ("names: {a: b}\n", "names no classes"),
        ("names: [[a]]\n", r"Its class is \['a'\]"),
        ("names: [a\n", "is no YAML"),
        ("names: [a]\ntrain: nowhere\n", "names a place that is not there"),
    ],
)
def test_bad_settings_are_told(tmp_path, yaml, found):
    file = write(tmp_path, data_yaml=yaml) / "data.yaml"
    with pytest.raises(UsageError, match=found):
        entries(file, format="yolo")


def test_yaml_that_refers_to_itself_a_thousandfold_is_no_class(tmp_path):
    bomb = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
        f"{now}: &{now} [{','.join([f'*{before}'] * 9)}]\n"
        for before, now in zip("abcdefgh", "bcdefghi", strict=True)
    )
    file = write(tmp_path, data_yaml=bomb + "names: [*i]\n") / "data.yaml"
    with pytest.raises(UsageError, match="Its class is"):
        entries(file, format="yolo")
