"""Notes are lines of a file: appended, with who and when, and never lost."""

import json
import os
import threading
from pathlib import Path

import pytest

import atarimae as at
from atarimae.cli import main
from atarimae.errors import UsageError
from atarimae.runlog import Run, notes, read, start


@pytest.fixture
def space(tmp_path: Path) -> at.Workspace:
    return at.init(tmp_path / "場所")


@pytest.fixture
def run(space: at.Workspace) -> Run:
    with start(space.folder, because="GeM を試す") as log:
        pass
    return read(log.folder)


def test_note_is_a_line_with_who_and_when(space: at.Workspace, run: Run) -> None:
    said = space.note(run.mark, "ぶれた写真で負ける 📷")
    [line] = (run.folder / "notes.jsonl").read_text("utf-8").splitlines()
    told = json.loads(line)
    assert (told["kind"], told["text"]) == ("note", "ぶれた写真で負ける 📷")
    assert told["by"]
    assert told["at"] > run.created
    assert [note.as_dict() for note in said.notes] == [told]


def test_last_conclusion_counts_and_the_first_stays_in_the_file(run: Run) -> None:
    run.note(conclusion="効いた")
    again = run.note(conclusion="効いていない: 種を変えると消える")
    assert again.conclusion == "効いていない: 種を変えると消える"
    assert [note.text for note in again.notes] == ["効いた", "効いていない: 種を変えると消える"]


def test_tag_is_taken_away_by_another_line(run: Run) -> None:
    run.note(tags=["final", "提出"])
    again = run.note(untag=["final"])
    assert again.tags == ("提出",)
    assert [(note.kind, note.text) for note in again.notes] == [
        ("tag", "final"), ("tag", "提出"), ("untag", "final"),
    ]  # fmt: skip
    assert again.note(tags=["final"]).tags == ("提出", "final")


def test_tag_that_is_there_is_not_written_twice(run: Run) -> None:
    run.note(tags=["final"])
    assert len(run.note(tags=["final"], untag=["never given"]).notes) == 1


def test_note_on_a_run_that_is_running(space: at.Workspace) -> None:
    with start(space.folder, because="長い") as log:
        space.note(log.id, "まだ下がっている")
    assert [note.text for note in read(log.folder).notes] == ["まだ下がっている"]


@pytest.mark.parametrize("said", [{}, {"text": " "}, {"tags": ["a", ""]}, {"conclusion": "\n"}])
def test_nothing_is_written_where_a_part_is_empty(run: Run, said: dict[str, object]) -> None:
    with pytest.raises(UsageError):
        run.note(**said)  # type: ignore[arg-type]
    assert not (run.folder / "notes.jsonl").exists()


def test_half_written_line_is_passed_over_and_the_next_is_whole(run: Run) -> None:
    run.note("one")
    with (run.folder / "notes.jsonl").open("ab") as file:
        file.write('{"at": "2026", "text": "二'.encode()[:-1])
    again = run.note("three")
    assert [note.text for note in again.notes] == ["one", "three"]


def test_line_and_paragraph_separators_stay_in_a_note(run: Run) -> None:
    assert run.note("one\u2028two\nthree").notes[0].text == "one\u2028two\nthree"


def test_notes_of_many_writers_are_all_there(run: Run) -> None:
    def write(who: int) -> None:
        for i in range(20):
            notes.append(run.folder, f"{who}-{i} " + "長" * 3000)

    threads = [threading.Thread(target=write, args=(who,)) for who in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    told = {note.text.split()[0] for note in read(run.folder).notes}
    assert told == {f"{who}-{i}" for who in range(4) for i in range(20)}


def test_command_notes_and_show_tells(
    space: at.Workspace, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    here = ["-C", str(space.folder.root)]
    words = ["note", run.mark, "見た", "--conclusion", "効いた", "--tag", "final", "--tag", "提出"]
    assert main([*here, *words, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["conclusion"], told["tags"]) == ("効いた", ["final", "提出"])
    main([*here, "show", run.mark, "--json"])
    shown = json.loads(capsys.readouterr().out)
    assert {key: shown[key] for key in ("notes", "conclusion", "tags")} == {
        key: told[key] for key in ("notes", "conclusion", "tags")
    }
    main([*here, "show", run.mark])
    text = capsys.readouterr().out
    for part in ("効いた", "final, 提出", "見た"):
        assert part in text
    main([*here, "runs", "--json"])
    assert json.loads(capsys.readouterr().out)["runs"][0]["tags"] == ["final", "提出"]


def test_command_without_anything_to_say_is_wrong_usage(
    space: at.Workspace, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["-C", str(space.folder.root), "note", run.mark]) == 2
    assert "nothing to note" in capsys.readouterr().err


def test_folder_that_may_not_be_written_is_said(run: Run) -> None:
    if os.geteuid() == 0:
        (run.folder / "notes.jsonl").mkdir()
    else:
        run.folder.chmod(0o500)
    with pytest.raises(at.AtarimaeError):
        run.note("x")
