"""Each check on data in sight."""

import shutil
from dataclasses import replace

import numpy as np
import pytest
from scenes import flip, scene, turn

from atarimae import bundle, files, look, runlog
from atarimae import task as tasks
from atarimae.look.checks import (
    CHECKS,
    Beside,
    beside,
    classes,
    conflicts,
    duplicates,
    gaps,
    hubs,
    leaks,
    loose,
    misnamed,
    missing,
    near,
    outliers,
    overlaps,
    pairs,
    quality,
    several,
    shift,
    singles,
    stored,
    unreachable,
    unreadable,
)
from atarimae.predict.run import outputs
from atarimae.store import Refusal, Store
from atarimae.task import Model
from atarimae.types import Predictions, Score

RED, GREEN, BLUE = (200, 0, 0), (0, 200, 0), (0, 0, 200)


def test_files_of_one_image_are_duplicates(maker):
    image = maker.picture("a.png", RED)
    maker.picture("深い/b.png", RED)
    maker.picture("c.png", GREEN)
    maker.record()

    (found,) = duplicates.check.find(maker.data, Beside())

    assert found.images == (image,)
    assert found.files == ("a.png", "深い/b.png")
    assert "a.png, 深い/b.png" in found.evidence


def test_a_hundred_duplicates_are_one_finding_with_short_evidence(maker):
    maker.picture("0000.png", RED)
    for number in range(1, 100):
        maker.again(f"{number:04}.png", "0000.png")
    maker.record()

    (found,) = duplicates.check.find(maker.data, Beside())

    assert len(found.files) == 100
    assert "and 95 more" in found.evidence


def test_one_image_in_two_splits_is_a_leak(maker):
    leaked = maker.picture("a.png", RED, split="train")
    maker.picture("b.png", RED, split="test")
    maker.picture("c.png", GREEN, split="train")
    maker.picture("d.png", GREEN, split="train")
    maker.picture("e.png", BLUE, split="val")
    maker.picture("f.png", BLUE)
    maker.record()

    (found,) = leaks.check.find(maker.data, Beside())

    assert found.images == (leaked,)
    assert found.what == "One picture is in train and test."
    assert "b.png (test)" in found.evidence
    assert "Keep it in test only" in found.fix


def test_a_label_with_one_image_is_found_however_many_files_it_has(maker):
    image = maker.picture("a.png", RED, "獺祭")
    maker.picture("b.png", RED)
    maker.picture("c.png", GREEN, "久保田")
    maker.picture("d.png", BLUE, "久保田")
    maker.record()

    (found,) = singles.check.find(maker.data, Beside())

    assert found.what == "'獺祭' has a single image."
    assert found.images == (image,)


def test_a_single_label_that_differs_in_width_and_case_alone_names_its_twin(maker):
    maker.picture("a.png", RED, "ＡＢ-1")
    maker.picture("b.png", GREEN, "ab 1")
    maker.picture("c.png", BLUE, "ab 1")
    maker.record()

    (found,) = singles.check.find(maker.data, Beside())

    assert found.fix == "Write it as 'ab 1', if they are the same."


def test_several_labels_are_a_finding_only_where_the_task_wants_one(maker):
    image = maker.picture("a.png", RED, "cat", "dog")
    maker.picture("b.png", GREEN, "cat")
    maker.record()

    (found,) = conflicts.check.find(maker.data, Beside(one_label=True))

    assert found.images == (image,)
    assert found.evidence == "'cat' by 花子; 'dog' by 花子."
    assert conflicts.check.find(maker.data, Beside(one_label=False)) == []


def test_refused_files_are_unreadable_until_they_are_taken(maker):
    maker.picture("a.png", RED)
    maker.record([Refusal("壊れた.jpg", "It ends early.", "Copy it again.")])

    found = [one for one in look.findings(maker.workspace) if one.check == unreadable.check.name]
    assert [(one.files, one.evidence, one.fix) for one in found] == [
        (("壊れた.jpg",), "It ends early.", "Copy it again.")
    ]

    maker.picture("壊れた.jpg", BLUE)
    maker.record()
    assert unreadable.check.name not in {one.check for one in look.findings(maker.workspace)}


def test_an_empty_workspace_has_no_findings(maker):
    assert look.findings(maker.workspace) == []


def test_an_uninstalled_task_hides_no_finding(maker):
    maker.picture("a.png", RED, "cat", "dog")
    workspace = replace(maker.record(), task="nobody has this")

    assert conflicts.check.name in {one.check for one in look.findings(workspace)}


def test_classes_of_two_splits_are_one_finding_where_the_task_asks_about_unseen_ones(maker):
    maker.picture("a.png", RED, "酒", split="train")
    shared = maker.picture("b.png", GREEN, "酒", split="val")
    maker.picture("c.png", BLUE, "杯", split="val")
    maker.record()

    (found,) = classes.check.find(maker.data, Beside(unseen_classes=True))

    assert found.what == "'酒' is in train and val."
    assert (found.images, found.files) == ((shared,), ("b.png",))
    assert found.evidence == "In both: 酒; 1 of the 2 classes of val."
    assert classes.check.find(maker.data, Beside(unseen_classes=False)) == []


def test_gallery_image_that_only_its_own_source_asks_for_is_out_of_reach(maker):
    known = maker.picture("棚.png", RED, "酒", split="val", role="gallery", source="蔵")
    maker.picture("q.png", GREEN, "酒", split="val", role="query", source="蔵")
    maker.picture("別.png", BLUE, "酒", split="test", role="query", source="店")
    maker.record()

    (found,) = unreachable.check.find(maker.data, Beside(gallery=True))

    assert found.what == "1 gallery image of '酒' can be found by no query."
    assert found.images == (known,)
    assert "its queries (q.png) are of '蔵'" in found.evidence
    assert unreachable.check.find(maker.data, Beside(gallery=False)) == []


def fitted(maker, lists=()):
    """A run that embedded every file, was judged by val, and answered with `lists`."""
    data = maker.data
    with runlog.start(maker.workspace, because="x", stage="holdout", data=data.version) as run:
        bundle.write_model(Model(run.folder / "model", {}, {}))
        val = [file.path for file in data.files if file.split != "train"]
        files.write_json(run.folder / "evaluated.json", {"files": val})
        outputs(tasks.load("mean-colour").predictor(None), data, cache=maker.workspace.cache)
        rows = np.empty(len(lists), object)
        rows[:] = [found for _, found in lists]
        parts = np.arange(len(val), dtype=np.float32) / max(len(val), 1)
        score = Score("MRR", float(parts.mean()) if val else 0.0, {}, tuple(val), parts, tuple(val))
        predictions = Predictions(tuple(key for key, _ in lists), {"match_files": rows})
        run.scores([score], predictions)
        run.finish(scores=[score])
    return run.id


def test_near_duplicates_come_from_what_a_run_embedded_already(maker):
    first = maker.picture("a.png", (200, 100, 50), "酒", split="train")
    second = maker.picture("b.png", (202, 100, 50), "酒", split="val")
    maker.picture("c.png", (50, 100, 202), "杯", split="val")
    maker.record()
    store = Store(maker.workspace)
    assert near.check.find(maker.data, beside(maker.workspace, store)) == []  # no run yet

    run = fitted(maker)
    (found,) = near.check.find(maker.data, beside(maker.workspace, store))

    assert found.images == (first, second)
    assert found.what == "One picture is nearly in train and val."
    assert found.evidence.startswith("a.png ('酒') and b.png ('酒'): cosine 1.000")
    assert run[-4:] in found.evidence

    shutil.rmtree(maker.workspace.cache)
    assert near.check.find(maker.data, beside(maker.workspace, store)) == []


def test_hub_is_named_with_the_run_that_it_fills(maker):
    blurred = maker.picture("ぼけ.png", (128, 128, 128), "無", split="val", role="gallery")
    for number in range(12):
        maker.picture(f"q{number:02}.png", (number, 0, 0), f"c{number}", split="val", role="query")
        maker.picture(f"g{number:02}.png", (0, number, 0), f"c{number}", split="val", role="gallery")  # fmt: skip  # noqa: E501
    maker.record()
    run = fitted(maker, [(f"q{n:02}.png", ["ぼけ.png", f"g{n:02}.png"]) for n in range(12)])

    (found,) = hubs.check.find(maker.data, beside(maker.workspace, Store(maker.workspace)))

    assert (found.images, found.files) == ((blurred,), ("ぼけ.png",))
    assert found.evidence.startswith(f"In run {run[-4:]} it stands wrongly in 12 of 12 lists")


# Their findings are looked at where their pictures are planted.
ELSEWHERE = {
    *quality.checks, *stored.checks, several.check, shift.check, overlaps.check, outliers.check,
    gaps.few, gaps.unlearned, missing.check, loose.check, misnamed.check, pairs.check,
}  # fmt: skip


@pytest.mark.parametrize(
    "check", [one for one in CHECKS if one not in ELSEWHERE], ids=lambda check: check.name
)
def test_every_finding_says_what_evidence_and_fix(maker, check):
    maker.picture("a.png", RED, "cat", "dog", split="train")
    maker.picture("b.png", RED, split="val", role="gallery")
    maker.picture("c.png", (202, 0, 0), "cat", split="val", source="s", role="gallery")
    for number in range(12):
        maker.picture(f"{number}.png", (0, number, 9), "cat", split="val", source="s", role="query")
    for number in range(12):
        maker.picture(f"g{number}.png", (99, 9, number), "owl", split="val", role="gallery")
    maker.picture("wrong.png", (99, 9, 20), "cat", split="val", role="gallery")
    maker.drawn("orig.png", scene(0), "cat", split="train")
    maker.drawn("same.bmp", scene(0), "cat", split="train", format="BMP")
    maker.drawn("mirror.png", flip(scene(0)), "cat", split="val", source="s")
    maker.drawn("turned.png", turn(scene(0)), "owl", split="train")
    maker.record([Refusal("x.jpg", "It is empty.", "Copy it again.")])
    fitted(maker, [(f"{number}.png", ["g0.png"]) for number in range(12)])
    found = [one for one in look.findings(maker.workspace) if one.check == check.name]

    assert found
    assert all(one.what and one.evidence and one.fix and one.files for one in found)
