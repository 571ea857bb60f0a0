"""A bundle proposes where its run is not: from its own index, measured on what it does not know."""

import json
import shutil
from pathlib import Path

import pytest
from PIL import Image

import atarimae as at
from atarimae import bundle, task
from atarimae.cli import main
from atarimae.errors import AtarimaeError
from atarimae.predict.ask import Asker
from atarimae.store import Store


@pytest.fixture(scope="module")
def elsewhere(walked, tmp_path_factory: pytest.TempPathFactory) -> at.Workspace:
    """Another workspace: mirror images of the walk's classes, half of them labelled."""
    folder = tmp_path_factory.mktemp("bundle") / "よそ"
    made = at.init(folder)
    rows = ["file,label"]
    for number, one in enumerate(sorted((walked.photos).iterdir())):
        for turn, path in enumerate(sorted(one.iterdir())[:2]):
            name = f"{number} {turn} 🍶.png"
            flipped = Image.open(path).transpose(Image.Transpose.FLIP_LEFT_RIGHT)
            flipped.save(folder / name)
            label = f"知らない {number}" if one.name == "0" else one.name
            rows.append(f"{name},{label if turn else ''}")
    (folder / "labels.csv").write_text("\n".join(rows), encoding="utf-8")
    made.add(folder / "labels.csv")
    return made


@pytest.fixture
def own(elsewhere: at.Workspace, tmp_path: Path) -> at.Workspace:
    return at.open(shutil.copytree(elsewhere.folder.root, tmp_path / "own"))


def test_a_bundle_answers_from_its_own_index_as_it_answers_anybody(own, walked):
    found = own.propose(walked.bundle, at=0.5)
    data, ask = Store(own.folder).data(), Asker(bundle.read(walked.bundle), task.load("retrieve"))
    pool = [file for file in data.files if data.label(file) is None]
    wanted = {}
    for file in pool:
        best = ask(data.path(file)).value["matches"][0]
        if best["score"] >= 0.5:
            wanted[file.path] = (best["label"], best["score"])
    assert found.unlabelled == len(pool)
    assert wanted
    assert {one.file: (one.label, one.score) for one in found.found} == wanted
    said = own.proposals()
    assert {one.label.by for one in said} == {walked.run}
    assert {(one.label.value, one.fate) for one in said} == {
        (label, "untouched") for label, _ in wanted.values()
    }


def test_what_it_is_worth_is_counted_on_labelled_images_that_it_does_not_know(own, walked):
    told = own.propose(walked.bundle, at=0.5, dry_run=True).estimate
    data, ask = Store(own.folder).data(), Asker(bundle.read(walked.bundle), task.load("retrieve"))
    classes = set(bundle.read(walked.bundle).index.labels)
    judged = [f for f in data.files if data.label(f) in classes]
    best = [(f, ask(data.path(f)).value["matches"][0]) for f in judged]
    sure = [(f, one) for f, one in best if one["score"] >= 0.5]
    assert (told.asked, told.accepted) == (len(judged), len(sure))
    assert told.right == sum(one["label"] == data.label(f) for f, one in sure)
    assert told.strangers == 1  # 知らない is none of its classes


def test_what_people_rejected_is_not_proposed_again_by_any_model(own, walked):
    first = own.propose(walked.bundle, at=-1.0)
    store = Store(own.folder)
    refused = own.proposals()[0]
    store.decide([refused.id], "reject")
    again = own.propose(walked.bundle, at=-1.0)
    assert (len(again.found), again.rejected) == (len(first.found) - 1, 1)
    assert again.edit is None
    store.undo(store.last_edit())
    assert own.propose(walked.bundle, at=-1.0).rejected == 0


def test_in_its_own_workspace_the_images_of_its_val_answer_nothing(walked, tmp_path):
    own = at.open(walked.copy(tmp_path / "home"))
    new = own.folder.root / "new"
    new.mkdir()
    for number, path in enumerate(sorted(walked.photos.rglob("*.png"))):
        Image.open(path).transpose(Image.Transpose.FLIP_TOP_BOTTOM).save(new / f"{number}.png")
    own.add(new)
    found = own.propose(walked.bundle, at=-1.0, dry_run=True)
    split = {file.path: file.split for file in Store(own.folder).data().files}
    assert len(found.found) == found.unlabelled > 0
    assert {split[one.like] for one in found.found} == {"train"}


def test_a_bundle_of_another_task_and_a_name_that_is_nothing_are_refused(
    own, walked, tmp_path, capsys: pytest.CaptureFixture[str]
):
    other = tmp_path / "other"
    shutil.copytree(walked.bundle, other)
    about = json.loads((other / "bundle.json").read_text())
    kept = {k: v for k, v in about.items() if k not in ("format", "files", "seal")}
    (other / "bundle.json").unlink()
    bundle.seal(other, {**kept, "task": "colour"})
    with pytest.raises(AtarimaeError, match="It is of task colour"):
        own.propose(other)
    assert main(["-C", str(own.folder.root), "propose", "nothing"]) == 2
    assert "No run 'nothing'" in capsys.readouterr().err
