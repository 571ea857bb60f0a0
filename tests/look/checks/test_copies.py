"""Copies of one picture: which they are, what they are not, and what becomes of a score."""

import numpy as np
import pytest
from scenes import cut, flip, halve, scene, turn

from atarimae import bundle, files, look, runlog
from atarimae.look.checks import (
    across,
    beside,
    copies,
    disagreeing,
    duplicates,
    inflated,
    same_pixels,
)
from atarimae.store import Store
from atarimae.task import Model
from atarimae.types import Score


def found(maker, module):
    """What one check finds."""
    known = beside(maker.workspace, Store(maker.workspace))
    return module.check.find(maker.data, known)


def test_a_picture_in_two_formats_has_the_same_pixels(maker):
    first = maker.drawn("a.png", scene(0), "酒")
    second = maker.drawn("写し.bmp", scene(0), "酒", format="BMP")
    maker.drawn("c.png", scene(1), "酒")
    maker.record()

    (one,) = found(maker, same_pixels)

    assert set(one.images) == {first, second}
    assert one.what == "2 images have the same pixels."
    assert one.evidence in (
        "a.png is 写し.bmp saved as PNG with the same pixels.",
        "写し.bmp is a.png saved as BMP with the same pixels.",
    )
    assert ": one is as good as the other." in one.fix  # neither has lost a pixel
    assert found(maker, copies) == []


def test_copies_are_one_finding_that_says_what_was_done_to_each(maker):
    maker.drawn("元.png", scene(0), "酒")
    maker.drawn("half.jpg", halve(scene(0)), "酒", format="JPEG")
    maker.drawn("mirror.png", flip(scene(0)))
    maker.drawn("part.png", cut(scene(0)), "酒")
    maker.drawn("turned.png", turn(scene(0)))
    maker.drawn("other.png", scene(1), "酒")
    maker.record()

    (one,) = found(maker, copies)

    assert one.files[0] == "元.png"
    assert one.what == "5 images show one picture."
    for told in (
        "half.jpg is 元.png resized to 80 × 60 px, saved as JPEG",
        "mirror.png is 元.png mirrored left to right",
        "turned.png is 元.png turned by 90° to the left",
    ):
        assert told in one.evidence
    assert "part.png is 元.png cut to 7" in one.evidence  # 77 %, more or less
    assert one.fix.startswith("Keep 元.png: it is the largest, 160 × 120 px.")


@pytest.mark.parametrize(
    ("kept", "other", "why"),
    [
        ({"labels": ["酒"], "size": 80}, {"labels": [], "size": 160}, "it has a label"),
        ({"labels": ["酒"], "size": 160}, {"labels": ["酒"], "size": 80}, "it is the largest"),
        (
            {"labels": [], "quality": 95},
            {"labels": [], "quality": 60},
            "it is the least compressed",
        ),
        (
            {"labels": [], "format": "PNG"},
            {"labels": [], "quality": 100},
            "it is saved without loss, as PNG",
        ),
    ],
)
def test_the_one_to_keep_is_labelled_then_large_then_without_loss_or_little_compressed(
    maker, kept, other, why
):
    for path, one in (("a.jpg", other), ("b.jpg", kept)):
        size = one.get("size", 160)
        picture = scene(0, (160, 120)).resize((size, size * 3 // 4))
        options = {"format": one.get("format", "JPEG"), "quality": one.get("quality", 90)}
        maker.drawn(path, picture, *one["labels"], **options)
    maker.record()

    (finding,) = found(maker, copies)

    assert finding.fix.startswith(f"Keep b.jpg: {why}")


def test_things_that_differ_by_a_turn_and_have_two_labels_are_not_called_duplicates(maker):
    maker.drawn("left.png", scene(0), "左", split="train")
    maker.drawn("right.png", flip(scene(0)), "右", split="val")
    maker.record()

    (one,) = found(maker, disagreeing)

    assert one.what == "2 images show nearly one picture, and their labels differ."
    assert "left.png ('左', train)" in one.evidence
    assert "mirrored left to right" in one.evidence
    assert one.fix.startswith("If all labels are right, these things differ by how they are turned")
    assert found(maker, copies) == found(maker, across) == []


def test_a_copy_that_is_not_turned_and_has_another_label_is_to_be_looked_at(maker):
    maker.drawn("a.png", scene(0), "酒")
    maker.drawn("b.jpg", scene(0), "杯", format="JPEG")
    maker.record()

    (one,) = found(maker, disagreeing)

    assert one.fix.startswith("Look at them: a label is wrong")


def leaking(maker):
    """Ten queries in val, of which two have copies in train."""
    for number in range(10):
        maker.drawn(f"val/{number}.png", scene(number), "酒", split="val")
        maker.drawn(f"train/{number}.png", scene(100 + number), "酒", split="train")
    maker.drawn("train/鏡.png", flip(scene(0)), "酒", split="train")
    maker.drawn("train/半.jpg", halve(scene(1)), "酒", split="train", format="JPEG")
    maker.record()


def judged(maker, parts):
    """A run that was judged by val, with these parts of its main metric."""
    data = maker.data
    with runlog.start(maker.workspace, because="x", stage="holdout", data=data.version) as run:
        bundle.write_model(Model(run.folder / "model", {}, {}))
        val = [file.path for file in data.files if file.split != "train"]
        files.write_json(run.folder / "evaluated.json", {"files": val})
        values = np.array(parts, np.float32)
        score = Score("MRR", float(values.mean()), {}, tuple(val), values, tuple(val))
        run.scores([score])
        run.finish(scores=[score])
    return run.id


def test_copies_across_a_split_are_a_leak_and_say_how_they_came(maker):
    leaking(maker)

    both = {frozenset(one.files): one for one in found(maker, across)}

    assert both.keys() == {
        frozenset(("train/鏡.png", "val/0.png")), frozenset(("train/半.jpg", "val/1.png")),
    }  # fmt: skip
    one = both[frozenset(("train/鏡.png", "val/0.png"))]
    assert one.what == "One picture is in train and val, as 2 images."
    assert "train/鏡.png (train)" in one.evidence
    assert "mirrored left to right" in one.evidence


def test_a_runs_score_is_told_again_without_the_images_it_had_learned(maker):
    leaking(maker)
    assert found(maker, inflated) == []  # no run yet
    parts = [1, 1, 0, 0.5, 0.5, 0.5, 0, 1, 0, 0]
    run = judged(maker, parts)

    (one,) = found(maker, inflated)

    assert set(one.files) == {"val/0.png", "val/1.png"}
    assert one.what == f"Run {run[-4:]} was judged by 2 images of which it had learned a copy."
    naive = sum(parts[2:]) / 8
    assert one.evidence.startswith(
        f"MRR {sum(parts) / 10:.3f} of 10 queries; without them {naive:.3f} ("
    )
    assert one.evidence.endswith("of 8, on them alone 1.000.")


def test_the_split_is_repaired_by_one_edit_that_can_be_undone(maker):
    leaking(maker)
    before = maker.data

    edit, changed = look.repair(maker.workspace)

    assert {file.path for file in changed} == {
        "train/鏡.png", "train/半.jpg", "val/0.png", "val/1.png",
    }  # fmt: skip
    now = {file.path: file for file in maker.data.files}
    assert {now[file.path].split for file in changed} == {"val"}
    assert now["train/鏡.png"].group == now["val/0.png"].group != now["val/1.png"].group
    assert found(maker, across) == []
    assert look.repair(maker.workspace) == (None, ())

    Store(maker.workspace).undo(edit.id)
    assert maker.data.files == before.files


def test_a_repair_brings_the_whole_group_that_a_copy_is_in_along(maker):
    maker.drawn("a.png", scene(0), split="train", group="棚")
    maker.drawn("b.png", scene(1), split="train", group="棚")
    maker.drawn("c.png", flip(scene(0)), split="test")
    maker.record()

    look.repair(maker.workspace)

    assert {(file.split, file.group) for file in maker.data.files} == {("test", "棚")}


def test_copies_in_two_folds_of_a_run_are_found(maker):
    import pandas as pd

    for number in range(4):
        maker.drawn(f"{number}.png", scene(number), "酒")
    maker.drawn("鏡.png", flip(scene(0)), "酒")
    maker.record()
    judged(maker, [1] * 5)
    (run,) = runlog.runs(maker.workspace)
    for fold, keys in (("1", ["0.png", "1.png"]), ("2", ["2.png", "3.png", "鏡.png"])):
        (run.folder / "folds" / fold).mkdir(parents=True)
        pd.DataFrame({"key": keys}).to_parquet(run.folder / "folds" / fold / "predictions.parquet")

    (one,) = found(maker, across)

    assert one.what == "One picture is in fold 1 and fold 2, as 2 images."


def test_the_survey_is_made_once_and_then_comes_from_the_cache(maker, monkeypatch):
    maker.drawn("a.png", scene(0))
    maker.drawn("b.png", flip(scene(0)))
    maker.record()
    first = look.findings(maker.workspace)
    monkeypatch.setattr("PIL.ImageFile.ImageFile.load", lambda *_: pytest.fail("decoded"))

    told = []
    again = look.findings(maker.workspace, lambda done, total, note="": told.append(note))

    assert again == first != []
    assert told == []


def test_of_equal_files_the_one_in_the_later_split_is_kept(maker):
    maker.drawn("a.png", scene(0), split="train")
    maker.again("b.png", "a.png", split="test")
    maker.drawn("c.png", scene(1))
    maker.again("d.png", "c.png")
    maker.record()

    fixes = [one.fix for one in found(maker, duplicates)]

    assert fixes[0].startswith("Keep b.png, which is in test, and remove the rest")
    assert fixes[1].startswith("Keep c.png and remove the rest")


def test_a_copy_that_was_added_after_the_run_has_not_raised_its_score(maker):
    for number in range(3):
        maker.drawn(f"{number}.png", scene(number), "酒", split="val" if number else "train")
    maker.record()
    judged(maker, [1, 0])
    maker.drawn("鏡.png", flip(scene(1)), "酒", split="train")
    maker.record()

    assert found(maker, inflated) == []
    assert len(found(maker, across)) == 1
