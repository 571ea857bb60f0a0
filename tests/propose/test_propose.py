"""A run labels what nobody has: only what no score is judged by, as one edit, with an estimate."""

import json
import shutil
from pathlib import Path

import pytest
from PIL import Image

import atarimae as at
from atarimae import bundle, task
from atarimae.cli import main
from atarimae.errors import AtarimaeError, UsageError
from atarimae.predict.ask import Asker
from atarimae.review import Slice, weights
from atarimae.runlog.reader import judged_paths
from atarimae.store import Store
from atarimae.types import Data


@pytest.fixture(scope="module")
def space(walked, tmp_path_factory: pytest.TempPathFactory) -> at.Workspace:
    """The walk's workspace, with pictures that nobody labelled: turned copies of others."""
    folder = walked.copy(tmp_path_factory.mktemp("propose") / "空間")
    photos = folder / "photos"
    new = folder / "新しい"
    new.mkdir()
    for number, name in enumerate(sorted(path.name for path in photos.iterdir())):
        source = min((photos / name).iterdir())
        Image.open(source).transpose(Image.Transpose.FLIP_LEFT_RIGHT).save(new / f"{number}.png")
    made = at.open(folder)
    made.add(new)
    rows = [
        "file,label,split,role,group",
        "t.png,,test,both,", "v.png,,val,both,", "q.png,,,query,", "g.png,,,both,held",
        "h.png,,test,gallery,held",
    ]  # fmt: skip
    for number, row in enumerate(rows[1:]):  # nothing of this may be labelled
        Image.new("RGB", (64, 64), (200, 30 + number, 30)).save(folder / row.split(",")[0])
    (folder / "held.csv").write_text("\n".join(rows), encoding="utf-8")
    made.add(folder / "held.csv")
    return made


@pytest.fixture
def own(space: at.Workspace, tmp_path: Path) -> at.Workspace:
    return at.open(shutil.copytree(space.folder.root, tmp_path / "own"))


def data(space: at.Workspace) -> Data:
    return Store(space.folder).data()


def test_only_what_no_score_is_judged_by_is_asked_about(space, walked):
    found = space.propose(walked.run, at=-1.0, dry_run=True)
    assert found.unlabelled == 9  # the nine new ones
    assert {Path(one.file).parent.name for one in found.found} == {"新しい"}
    train = {file.path for file in data(space).files if file.split == "train"}
    assert {one.like for one in found.found} <= train  # val's labels answer nothing


def test_dry_run_records_nothing_and_the_same_asked_again_records_one_edit(own, walked):
    before = data(own)
    dry = own.propose(walked.run, at=0.5, dry_run=True)
    assert (dry.edit, data(own)) == (None, before)
    done = own.propose(walked.run, at=0.5)
    assert done.found == dry.found
    assert [one.score for one in done.found] == sorted((o.score for o in done.found), reverse=True)
    assert min(one.score for one in done.found) >= 0.5
    assert (done.edit.action, done.edit.labels_added) == ("propose", len(done.found))
    said = [label for labels in data(own).labels.values() for label in labels if label.score]
    assert {(label.image, label.value, label.score, label.by) for label in said} == {
        (one.image, one.label, one.score, walked.run) for one in done.found
    }
    assert own.propose(walked.run, at=0.5).edit is None  # nothing new to say


def test_a_models_label_is_no_label_until_it_is_trusted_and_a_persons_word_wins(own, walked):
    found = own.propose(walked.run, at=0.5).found[0]
    now = data(own)
    (file,) = (file for file in now.files if file.path == found.file)
    assert now.label(file) is None
    trusting = Data(
        now.root, now.version, now.files, now.images, now.labels, {}, frozenset({file.image})
    )
    assert trusting.label(file) == found.label
    rows = f"file,label\n{now.path(file)},{found.label}\n"  # the same word, said by a person
    (own.folder.root / "mine.csv").write_text(rows, encoding="utf-8")
    own.add(own.folder.root / "mine.csv")
    assert data(own).label(file) == found.label
    own.undo(by=walked.run)
    assert data(own).label(file) == found.label


def test_labels_of_a_run_go_together_and_come_back(own, walked):
    before = data(own)
    own.propose(walked.run, at=0.9)
    own.propose(walked.run, at=0.2)  # more of them, in a second edit
    after = data(own)
    undone = own.undo(by=walked.run)
    assert undone.labels_removed == sum(
        label.score is not None for labels in after.labels.values() for label in labels
    )
    assert data(own).version.hash == before.version.hash
    own.undo(undone.id)
    assert data(own).version.hash == after.version.hash


def test_precision_is_that_of_vals_queries_at_the_threshold(space, walked):
    """Counted here from the bundle's own answers, in a gallery of train and val together."""
    told = space.propose(walked.run, at=0.6, dry_run=True).estimate
    now, shipped = data(space), Asker(bundle.read(walked.bundle), task.load("retrieve"))
    files = {file.path: file for file in now.files}
    asked = [f for f in now.files if f.split == "val" and f.role != "gallery" and f.path != "v.png"]
    right = accepted = 0
    for file in asked:
        matches = shipped(now.path(file)).value["matches"]
        best = next(one for one in matches if one["id"] != file.image)
        if best["score"] >= 0.6:
            accepted += 1
            right += now.label(files[best["file"]]) == now.label(file)
    assert (told.right, told.accepted, told.asked) == (right, accepted, len(asked))
    assert told.low <= told.precision <= told.high


def test_threshold_is_found_for_a_precision_and_where_there_is_none_it_says_so(space, walked):
    found = space.propose(walked.run, precision=0.3, dry_run=True)
    assert found.estimate.low >= 0.3
    with pytest.raises(AtarimaeError, match=r"No threshold is sure to give a precision of 0\.999"):
        space.propose(walked.run, precision=0.999, dry_run=True)
    with pytest.raises(UsageError, match="Two thresholds"):
        space.propose(walked.run, precision=0.9, at=0.9)


def test_fit_learns_from_them_where_the_recipe_says_so(own, walked):
    settings = {"image_size": 32, "projection": 16, "epochs": 1, "classes_per_batch": 4}
    with pytest.raises(UsageError, match="There are no pseudo-labels to learn from"):
        own.fit(because="none yet", pseudo_labels=True, **settings)
    own.propose(walked.run, at=-1.0)
    run = own.fit(because="with", pseudo_labels=True, **settings)
    assert (run.recipe["pseudo_labels"], run.data) == (True, data(own).version)
    before = own.run(walked.run)
    # Mirror images of val's are among them, and are seen in train only if they were learned from.
    assert (before.leaks["near"], run.leaks["near"] > 0) == (0, True)
    assert judged_paths(run.folder) - {"v.png"} == judged_paths(before.folder)  # one val


@pytest.mark.long
def test_fit_weighs_them_by_what_the_control_slice_says(own, walked):
    settings = {"image_size": 32, "projection": 16, "epochs": 1, "classes_per_batch": 4}
    own.propose(walked.run, at=-1.0)
    store = Store(own.folder)
    drawn = Slice().of(store.proposals())
    store.decide(sorted(drawn), "reject")
    left = [one for one in store.proposals() if one.fate == "untouched"]
    assert weights(store.proposals()) == {one.label.image: 0.0 for one in left}  # all were wrong
    same = {"pseudo_labels": True, **settings}
    plain = own.fit(because="all alike", **same)
    weighed = own.fit(because="by what is right", pseudo_weights=True, **same)
    losses = [run.metrics().query("name == 'loss'")["value"].iloc[-1] for run in (plain, weighed)]
    assert losses[0] != losses[1]
    with pytest.raises(UsageError, match="pseudo_weights needs pseudo_labels"):
        own.fit(because="nothing to weigh", pseudo_weights=True, **settings)


def test_a_smoke_run_says_nothing_of_what_its_labels_are_worth(own):
    run = own.fit(because="smoke", stage="smoke", image_size=32, epochs=0, pseudo_labels=True)
    with pytest.raises(AtarimaeError, match=r"at stage smoke.*Name a holdout run"):
        own.propose(run)


def test_command_tells_the_estimate_and_how_to_take_it_back(
    own, walked, capsys: pytest.CaptureFixture[str]
):
    words = ["-C", str(own.folder.root), "propose", walked.run, "--at", "0.5"]
    assert main([*words, "--dry-run"]) == 0
    text = capsys.readouterr().out
    assert "of 9 unlabelled images are matched at 0.500 or more" in text
    assert "Precision there, on val:" in text
    assert "images of val whose class is not in train" in text
    assert "Nothing was recorded." in text
    assert main([*words, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["edit"] == len(own.edits())
    assert {"at", "precision", "low", "high"} <= told["estimate"].keys()
    assert {"file", "image", "label", "score", "like"} == told["proposals"][0].keys()
    main(["-C", str(own.folder.root), "undo", str(told["edit"])])
    assert not Store(own.folder).models()


def test_a_chain_that_looks_back_at_train_is_asked_as_the_run_was(own):
    run = own.fit(
        because="train votes too", image_size=64, epochs=0, whiten="pca", rank=["vote:train=1"]
    )
    assert own.propose(run, at=-1.0, dry_run=True).found
