"""Outside scores are appended to a run, and what is known of a board is kept."""

import json
from pathlib import Path

import pytest

from atarimae.board import describe, record
from atarimae.board.entries import Board, boards, entries, known
from atarimae.errors import UsageError
from atarimae.workspace import Workspace


def test_score_is_one_line_and_the_next_one_is_appended(space: Workspace, log, tmp_path) -> None:
    run = log([0.5])
    sent = tmp_path / "提出 1.csv"
    sent.write_text("file,matches\n", "utf-8")
    record(run, 0.412, note="最初", submission=sent)
    record(run, 0.41, board="私的 private")
    lines = (run.folder / "lb.jsonl").read_text("utf-8").splitlines()
    first = json.loads(lines[0])
    assert len(lines) == 2
    assert (first["score"], first["board"], first["note"]) == (0.412, "public", "最初")
    assert first["submission"]["path"] == str(sent)
    assert len(first["submission"]["sha256"]) == 64
    assert [e.score for e in entries(space, "public")] == [0.412]
    assert boards(space) == ["public", "私的 private"]


def test_line_that_a_crash_left_half_written_is_passed_over(space: Workspace, log) -> None:
    run = log([0.5])
    record(run, 0.4)
    with (run.folder / "lb.jsonl").open("a", encoding="utf-8") as file:
        file.write('{"score": 0.')
    record(run, 0.5)
    assert [e.score for e in entries(space, "public")] == [0.4, 0.5]


@pytest.mark.parametrize("score", [float("nan"), float("inf")])
def test_score_that_is_no_number_is_refused(log, score: float) -> None:
    with pytest.raises(UsageError, match="finite"):
        record(log([0.5]), score)


def test_submission_that_is_not_there_is_refused_and_nothing_is_recorded(log) -> None:
    run = log([0.5])
    with pytest.raises(UsageError, match="can't be read"):
        record(run, 0.4, submission=Path("無い.csv"))
    assert not (run.folder / "lb.jsonl").exists()


def test_board_needs_saying_once(space: Workspace) -> None:
    describe(space, "public", public_share=0.3, queries=None)
    describe(space, "public", public_share=None, queries=2000)
    describe(space, "別の", public_share=1.0, queries=10)
    assert known(space, "public") == Board("public", 0.3, 2000)
    assert known(space, "public").public == 600
    assert known(space, "unsaid").public is None


@pytest.mark.parametrize(("share", "queries"), [(0.0, None), (30.0, None), (None, 0)])
def test_board_out_of_range_is_refused(space: Workspace, share, queries) -> None:
    with pytest.raises(UsageError):
        describe(space, "public", public_share=share, queries=queries)
    assert not (space.root / "boards.toml").exists()


def test_boards_file_that_is_broken_says_how_it_should_be(space: Workspace) -> None:
    (space.root / "boards.toml").write_text("public = 3", "utf-8")
    with pytest.raises(UsageError, match="a table a board"):
        known(space, "public")
