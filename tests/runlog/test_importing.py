"""A spreadsheet of old experiments becomes runs, each row once."""

import json
from pathlib import Path

import pandas as pd
import pytest

import atarimae as at
from atarimae import runlog
from atarimae.cli import main
from atarimae.errors import AtarimaeError, UsageError
from atarimae.runlog import importing
from atarimae.score.verdict import obstacle
from atarimae.types import Score

TABLE = """実験名,日付,理由,CV,LB,loss,lr,augment,メモ,seed
exp1,2024-05-01,出発点,0.71,0.65,softmax,0.001,true,,0
exp2,2024/5/2,"損失を変える, ArcFace",0.78,,arcface,1e-4,false,"長い 🔍",1
exp3,2024年5月3日 21:30,,81.2%,0.7,arcface,007,,,
"""


@pytest.fixture
def space(tmp_path: Path) -> at.Workspace:
    return at.init(tmp_path / "場所")


def imported(space: at.Workspace, text: str, name: str = "old.csv", **options: object):
    path = space.folder.root / name
    path.write_text(text, "utf-8")
    return space.import_runs(path, **options)


def test_rows_become_runs_in_their_order(space: at.Workspace) -> None:
    found = imported(space, TABLE)
    one, two, three = runlog.runs(space.folder)
    assert found.added == (one.id, two.id, three.id)
    assert (one.because, one.stage, one.origin, one.status) == ("出発点", "log", "import", "done")
    assert (one.tags, one.seed, one.recipe) == (
        ("exp1",), 0, {"loss": "softmax", "lr": 0.001, "augment": True},
    )  # fmt: skip
    assert [(score.metric, score.value) for score in one.scores] == [("CV", 0.71), ("LB", 0.65)]
    assert one.score is not None
    assert one.score.convention == {"imported from": "old.csv", "column": "CV"}
    assert two.because == "損失を変える, ArcFace"
    assert [note.text for note in two.notes if note.kind == "note"] == ["メモ: 長い 🔍"]
    assert [score.metric for score in two.scores] == ["CV"]
    assert (three.because, three.seed, three.recipe["lr"]) == ("exp3", None, "007")
    assert three.score is not None
    assert three.score.value == pytest.approx(0.812)


def test_the_same_table_twice_adds_nothing(space: at.Workspace) -> None:
    imported(space, TABLE)
    again = imported(space, TABLE + "exp4,2024-05-04,新しい,0.8,,,,,,\n")
    assert (len(again.added), again.present, again.changed) == (1, 3, ())
    assert len(runlog.runs(space.folder)) == 4


def test_rows_without_names_are_known_by_their_content(space: at.Workspace) -> None:
    text = "score,lr\n.5,1\n.5,1\n.6,2\n"
    assert len(imported(space, text).added) == 3
    again = imported(space, "score,lr\n.6,2\n.5,1\n.5,1\n.5,1\n")
    assert (len(again.added), again.present) == (1, 3)


def test_row_that_was_changed_is_told_and_left(
    space: at.Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    imported(space, TABLE)
    path = space.folder.root / "old.csv"
    path.write_text(TABLE.replace("0.71", "0.72"), "utf-8")
    capsys.readouterr()
    assert main(["-C", str(space.folder.root), "import", str(path), "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["changed"] == ["exp1"]
    assert runlog.runs(space.folder)[0].scores[0].value == 0.71


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp932", "utf-16"])
def test_table_is_read_as_excel_in_japan_saves_it(space: at.Workspace, encoding: str) -> None:
    path = space.folder.root / "古い.tsv"
    path.write_bytes("実験\t理由\tスコア\nA\t試す、赤\t0.5\n".encode(encoding))
    space.import_runs(path)
    [run] = runlog.runs(space.folder)
    assert (run.because, run.tags, run.score.value if run.score else 0) == ("試す、赤", ("A",), 0.5)


def test_all_bad_rows_are_told_and_nothing_is_written(space: at.Workspace) -> None:
    bad = "id,date,score,seed\na,yesterday,.5,1\nb,2024-13-45,high,x\na,2024-01-01,.5,1,extra\n"
    with pytest.raises(UsageError) as error:
        imported(space, bad)
    for said in (
        "line 2: 'yesterday' is no date", "line 3: 'high' in column 'score' is no number",
        "line 3: '2024-13-45' is no date", "line 3: 'x' is no seed",
        "line 4: more cells than the header has", "line 4: 'a' is there twice",
    ):  # fmt: skip
        assert said in error.value.found
    assert not space.folder.runs.exists()


def test_column_of_scores_must_be_known(space: at.Workspace) -> None:
    with pytest.raises(UsageError, match="--score 'result'"):
        imported(space, "name,result,text\na,0.5,x\n")
    with pytest.raises(UsageError, match="Did you mean 'result'"):
        imported(space, "name,result\na,0.5\n", scores=["resul"])
    imported(space, "name,loss,result\na,hinge,0.5\n", scores=["result"])
    [run] = runlog.runs(space.folder)
    assert (run.score.metric if run.score else None, run.recipe) == ("result", {"loss": "hinge"})


@pytest.mark.parametrize("text", ["", "\n", "score,score\n1,2\n", 'score\n"1\n'])
def test_what_is_no_table_is_said(space: at.Workspace, text: str) -> None:
    with pytest.raises(UsageError):
        imported(space, text)


def test_frame_is_imported_with_its_index_and_gaps(space: at.Workspace) -> None:
    frame = pd.DataFrame(
        {"score": [0.5, None], "lr": [0.1, 0.2], "when": pd.to_datetime(["2024-05-01", None])},
        index=pd.Index(["a", "b"], name="exp"),
    ).rename(columns={"when": "日付"})
    assert len(space.import_runs(frame).added) == 2
    assert space.import_runs(frame).present == 2
    a, b = runlog.runs(space.folder)
    assert (a.tags, a.recipe) == (("a",), {"lr": 0.1})
    assert a.created < "2024-05-03"
    assert (b.tags, b.score, b.status) == (("b",), None, "done")


def test_cut_off_import_leaves_whole_runs_and_goes_on(
    space: at.Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, count = Path.rename, iter(range(10))

    def rename(self: Path, to: Path) -> Path:
        if self.parent.name.startswith(".import-") and next(count) == 1:
            raise OSError(28, "No space left on device")
        return real(self, to)

    monkeypatch.setattr(importing.Path, "rename", rename)
    with pytest.raises(AtarimaeError, match="can't be written"):
        imported(space, TABLE)
    assert [run.tags for run in runlog.runs(space.folder)] == [("exp1",)]
    assert [path.name for path in space.folder.runs.glob(".import-*")] == []
    again = imported(space, TABLE)
    assert (len(again.added), again.present) == (2, 1)


def test_imported_runs_say_that_they_cannot_be_compared(space: at.Workspace) -> None:
    imported(space, TABLE)
    one, two, _ = runlog.runs(space.folder)
    assert two.verdict is None
    refusal = obstacle(one, two)
    assert refusal is not None
    assert "was imported from a table and has no parts to compare" in refusal.what


def test_imported_run_is_the_best_only_where_nothing_was_run_here(space: at.Workspace) -> None:
    imported(space, TABLE)
    assert space.run("best").tags == ("exp3",)
    with space.log(because="ここで") as log:
        log.finish(scores=[Score("CV", 0.1, {})])
    assert space.run("best").id == log.id


def test_imported_runs_are_found_again(space: at.Workspace) -> None:
    imported(space, TABLE)
    found = space.runs(where="origin = 'import' and loss = 'arcface'", sort="-score")
    assert [tags[0] for tags in found["tags"]] == ["exp3", "exp2"]


def test_command_says_what_each_column_was_taken_for(
    space: at.Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    path = space.folder.root / "old.csv"
    path.write_text(TABLE, "utf-8")
    assert main(["-C", str(space.folder.root), "import", str(path), "--score", "LB,CV"]) == 0
    said = capsys.readouterr().out
    assert "3 added, 0 already there" in said
    assert "score: LB, CV" in said
    assert "because: 理由" in said
    assert "setting: loss, lr, augment" in said
