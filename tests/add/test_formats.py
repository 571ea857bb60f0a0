"""Which format a file or folder is in is told by its content; broken files are told as such."""

import json
import os
from pathlib import Path

import pytest

from atarimae.add import add, entries
from atarimae.add.place import Place
from atarimae.errors import UsageError
from atarimae.store import Store

COCO = {"images": [{"id": 1, "file_name": "a.png"}], "annotations": [], "categories": []}
LABELME = {"shapes": [], "imagePath": "a.png", "flags": {}}
TASKS = [{"id": 1, "data": {"image": "a.png"}, "annotations": []}]
VOC = "<annotation><filename>a.png</filename></annotation>"
CVAT = '<annotations><version>1.1</version><image id="0" name="a.png"/></annotations>'
FILES = {
    "coco": ("x.json", json.dumps(COCO)),
    "labelme": ("a.json", json.dumps(LABELME)),
    "labelstudio": ("x.json", json.dumps(TASKS)),
    "voc": ("a.xml", VOC),
    "cvat": ("annotations.xml", CVAT),
    "yolo": ("data.yaml", "names: [瓶]\n"),
    "csv": ("x.csv", "file,label\na.png,\n"),
}


def write(folder: Path, name: str, text: str, encoding: str = "utf-8") -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode(encoding))
    return path


@pytest.mark.parametrize("name", FILES)
def test_a_file_is_told_by_its_content(tmp_path, paint, name):
    picture = paint("写真/a.png")
    file = write(picture.parent, *FILES[name])
    found = entries(file)
    assert [entry.path for entry in found.entries] == [str(picture)]
    assert found.formats == {str(file): name}


@pytest.mark.parametrize("name", sorted(FILES.keys() - {"csv"}))
def test_a_folder_is_told_by_what_lies_in_it(tmp_path, paint, name):
    picture = paint("写真/a.png")
    write(picture.parent, *FILES[name])
    found = entries(picture.parent)
    assert [entry.path for entry in found.entries] == [str(picture)]
    assert found.formats == {str(picture.parent): name}


def test_other_files_leave_a_folder_of_classes_what_it_is(tmp_path, paint):
    paint("photos/瓶/a.png")
    write(tmp_path / "photos", "瓶/a.json", '{"exif": 1}')
    write(tmp_path / "photos", "labels.csv", "file,label\na.png,x\n")
    write(tmp_path / "photos", "x.xml", "<a/>")
    write(tmp_path / "photos", "x.yaml", "a: 1")
    (entry,) = entries(tmp_path / "photos").entries
    assert entry.labels == ("瓶",)


@pytest.mark.parametrize("name", sorted(FILES.keys() - {"csv"}))
@pytest.mark.parametrize("text", ["", "half"])
def test_a_folder_whose_labels_are_broken_is_no_folder_of_classes(tmp_path, paint, name, text):
    paint("set/images/a.png")
    file, whole = FILES[name]
    # A YAML that is cut off in a list is none; the others are cut in the middle.
    write(tmp_path / "set", file, whole[: 9 if name == "yolo" else len(whole) // 2] if text else "")
    with pytest.raises(UsageError, match=f"may hold labels that can't be read.*{file}: ") as error:
        entries(tmp_path / "set")
    assert "add the folder with --format folder" in error.value.fix
    assert entries(tmp_path / "set", format="folder").entries[0].labels == ("images",)


def test_a_pipe_among_the_files_is_not_waited_for(tmp_path, paint):
    paint("set/瓶/a.png")
    os.mkfifo(tmp_path / "set/labels.json")
    assert Place(tmp_path / "set").named(".json") == []
    assert entries(tmp_path / "set").entries[0].labels == ("瓶",)


@pytest.mark.parametrize("name", ["coco", "labelstudio"])
def test_a_broken_file_beside_whole_ones_is_not_passed_over(tmp_path, paint, name):
    paint("set/a.png")
    write(tmp_path / "set", "val.json", FILES[name][1])
    write(tmp_path / "set", "train.json", FILES[name][1][:-5])
    with pytest.raises(UsageError, match=r"1 bad row[\s\S]*train.json: .*no JSON. Line 1"):
        entries(tmp_path / "set")


def test_a_yaml_with_splits_and_no_names_is_told_as_such(tmp_path, paint):
    paint("set/images/train/a.png")
    write(tmp_path / "set", "data.yaml", "train: images/train\nval: images/train\nnc: 1\n")
    with pytest.raises(UsageError, match=r"data\.yaml names no classes"):
        entries(tmp_path / "set")


def test_a_format_can_be_forced(tmp_path, paint):
    picture = paint("photos/瓶/a.png")
    write(tmp_path / "photos", "x.json", json.dumps(COCO))
    assert entries(tmp_path / "photos", format="folder").entries[0].labels == ("瓶",)
    with pytest.raises(UsageError, match=r"No format 'yolov8'.*Did you mean 'yolo'"):
        entries(picture.parent, format="yolov8")
    with pytest.raises(UsageError, match="is not CVAT's"):
        entries(write(tmp_path, "a.xml", VOC), format="cvat")


def test_a_file_that_nobody_knows_says_what_it_holds(tmp_path):
    with pytest.raises(UsageError, match="an object with a, b") as error:
        entries(write(tmp_path, "x.json", '{"a": 1, "b": 2}'))
    assert "There is coco, csv, cvat" in str(error.value)
    with pytest.raises(UsageError, match="Its root is 'html'"):
        entries(write(tmp_path, "x.xml", "<html/>"))


@pytest.mark.parametrize(
    ("name", "text", "found"),
    [
        ("x.json", '{"images": [', "no JSON. Line 1, column 13"),
        ("x.json", "[" * 100_000, "no JSON. Its values lie too deep"),
        ("x.json", "[" + "9" * 5000 + "]", "no JSON. Exceeds the limit"),
        ("x.xml", "<annotation><object></annotation>", "no XML. Line 1, column 23: mismatched tag"),
        ("x.xml", "", "no XML. Line 1, column 1: no element found"),
        ("x.xml", "<a>" * 101 + "</a>" * 101, "more than 100 deep"),
    ],
)
def test_broken_files_say_where(tmp_path, name, text, found):
    with pytest.raises(UsageError) as error:
        entries(write(tmp_path, name, text))
    assert found in str(error.value)


BOMB = (
    '<!DOCTYPE a [<!ENTITY x "haha"><!ENTITY y "&x;&x;&x;&x;">]>'
    "<annotation><filename>&y;</filename></annotation>"
)
OUTSIDE = (
    '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
    "<annotation><filename>&x;</filename></annotation>"
)


@pytest.mark.parametrize("text", [BOMB, OUTSIDE])
def test_entities_are_refused(tmp_path, text):
    with pytest.raises(UsageError, match="has a document type"):
        entries(write(tmp_path, "a.xml", text))


@pytest.mark.parametrize("name", ["coco", "labelme", "labelstudio", "voc", "cvat", "yolo"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp932", "utf-16"])
def test_encodings_are_told_apart(tmp_path, paint, name, encoding):
    picture = paint("写真/い.png")
    file, text = FILES[name]
    text = text.replace("a.png", "い.png").replace("\\u3044", "い")
    found = entries(write(picture.parent, file, text, encoding))
    assert [entry.path for entry in found.entries] == [str(picture)]


@pytest.mark.parametrize("name", ["voc", "labelme"])
def test_files_of_a_folder_may_differ_in_encoding_and_the_broken_one_is_named(
    tmp_path, paint, name
):
    suffix, text = Path(FILES[name][0]).suffix, FILES[name][1]
    for number, (stem, encoding) in enumerate(
        {"い": "cp932", "ろ": "utf-16", "は": "utf-8"}.items()
    ):
        paint(f"set/{stem}.png", number)
        write(tmp_path / "set", stem + suffix, text.replace("a.png", f"{stem}.png"), encoding)
    assert len(entries(tmp_path / "set").entries) == 3
    mixed = text.replace("a.png", "い.png").encode("cp932").replace(b".png", b"\x81\xff.png")
    (tmp_path / "set" / f"い{suffix}").write_bytes(mixed)
    with pytest.raises(UsageError, match=r"1 bad row[\s\S]*neither UTF-8 nor Shift-JIS"):
        entries(tmp_path / "set", format=name)


def test_an_xml_is_read_in_the_encoding_that_it_declares(tmp_path, paint):
    picture = paint("写真/い.png")
    text = '<?xml version="1.0" encoding="euc-jp"?>' + VOC.replace("a.png", "い.png")
    (entry,) = entries(write(picture.parent, "a.xml", text, "euc-jp")).entries
    assert entry.path == str(picture)


BOX = {
    "coco": lambda box: {
        "images": [{"id": 1, "file_name": "a.png"}],
        "annotations": [{"image_id": 1, "category_id": 1, "bbox": box}],
        "categories": [{"id": 1, "name": "瓶"}],
    },
    "labelme": lambda box: {
        **LABELME,
        "shapes": [
            {"label": "瓶", "shape_type": "rectangle",
             "points": [box[:2], [box[0] + box[2], box[1] + box[3]]]},
        ],
    },
    "labelstudio": lambda box: [
        {"id": 1, "data": {"image": "a.png"}, "annotations": [{"result": [{
            "type": "rectanglelabels", "original_width": 32, "original_height": 24,
            "value": {"x": box[0] / 0.32, "y": box[1] / 0.24,
                      "width": box[2] / 0.32, "height": box[3] / 0.24},
        }]}]},
    ],
}  # fmt: skip


@pytest.mark.parametrize("name", BOX)
def test_boxes_outside_their_pictures_are_refused_and_nothing_is_added(ws, tmp_path, paint, name):
    paint("a.png")  # 32 × 24
    file = write(tmp_path, FILES[name][0], json.dumps(BOX[name]([10, 10, 40, 10])))
    with pytest.raises(
        UsageError, match=r"1 of the labels can't be said of their pictures.*a\.png"
    ):
        add(ws, [file])
    assert len(Store(ws).data()) == 0
    file.write_text(json.dumps(BOX[name]([2, 2, 8, 8])))
    assert add(ws, [file]).added == 1


NUMBERS = {
    "coco": '{"images": [{"id": 1, "file_name": "a.png"}], "categories": [{"id": 1, "name": "x"}],'
    ' "annotations": [{"image_id": 1, "category_id": 1, "bbox": [HERE, 2, 8, 8]}]}',
    "labelme": '{"imagePath": "a.png", "shapes": [{"label": "x", "shape_type": "rectangle",'
    ' "points": [[HERE, 2], [8, 8]]}]}',
    "labelstudio": '[{"data": {"image": "a.png"}, "annotations": [{"result": [{"type": "rectangle",'
    ' "value": {"x": HERE, "y": 2, "width": 8, "height": 8}}]}]}]',
    "cvat": '<annotations><image name="a.png"><box label="x" xtl="HERE" ytl="2" xbr="8" ybr="8"/>'
    "</image></annotations>",
    "voc": "<annotation><filename>a.png</filename><object><name>x</name><bndbox><xmin>HERE</xmin>"
    "<ymin>2</ymin><xmax>8</xmax><ymax>8</ymax></bndbox></object></annotation>",
}


@pytest.mark.parametrize("name", NUMBERS)
@pytest.mark.parametrize("value", ["NaN", "Infinity", '"x"', "null", "true"])
def test_what_is_no_number_is_refused(tmp_path, paint, name, value):
    paint("a.png")
    value = value.replace('"', "") if FILES[name][0].endswith("xml") else value
    file = write(tmp_path, FILES[name][0], NUMBERS[name].replace("HERE", value))
    with pytest.raises(UsageError, match=r"1 bad row.*needs a number"):
        entries(file)
    file.write_text(NUMBERS[name].replace("HERE", "1"))
    assert len(entries(file).entries) == 1


def test_labels_of_a_folder_may_be_in_any_format(tmp_path, paint):
    first, second = paint("pool/a.png", 1), paint("pool/b.png", 2)
    file = write(tmp_path, "labels/a.xml", CVAT.replace("/></", '><tag label="瓶"/></image></'))
    found = entries(tmp_path / "pool", labels=file)
    assert {entry.path: entry.labels for entry in found.entries} == {
        str(first): ("瓶",), str(second): (),
    }  # fmt: skip
