"""A gap from the command line: a run's folder, its workspace, and what can be had again."""

import json

import pytest
from world import Side, answers, asked, mean, rr, sides

from atarimae import files, task, workspace
from atarimae.board import describe, record
from atarimae.cli import main
from atarimae.runlog import Run, read, start
from atarimae.store import Row, Store
from atarimae.task import Context
from atarimae.workspace import Workspace

RETRIEVE = task.load("retrieve")


def fitted(space: Workspace, side: Side) -> Run:
    """A run that gave these answers, and whose model is gone."""
    everything = [*side.data.files, *side.train.files]
    Store(space).record(
        Row(
            file, side.data.images[file.image],
            tuple(label.value for label in side.data.labels.get(file.image, ())),
            frozenset({"role", "source", "split"}),
        )
        for file in everything
    )  # fmt: skip
    told = answers(side).predictions
    index = RETRIEVE.index(list(side.rows), side.data)
    scores = RETRIEVE.score(told, side.data, Context(index))
    version = Store(space).data().version
    with start(space, because="試す", stage="holdout", data=version) as run:
        paths = sorted(file.path for file in side.data.files)
        files.write_json(run.folder / "evaluated.json", {"files": paths})
        run.scores(scores, told)
        run.finish(scores=scores)
    return read(run.folder)


@pytest.fixture
def gap(space: Workspace) -> tuple[Workspace, Run]:
    """A run whose board counts the rank of the first hit one too large."""
    cv, board = sides(1.1)
    run = fitted(space, cv)
    record(run, round(mean([rr(q.hits, shift=1) for q in asked(board) if q.there]), 4))
    describe(space, "public", public_share=None, queries=len(board.data))
    return space, run


def test_one_command_finds_the_mistake(gap, capsys) -> None:
    space, run = gap
    assert main(["-C", str(space.root), "lb", run.mark, "--explain", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    first = told["hypotheses"][0]
    found = [change for changes in [first["changes"], *first["same"]] for change in changes]
    assert told["verdict"] == "explained"
    assert "first hit's rank one too large: 1/(rank + 1)" in found
    assert told["cv"] == [pytest.approx(run.score.value, abs=1e-6)]


def test_own_way_is_the_score_of_the_run(gap, capsys) -> None:
    space, run = gap
    main(["-C", str(space.root), "lb", run.mark, "--explain", "--json"])
    told = json.loads(capsys.readouterr().out)["hypotheses"]
    own = next(h for h in told if not h["changes"])
    assert own["values"] == [pytest.approx(run.score.value, abs=1e-6)]


def test_what_needs_the_model_is_named_where_it_is_gone(gap, capsys) -> None:
    space, run = gap
    assert main(["-C", str(space.root), "lb", run.mark, "--explain"]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "Likeliest:" in said
    assert "Not recomputed: cut at 50" in said
    assert "model.json can't be read" in said


def test_file_that_was_sent_is_looked_at(gap, tmp_path, capsys) -> None:
    space, run = gap
    sent = tmp_path / "提出.csv"
    sent.write_text("file,matches\n絵 1.png,絵%201.png b.png\nc.png,b.png b.png a.png\n", "utf-8")
    record(run, 0.3, submission=sent)
    main(["-C", str(space.root), "lb", run.mark, "--explain", "--json"])
    assert json.loads(capsys.readouterr().out)["submission"] == [
        "1 of 2 rows hold one answer twice, 'c.png' for one.",
        "1 of 2 rows answer with the query itself, '絵 1.png' for one.",
        "1 of 2 rows answer with the query itself in first place, '絵 1.png' for one.",
        "Its lists are 2 to 3 answers long.",
    ]


def test_file_that_has_changed_since_is_not_looked_at(gap, tmp_path, capsys) -> None:
    space, run = gap
    sent = tmp_path / "提出.csv"
    sent.write_text("file,matches\na.png,a.png\n", "utf-8")
    record(run, 0.3, submission=sent)
    sent.write_text("file,matches\na.png,b.png\n", "utf-8")
    main(["-C", str(space.root), "lb", run.mark, "--explain", "--json"])
    (said,) = json.loads(capsys.readouterr().out)["submission"]
    assert "has changed since" in said


def test_file_with_one_column_says_what_it_needs(gap, tmp_path, capsys) -> None:
    space, run = gap
    sent = tmp_path / "提出.csv"
    sent.write_text("file\na.png\n", "utf-8")
    record(run, 0.3, submission=sent)
    assert main(["-C", str(space.root), "lb", run.mark, "--explain"]) == 2
    assert "two columns" in capsys.readouterr().err


def test_run_without_a_score_has_no_gap(gap, capsys) -> None:
    space, run = gap
    words = ["-C", str(space.root), "lb", run.mark, "--explain", "--board", "他の"]
    assert main(words) == 1
    assert "no gap to explain" in capsys.readouterr().err


def test_run_without_answers_says_so(space: Workspace, log, capsys) -> None:
    run = log([0.5, 0.6])
    record(run, 0.1)
    assert main(["-C", str(space.root), "lb", run.id, "--explain"]) == 1
    assert "kept no answers" in capsys.readouterr().err


def test_task_that_knows_no_other_way_says_so(tmp_path, capsys) -> None:
    space = workspace.create(tmp_path / "色", "colour")
    with start(space, because="試す") as run:
        run.finish()
    assert main(["-C", str(space.root), "lb", run.id, "--explain"]) == 1
    assert "knows no other ways to count" in capsys.readouterr().err
