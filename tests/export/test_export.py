"""The step and its command: versions, splits, copies, and what could not be carried."""

import json
import os
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pandas as pd
import pytest

import atarimae as at
from atarimae.cli import main
from atarimae.errors import AtarimaeError, UsageError
from atarimae.export import FORMATS, write
from atarimae.export.left import LEFT
from atarimae.export.placing import Names
from atarimae.store import Store
from atarimae.types import Box, File, Label

DOCS = Path(__file__).parents[2] / "docs" / "export.md"


@pytest.fixture
def ws(tmp_path, root, drawn) -> at.Workspace:
    """Two files; edit 2 says a box, edit 3 a model's class, edit 4 a text without a box."""
    made = at.init(tmp_path / "ws")
    first, second = (root / drawn[n][0] for n in (0, 1))
    table = pd.DataFrame(
        {"file": [str(first), str(second)], "label": ["瓶", None], "split": ["train", "val"],
         "group": ["g", None]}
    )  # fmt: skip
    made.add(table)
    store = Store(made.folder)
    image = drawn[0][1].hash
    store.say([Label(image, "箱", "box", Box(1, 2, 3, 4), "花子")], action="label", by="花子")
    store.say([Label(image, "箱", by="run", score=0.9)], action="propose")
    store.say([Label(image, "獺祭", "text", by="花子")], action="label")
    return made


def told(capsys, *words: object) -> tuple[int, dict]:
    capsys.readouterr()
    code = main([*map(str, words), "--json"])
    return code, json.loads(capsys.readouterr().out)


def test_what_could_not_be_carried_is_counted_by_kind(ws, tmp_path, capsys):
    code, said = told(capsys, "-C", ws.folder.root, "export", "yolo", tmp_path / "外 out")
    assert code == 0
    assert (said["files"], said["classes"], said["boxes"], said["edit"]) == (2, 0, 1, 4)
    assert said["left_out"] == {
        "by": 2, "models": 1, "texts": 1, "classes": 1, "apart": 1, "group": 1,
    }  # fmt: skip
    assert main(["-C", str(ws.folder.root), "export", "voc", str(tmp_path / "b")]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "  1 texts" in lines
    assert "  1 labels of models: people's labels alone are exported" in lines
    assert lines[-1] == f"Back again with: atarimae add {tmp_path / 'b'}"


def test_an_older_version_and_a_split(ws, tmp_path):
    assert ws.export("coco", tmp_path / "a", at=1).boxes == 0
    done = ws.export("coco", tmp_path / "b", split="val")
    assert (done.files, os.listdir(tmp_path / "b/annotations")) == (1, ["instances_val.json"])
    with pytest.raises(AtarimaeError, match=r"No version 9. The newest is 4"):
        ws.export("coco", tmp_path / "c", at=9)
    with pytest.raises(UsageError, match=r"No split 'vla'.*Did you mean 'val'"):
        ws.export("coco", tmp_path / "c", split="vla")
    with pytest.raises(UsageError, match=r"No format 'coc'.*Did you mean 'coco'"):
        ws.export("coc", tmp_path / "c")
    assert not (tmp_path / "c").exists()


@pytest.mark.parametrize("name", ["csv", "coco", "yolo", "labelstudio"])
def test_an_export_is_added_to_an_empty_workspace(ws, tmp_path, name):
    done = ws.export(name, tmp_path / "外 out", copy=True)
    again = at.init(tmp_path / "again")
    report = again.add(done.again)
    assert (report.added, report.refused, report.left) == (2, (), {})
    first, second = (Store(space.folder).data() for space in (ws, again))
    boxes = [
        {(label.value, label.box) for label in said if label.kind == "box"}
        for data in (first, second)
        for said in data.labels.values()
    ]
    assert boxes == [{("箱", Box(1, 2, 3, 4))}] * 2
    classes = {file.image: second.classes(file) for file in second.files}
    lost = set(done.left) & {"classes", "apart"}  # of the first picture: 瓶, and the box 箱
    assert set(classes.values()) == {(), ("箱",) if lost else ("瓶",)}


def test_names_are_given_once_in_a_folder_whatever_their_case_and_suffix(drawn):
    image, names = drawn[0][1], Names()
    paths = [
        "a/1.png",
        "b/1.PNG",
        "c/1.jpg",
        "1-2.png",
        "d/１.png",
        "e/..png",
        "f/A.png",
        "f/a.png",
    ]
    assert [names.of("", File(path, image.hash), image) for path in paths] == [
        "1.png", "1-2.PNG", "1.jpg.png", "1-2-2.png", "１.png", "_png.png", "A.png", "a-2.png",
    ]  # fmt: skip
    assert names.of("other", File("1.png", image.hash), image) == "1.png"


@pytest.mark.parametrize("name", FORMATS)
def test_pictures_are_referred_to_or_copied(data, root, drawn, tmp_path, name):
    content = {(root / path).read_bytes() for path, _ in drawn}
    some = data({n: {} for n in range(7)}, (0, "瓶", None))
    write(some, FORMATS[name], tmp_path / "links")
    links = [path for path in (tmp_path / "links").rglob("*") if path.is_symlink()]
    assert all(not Path(os.readlink(link)).is_absolute() for link in links)
    assert {link.read_bytes() for link in links} <= content
    write(some, FORMATS[name], tmp_path / "copies", copy=True)
    there = [path for path in (tmp_path / "copies").rglob("*") if path.is_file()]
    assert not any(path.is_symlink() for path in there)
    assert content <= {path.read_bytes() for path in there}
    assert str(root) not in "".join(
        path.read_text()
        for path in there
        if path.suffix in (".json", ".xml", ".csv", ".yaml", ".txt")
    )


def test_a_file_that_is_gone_is_told_and_the_rest_is_written(ws, tmp_path, root, drawn, capsys):
    away = root / drawn[1][0]
    away.rename(root / "away")
    try:
        code, said = told(capsys, "-C", ws.folder.root, "export", "csv", tmp_path / "a")
    finally:
        (root / "away").rename(away)
    assert (code, said["files"]) == (1, 1)
    assert [one["found"] for one in said["missing"]] == ["It is gone from the disk."]


def test_what_is_there_is_never_overwritten(data, tmp_path):
    (tmp_path / "out").mkdir()
    write(data({0: {}}), FORMATS["csv"], tmp_path / "out")
    with pytest.raises(UsageError, match="It is not empty"):
        write(data({0: {}}), FORMATS["csv"], tmp_path / "out")
    with pytest.raises(UsageError, match="It is a file"):
        write(data({0: {}}), FORMATS["csv"], tmp_path / "out" / "labels.csv")


def test_an_export_that_fails_leaves_nothing(data, tmp_path):
    classes = data({0: {}, 1: {}}, (0, "train", None), (1, "val", None))
    with pytest.raises(UsageError, match="They are named train, val: folders of splits"):
        write(classes, FORMATS["folder"], tmp_path / "out")
    assert os.listdir(tmp_path) == []


def test_one_class_named_like_a_split_is_a_class(data, tmp_path):
    write(
        data({0: {}, 1: {}}, (0, "train", None), (1, "car", None)),
        FORMATS["folder"],
        tmp_path / "a",
    )
    assert sorted(os.listdir(tmp_path / "a")) == ["car", "train"]


def test_a_frame_has_every_label_and_is_added_again(ws, tmp_path):
    frame = ws.labels()
    assert list(frame.columns) == [
        "file", "label", "kind", "split", "role", "group", "source", "x0", "y0", "x1", "y1",
        "angle", "points", "other", "by", "score",
    ]  # fmt: skip
    kinds = ["", "box", "class", "class", "text"]
    assert sorted(frame["kind"].fillna("")) == kinds
    again = at.init(tmp_path / "again")
    frame["file"] = [str(ws.folder.root / file) for file in frame["file"]]
    report = again.add(frame)
    assert report.left == {"predictions": 1}
    labels = [one for found in Store(again.folder).data().labels.values() for one in found]
    assert [(one.kind, one.value, one.box) for one in labels] == [
        ("class", "瓶", None), ("box", "箱", Box(1, 2, 3, 4)), ("text", "獺祭", None),
    ]  # fmt: skip


def test_labels_of_every_kind_come_back_from_a_frame_and_a_table(ws, tmp_path, root):
    store = Store(ws.folder)
    first, second = (file.image for file in store.data().files)
    said = (
        Label(first, "箱", "box", Box(1, 2, 9, 8, 30.5)),
        Label(first, "", "polygon", points=((1, 1), (9, 2), (5, 8.25))),
        Label(second, "", "text", Box(0, 0, 20, 4, 270)),
        Label(second, "same", "pair", other=first),
    )
    store.say(said, action="label")
    done = ws.export("csv", tmp_path / "out")
    assert (done.boxes, done.outlines, done.texts, done.pairs) == (2, 1, 2, 1)
    frame = ws.labels()
    for column in ("file", "other"):
        frame[column] = [
            None if pd.isna(one) else str(ws.folder.root / one) for one in frame[column]
        ]
    for number, source in enumerate((done.again, frame)):
        again = at.init(tmp_path / f"again {number}")
        again.add(source)
        kept = [one for labels in store.data().labels.values() for one in labels if not one.score]
        back = [one for labels in Store(again.folder).data().labels.values() for one in labels]
        assert {replace(one, by="") for one in back} == {replace(one, by="") for one in kept}


@pytest.mark.parametrize(
    ("cells", "told"),
    [
        ("瓶,polygon,,,,,,[[1;1]],", r"Its points are '\[\[1;1\]\]'"),
        ("瓶,polygon,,,,,,,", "Its points are ''"),
        ('瓶,polygon,,,,,,"[[1,1],[2,2]]",', "The shape has 2 points"),
        ('瓶,polygon,,,,,,"[[1,1],[2,NaN],[3,1]]",', "It needs a number"),
        ("瓶,box,1,1,9,9,x,,", "Its angle is 'x'"),
        ("瓶,,,,,,30,,", "It has an angle, and no box"),
        ("same,pair,,,,,,,", "It names no other file of the pair"),
        ("same,pair,,,,,,,nowhere.png", "nowhere.png, is not read"),
        ("alike,pair,,,,,,,{other}", "A pair is 'same' or 'different'"),
        ("same,pair,,,,,,,{file}", "It names itself"),
        ('瓶,polygon,,,,,,"[[1,1],[2,90],[3,1]]",', "reaches outside the picture"),
    ],
)  # fmt: skip
def test_bad_cells_of_kinds_are_told_and_nothing_is_added(ws, tmp_path, root, drawn, cells, told):
    file, other = (root / drawn[n][0] for n in (0, 3))
    path = tmp_path / "bad.csv"
    cells = cells.replace("{other}", str(other)).replace("{file}", str(file))
    header = "file,label,kind,x0,y0,x1,y1,angle,points,other"
    path.write_text(f"{header}\n{file},{cells}\n{other},,,,,,,,,\n", encoding="utf-8")
    before = Store(ws.folder).last_edit()
    with pytest.raises(UsageError, match=told):
        ws.add(path)
    assert Store(ws.folder).last_edit() == before


def test_a_bad_frame_is_told_like_a_bad_table(ws):
    with pytest.raises(UsageError, match=r"The DataFrame has 1 bad row\. line 3: No file is named"):
        ws.add(pd.DataFrame({"file": ["a.png", None], "label": [1.0, 2.0]}))
    with pytest.raises(UsageError, match="no column 'file'"):
        ws.add(pd.DataFrame({"label": ["x"]}))


def test_whole_numbers_stay_whole_in_a_frame_with_gaps(tmp_path, root, drawn):
    ws = at.init(tmp_path / "numbers")
    ws.add(pd.DataFrame({"file": [str(root / drawn[n][0]) for n in (0, 1)], "label": [3.0, None]}))
    assert ws.images()["label"].dropna().tolist() == ["3"]


# -- for other readers -----------------------------------------------------------------------------


def test_coco_has_a_box_for_every_annotation(data, tmp_path):
    said = [(0, "瓶", Box(1, 2, 3, 5)), (0, "全景", None), (0, Label("", "獺祭", "text"))]
    write(data({0: {"split": "train"}, 1: {}}, *said), FORMATS["coco"], tmp_path / "out")
    folder = tmp_path / "out/annotations"
    assert sorted(os.listdir(folder)) == ["instances_default.json", "instances_train.json"]
    train = json.loads((folder / "instances_train.json").read_text("utf-8"))
    assert [one["bbox"] for one in train["annotations"]] == [[1, 2, 2, 3]]
    told = {"split": "train", "classes": ["全景"], "texts": ["獺祭"]}
    assert [one["atarimae"] for one in train["images"]] == [told]


@pytest.mark.parametrize("copy", [True, False])
def test_coco_names_its_pictures_as_seen_from_images(data, root, drawn, tmp_path, copy):
    write(data({0: {}}), FORMATS["coco"], tmp_path / "out", copy=copy)
    file = tmp_path / "out/annotations/instances_default.json"
    (image,) = json.loads(file.read_text("utf-8"))["images"]
    picture = Path(os.path.normpath(tmp_path / "out/images" / image["file_name"]))
    assert picture.read_bytes() == (root / drawn[0][0]).read_bytes()
    again = at.init(tmp_path / "again")
    assert (again.add(file).added, again.add(tmp_path / "out").present) == (1, 1)


def test_labelme_has_shapes_of_kinds_that_it_draws(data, tmp_path):
    said = [(0, "瓶", Box(4, 10, 20, 14, 90)), (0, "瓶", Box(1, 2, 3, 4))]
    write(data({0: {}}, *said), FORMATS["labelme"], tmp_path / "out")
    (document,) = (tmp_path / "out").glob("*.json")
    shapes = json.loads(document.read_text("utf-8"))["shapes"]
    assert [one["shape_type"] for one in shapes] == ["oriented_rectangle", "rectangle"]
    corners = [[round(side, 9) for side in point] for point in shapes[0]["points"]]
    assert corners == [[14, 4], [14, 20], [10, 20], [10, 4]]


def test_voc_has_an_upright_box_for_every_object(data, tmp_path):
    write(data({0: {}}, (0, "瓶", Box(4, 10, 20, 14, 90))), FORMATS["voc"], tmp_path / "out")
    (annotation,) = (tmp_path / "out/Annotations").iterdir()
    (box,) = ElementTree.parse(annotation).iter("bndbox")
    assert [round(float(side.text), 9) for side in box] == [10, 4, 14, 20]


def test_voc_lists_files_in_no_split_too(data, tmp_path):
    write(data({0: {"split": "val"}, 3: {}}), FORMATS["voc"], tmp_path / "out")
    lists = {
        path.name: path.read_text("utf-8") for path in (tmp_path / "out/ImageSets/Main").iterdir()
    }
    assert lists == {"val.txt": "瓶 1\n", "default.txt": "瓶 1-2\n"}


def test_voc_names_its_classes(data, tmp_path):
    box = Box(1, 2, 3, 4)
    said = [(0, name, box) for name in ("瓶", "a & b", "a:b", "#", "a\nb")]
    write(data({0: {}}, *said), FORMATS["voc"], tmp_path / "out")
    named = (tmp_path / "out/labelmap.txt").read_text("utf-8")
    assert named == "# label:color_rgb:parts:actions\na & b:::\n瓶:::\n"


def test_yolo_has_a_text_file_for_a_picture_without_boxes(data, tmp_path):
    write(data({0: {}, 1: {}}, (0, "瓶", Box(0, 0, 32, 24))), FORMATS["yolo"], tmp_path / "out")
    texts = {path.name: path.read_text() for path in (tmp_path / "out/labels/all").iterdir()}
    assert texts == {"瓶 1.txt": "0 0.5 0.5 1 1\n", "b#,\"'&<>.txt": ""}


def test_cvat_has_pictures_in_folders_of_subsets_under_names_of_their_own(data, tmp_path):
    facts = {0: {"split": "train"}, 3: {"split": "val"}, 6: {}}  # 0 and 3 are both 瓶 1.png
    write(data(facts), FORMATS["cvat"], tmp_path / "out")
    root = ElementTree.parse(tmp_path / "out/annotations.xml").getroot()
    tasks = root.findall("meta/project/tasks/task")
    assert [(one.findtext("subset"), one.findtext("size")) for one in tasks] == [
        ("default", "1"), ("train", "1"), ("val", "1"),
    ]  # fmt: skip
    told = root.iter("image")
    assert [(one.get("subset"), one.get("name")) for one in told] == [
        ("train", "瓶 1.png"), ("val", "瓶 1-2.png"), ("default", "二つ目.png"),
    ]  # fmt: skip
    there = {path.relative_to(tmp_path / "out/images").as_posix()
             for path in (tmp_path / "out/images").rglob("*.png")}  # fmt: skip
    assert there == {"train/瓶 1.png", "val/瓶 1-2.png", "default/二つ目.png"}


# -- docs ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", FORMATS)
def test_the_page_says_of_each_format_what_it_carries(name):
    page = DOCS.read_text("utf-8")
    row = next(line for line in page.splitlines() if line.startswith(f"| `{name}` |"))
    cells = [cell.strip() for cell in row.strip("|").split("|")][2:]
    kinds = (
        "classes",
        "several",
        "boxes",
        "angles",
        "polygons",
        "texts",
        "pairs",
        "unnamed",
        "apart",
        "exact",
        "split",
        "role",
        "group",
        "source",
    )
    assert dict(zip(kinds, cells, strict=True)) == {
        kind: "yes" if kind in FORMATS[name].carries else "" for kind in kinds
    }


@pytest.mark.parametrize("kind", LEFT)
def test_the_page_explains_each_kind_that_is_left_out(kind):
    assert f"| `{kind}` |" in DOCS.read_text("utf-8")


@pytest.mark.parametrize("name", ["coco", "labelme", "labelstudio", "fiftyone"])
def test_coverage_comes_back_where_a_format_has_a_place(ws, tmp_path, drawn, name):
    first, second = (drawn[n][1].hash for n in (0, 1))
    ws.classes.cover(first, "瓶")
    ws.classes.begin_round("蓋", new=True)
    ws.classes.cover([first, second])
    ws.export(name, tmp_path / "out")
    back = at.init(tmp_path / "back")
    back.add(tmp_path / "out")
    assert back.data().covered == ws.data().covered == {
        first: frozenset(("瓶", "蓋")), second: frozenset(("蓋",)),
    }  # fmt: skip


def test_coverage_is_counted_where_a_format_has_no_place(ws, tmp_path, drawn):
    ws.classes.cover(drawn[0][1].hash, "瓶")
    assert ws.export("csv", tmp_path / "csv").left["covered"] == 1
    assert "covered" not in ws.export("coco", tmp_path / "coco").left


def test_without_coverage_coco_says_nothing_of_it(ws, tmp_path):
    ws.export("coco", tmp_path / "coco")
    for path in (tmp_path / "coco/annotations").glob("*.json"):
        assert "category_ids" not in path.read_text("utf-8")
