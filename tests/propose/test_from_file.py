"""Another tool's predictions come in as proposals: COCO results, or a CSV with scores."""

import json
from pathlib import Path

import pytest
from PIL import Image

import atarimae as at
from atarimae.cli import main
from atarimae.errors import UsageError
from atarimae.store import Store
from atarimae.types import Box


@pytest.fixture
def own(tmp_path: Path) -> at.Workspace:
    """Three files without a label, one with; 64 × 64 px each."""
    made = at.init(tmp_path / "場所")
    rows = ["file,label"]
    (made.folder.root / "図面").mkdir()
    for n in range(4):
        name = f"図面/紙 {n} 🖼.png"
        Image.new("RGB", (64, 64), (60 * n, 0, 0)).save(made.folder.root / name)
        rows.append(f"{name},{'弁' if n == 3 else ''}")
    (made.folder.root / "labels.csv").write_text("\n".join(rows), encoding="utf-8")
    made.add(made.folder.root / "labels.csv")
    return made


def image(own: at.Workspace, number: int) -> str:
    (found,) = (f.image for f in Store(own.folder).data().files if f"紙 {number}" in f.path)
    return found


def written(own: at.Workspace, name: str, text: str) -> Path:
    path = own.folder.root / name
    path.write_text(text, encoding="utf-8")
    return path


def test_csv_with_classes_and_boxes(own):
    path = written(own, "yolo.csv", """file,label,score,x0,y0,x1,y1
図面/紙 0 🖼.png,弁,0.9,1,2,30,40
図面/紙 0 🖼.png,管,0.4,,,,
紙 1 🖼.png,<script>,0.8,0,0,64.5,64
""")  # fmt: skip
    found = own.propose(path)
    assert (found.model, found.rows, found.edit.labels_added) == ("yolo", 3, 3)
    told = [
        (one.label.image, one.label.kind, one.label.value, one.label.box, one.label.score)
        for one in own.proposals()
    ]
    assert told == [
        (image(own, 0), "box", "弁", Box(1, 2, 30, 40), 0.9),
        (image(own, 0), "class", "管", None, 0.4),
        (image(own, 1), "box", "<script>", Box(0, 0, 64, 64), 0.8),  # cut at the edge
    ]
    assert {one.label.by for one in own.proposals()} == {"yolo"}
    assert own.propose(path).edit is None  # nothing new to say
    own.undo(by="yolo")
    assert own.proposals() == []


def test_coco_results_with_the_file_that_names_their_ids(own):
    names = {
        "images": [{"id": 7, "file_name": "紙 2 🖼.png"}],
        "categories": [{"id": 3, "name": "弁"}],
    }
    coco = written(own, "instances.json", json.dumps(names))
    results = [
        {"image_id": 7, "category_id": 3, "bbox": [4, 5, 10, 20], "score": 0.75},
        {"image_id": 7, "category_id": 3, "bbox": [4, 5, 10, 20.5], "score": 0.05},
    ]
    path = written(own, "results.json", json.dumps(results))
    found = own.propose(path, model="検出器 v2", coco=coco, at=0.1)
    assert found.left_out == {"below the score": 1}
    (one,) = own.proposals()
    assert (one.label.box, one.label.score, one.label.by) == (Box(4, 5, 14, 25), 0.75, "検出器 v2")


def test_a_class_of_an_image_that_a_person_labelled_and_what_was_rejected_are_left_out(own):
    text = "file,label,score\n図面/紙 3 🖼,管,0.9\n図面/紙 0 🖼.png,管,0.9\n"
    own.propose(written(own, "a.csv", text))
    (one,) = own.proposals()
    Store(own.folder).decide([one.id], "reject")
    found = own.propose(written(own, "b.csv", text))
    assert found.left_out == {"labelled by a person": 1, "rejected before": 1}
    assert found.edit is None


def test_all_bad_rows_are_told_together_and_nothing_is_recorded(own):
    text = """file,label,score,x0,y0,x1,y1
図面/紙 0 🖼.png,弁,nan,,,,
図面/紙 0 🖼.png,,0.5,,,,
図面/紙 0 🖼.png,弁,0.5,9,9,9,9
図面/紙 0 🖼.png,弁,0.5,1,2
図面/紙 1 🖼.png,弁,0.5,,,,
"""
    last = Store(own.folder).last_edit()
    with pytest.raises(UsageError, match="has 4 bad rows") as error:
        own.propose(written(own, "bad.csv", text))
    for told in (
        "line 2: Its score is 'nan'",
        "line 3: It has no label",
        "line 4: The box is empty",
        "line 5: It has more or fewer cells",
    ):
        assert told in error.value.found
    outside = "file,label,score,x0,y0,x1,y1\nnone.png,弁,0.5,,,,\n図面/紙 0 🖼.png,弁,0.5,0,0,80,9\n"
    with pytest.raises(UsageError, match="has 2 bad rows") as error:
        own.propose(written(own, "bad.csv", outside))
    assert "No file 'none.png' is in the data" in error.value.found
    assert "reaches outside the picture" in error.value.found
    assert Store(own.folder).last_edit() == last


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("{", "Expecting"),
        ('{"images": []}', "It holds dict"),
        ("[3]", "result 0: It is int"),
        ('[{"image_id": 7, "category_id": 1, "score": 1}]', "Name it with --coco FILE"),
        ('[{"image_id": true, "category": "a", "score": 1}]', "Its image_id is True"),
        ('[{"image_id": "a", "category": "a", "score": "x"}]', "Its score is 'x'"),
        (
            '[{"image_id": "a", "category": "a", "score": 1, "bbox": [1]}]',
            "bbox is no list of four",
        ),
        ('[{"image_id": "a", "category": "a", "score": 1, "bbox": [1, 2, "x", 4]}]', "w is 'x'"),
    ],
)
def test_results_that_are_none_say_what_they_are(own, text, found):
    with pytest.raises(UsageError) as error:
        own.propose(written(own, "results.json", text))
    assert found in str(error.value)


def test_a_table_without_scores_is_no_predictions(own):
    with pytest.raises(UsageError, match="no column score"):
        own.propose(own.folder.root / "labels.csv")


def test_an_end_of_a_path_that_two_images_have_is_not_guessed(own):
    (own.folder.root / "other").mkdir()
    Image.new("RGB", (64, 64), (1, 2, 3)).save(own.folder.root / "other/紙 0 🖼.png")
    own.add(own.folder.root / "other")
    with pytest.raises(UsageError, match="may be 2 images here"):
        own.propose(written(own, "a.csv", "file,label,score\n紙 0 🖼.png,弁,1\n"))


def test_commands_from_predictions_to_fates(own, capsys: pytest.CaptureFixture[str]):
    path = written(
        own, "yolo.csv", "file,label,score\n図面/紙 0 🖼.png,管,0.91\n紙 1 🖼.png,管,0.5\n"
    )
    here = ["-C", str(own.folder.root)]
    assert main([*here, "propose", str(path), "--dry-run"]) == 0
    assert "Nothing was recorded." in capsys.readouterr().out
    assert main([*here, "propose", str(path)]) == 0
    told = capsys.readouterr().out
    assert "2 predictions: 2 classes and 0 boxes by yolo." in told
    assert "undo --by yolo" in told
    first, _ = own.proposals()
    Store(own.folder).decide([first.id], "accept", by="花子")
    assert main([*here, "proposals"]) == 0
    told = capsys.readouterr().out
    assert "1 accepted, 1 untouched." in told
    assert "by 花子 in edit" in told
    assert main([*here, "proposals", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["fates"] == {"accepted": 1, "untouched": 1}
    assert found["classes"][0]["label"] == "管"
    assert [one["fate"] for one in found["proposals"]] == ["accepted", "untouched"]
    assert main([*here, "accept", "--class", "管", "--json"]) == 1
    assert "have to be looked at" in json.loads(capsys.readouterr().out)["error"]["found"]
