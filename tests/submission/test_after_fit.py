"""A run answers a competition's queries: by the command, and at the end of a fit."""

import csv
import json
import shutil
from pathlib import Path

import pytest

import atarimae as at
from atarimae import runlog
from atarimae import task as tasks
from atarimae.cli import main
from atarimae.errors import UsageError
from atarimae.submission import Settings, after_fit, told


@pytest.fixture
def entered(walked, unseen: Path, tmp_path: Path) -> Path:
    """A workspace with a competition in it: classes asked for, three test pictures."""
    space = walked.copy(tmp_path / "大会")
    (space / "test").mkdir()
    for n in range(3):
        shutil.copy(unseen.parent / "a b" / f"{n} 0.png", space / "test" / f"問{n}.png")
    rows = ["id,file", *(f"{n},問{n}.png" for n in range(3))]
    (space / "test.csv").write_text("\n".join(rows), encoding="utf-8")
    sample(space, '"赤 red,緑 green"')
    return space


def sample(space: Path, answers: str) -> None:
    rows = ["id,label", *(f"{n},{answers}" for n in (2, 0, 1))]
    (space / "sample_submission.csv").write_text("\n".join(rows), encoding="utf-8")


def written(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.reader(stream))


def test_a_runs_submission_is_its_bundles(walked, entered: Path, tmp_path: Path, capsys) -> None:
    assert main(["-C", str(entered), "submit", walked.run, "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    run = runlog.find(at.open(entered).folder, walked.run)
    assert Path(said["path"]) == run.folder / "submission.csv"
    assert (said["queries"], said["answers"], said["layout"]) == (3, "labels", "list")

    words = ["submit", str(walked.bundle), "--sample", str(entered / "sample_submission.csv")]
    assert main([*words, "--out", str(tmp_path / "b.csv"), "--json"]) == 0
    rows = written(tmp_path / "b.csv")
    assert rows == written(run.folder / "submission.csv")
    assert rows[0] == ["id", "label"]
    assert [row[0] for row in rows[1:]] == ["2", "0", "1"]
    for number, answers in rows[1:]:
        picture = entered / "test" / f"問{number}.png"
        matches = at.Bundle(walked.bundle).search(picture)["matches"]
        labels = list(dict.fromkeys(match["label"] for match in matches))
        assert answers.split(",") == labels[:2]


def test_fit_at_holdout_ends_in_a_submission_and_says_where(entered: Path, capsys) -> None:
    quick = ["image_size=32", "epochs=0"]
    words = [word for change in quick for word in ("--set", change)]
    assert main(["-C", str(entered), "fit", "--because", "提出", *words, "--json"]) == 0
    said = capsys.readouterr()
    run = runlog.find(at.open(entered).folder, json.loads(said.out)["id"])
    assert f"Submission: {run.folder / 'submission.csv'} (3 queries)." in said.err
    assert len(written(run.folder / "submission.csv")) == 4


def test_a_sample_that_cannot_be_followed_fails_no_fit(walked, entered: Path) -> None:
    sample(entered, "誰も知らない")
    space = at.open(entered).folder
    run = runlog.find(space, walked.run)
    after_fit(space, tasks.load("retrieve"), run)
    assert told(run).startswith("No submission: The sample ")
    assert 'answers = "files"' in told(run)
    assert not (run.folder / "submission.csv").exists()


def test_a_workspace_without_a_sample_has_no_submission(walked) -> None:
    run = runlog.find(at.open(walked.workspace).folder, walked.run)
    assert not list(run.folder.glob("submission.*"))
    assert told(run) == ""


def test_settings_of_the_workspace_are_read_and_wrong_ones_named(entered: Path) -> None:
    settings = entered / "atarimae.toml"
    kept = settings.read_text("utf-8")
    settings.write_text(f'{kept}\n[submission]\ntest = "q/t.csv"\nnumber = 5\n', "utf-8")
    space = at.open(entered).folder
    found = Settings.of(space.root, space.submission)
    assert (found.test, found.number) == (space.root / "q" / "t.csv", 5)
    assert found.but(number=7, test=None).number == 7
    for wrong, what in [
        ({"nummer": 5}, "No key 'nummer'"),
        ({"number": 0}, "number can't be used"),
        ({"answers": "ids"}, "No kind of answers 'ids'"),
    ]:
        with pytest.raises(UsageError, match=what):
            Settings.of(space.root, wrong)
