"""The command line: words, exit codes, one JSON object on stdout, all else on stderr."""

import io
import json
import os
import pty
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

import atarimae as at
from atarimae.cli import COMMANDS, _parser, main
from atarimae.commands.command import joined
from atarimae.runlog import read, start
from atarimae.types import Score

ATARIMAE = [sys.executable, "-m", "atarimae"]


@pytest.fixture
def space(tmp_path: Path) -> Path:
    """A workspace with nothing in it."""
    at.init(tmp_path / "場所")
    return tmp_path / "場所"


def told(capsys: pytest.CaptureFixture[str], *words: object) -> tuple[int, dict]:
    """Exit code, and the one JSON object that is on stdout."""
    capsys.readouterr()
    code = main([*map(str, words), "--json"])
    return code, json.loads(capsys.readouterr().out)


# -- help ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", COMMANDS)
def test_help_of_every_command_shows_an_example(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as end:
        main([name, "--help"])
    example = COMMANDS[name].example
    assert end.value.code == 0
    assert f"example:\n  {example}" in capsys.readouterr().out


@pytest.mark.parametrize("name", COMMANDS)
def test_example_is_a_call_that_the_parser_takes(name: str) -> None:
    program, *words = shlex.split(COMMANDS[name].example)
    assert program == "atarimae"
    assert _parser().parse_args(joined(words)).run is COMMANDS[name].run


def test_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])
    said = capsys.readouterr().out
    assert [name for name in COMMANDS if not re.search(rf"\n    {name}\s", said)] == []


def test_version_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--version"])
    assert capsys.readouterr().out == f"atarimae {at.__version__}\n"


# -- -C --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("words", [["-C", "{}", "runs"], ["runs", "-C", "{}"]])
def test_workspace_is_named_before_or_after_the_command(
    space: Path, words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with at.open(space).log(because="ここ") as log:
        pass
    code, found = told(capsys, *(word.format(space) for word in words))
    assert (code, [run["id"] for run in found["runs"]]) == (0, [log.id])


def test_workspace_is_the_nearest_one_if_none_is_named(
    space: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (space / "photos").mkdir()
    monkeypatch.chdir(space / "photos")
    assert told(capsys, "runs") == (0, {"runs": []})


@pytest.mark.parametrize("words", [["--json", "runs"], ["runs", "--json"]])
def test_json_is_asked_for_before_or_after_the_command(
    space: Path, words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["-C", str(space), *words]) == 0
    assert json.loads(capsys.readouterr().out) == {"runs": []}


# -- errors ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "what", "fix"),
    [
        ("", "required: COMMAND", "--help"),
        ("fitt", "'fitt'", "--help"),
        ("runs --nonsense", "--nonsense", "--help"),
        ("show", "required: RUN", "--help"),
        ("show nope", "No run 'nope'", "'atarimae fit' first"),
        ("compare nope nope", "No run 'nope'", "'atarimae fit' first"),
        ("ship nope --out out", "No run 'nope'", "'atarimae fit' first"),
        ("fit --resume nope", "No run 'nope'", "'atarimae fit' first"),
        ("fit", "A run needs a reason.", "--because"),
        ("fit --because x --set imagesize=32", "No recipe key 'imagesize'", "'image_size'"),
        ("fit --because x --set lr", "--set lr sets nothing.", "key=value"),
        ("fit --because x --set lr=-1", "can't be used", "docs/fit.md"),
        ("fit --because x --set lr=fast", "can't be used", "docs/fit.md"),
        ("fit a.toml --resume r", "resumed can't be changed", "without --resume"),
        ("fit --resume r --set lr=1", "resumed can't be changed", "without --resume"),
        ("fit --resume r --because x", "resumed can't be changed", "without --resume"),
        ("fit --resume r --stage smoke", "resumed can't be changed", "without --resume"),
        ("-C typo runs", "No workspace in", "Name the workspace's folder"),
        ("fit --because x --seed one", "invalid int value: 'one'", "--help"),
        ("fit --because x --stage smoek", "No stage 'smoek'", "'smoke'"),
        ("fit --because x --stage atuo", "No stage 'atuo'", "'auto'"),
        ("fit --because x --device gpu", "No device 'gpu'", "Did you mean 'cpu'"),
        ("fit none.toml --because x", "none.toml can't be read", "TOML"),
        ("fit broken.toml --because x", "broken.toml can't be read", "TOML"),
        ("fit unknown.toml --because x", "No recipe key 'projektion'", "'projection'"),
        ("add nothing", "Nothing to add in", "Name a folder"),
        ("add bad.csv", "wrong columns", "file,label"),
        ("init other --task retreive", "No task 'retreive'", "'retrieve'"),
        ("label a.png", "Which class is it?", "--class"),
        ("label a.png --class x --none", "Which class is it?", "--class"),
        ("label a.png --class x", "No file 'a.png' in the data", "atarimae at last"),
        ("change a.png", "What is to be changed?", "--split"),
        ("remove a.png", "No file 'a.png' in the data", "atarimae at last"),
        ("undo --since noon", "No moment 'noon'", "14:00"),
        ("undo 3 --since 14:00", "What is to be undone?", "--since"),
        ("at first", "'first' is no version", "atarimae edits"),
    ],
)
def test_wrong_usage_ends_with_two_and_says_how_to_mend_it(
    space: Path, words: str, what: str, fix: str,
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.chdir(space)
    monkeypatch.setattr(sys, "stdin", io.StringIO("a reason that nobody was asked for\n"))
    (space / "broken.toml").write_text("lr = = 1")
    (space / "unknown.toml").write_text("projektion = 16")
    (space / "bad.csv").write_text("name\na.png\n")
    before = sorted(space.rglob("*"))
    code, found = told(capsys, *words.split())
    assert code == 2
    assert list(found) == ["error"]
    assert list(found["error"]) == ["what", "found", "fix"]
    assert what in found["error"]["what"]
    assert fix in found["error"]["fix"]
    assert [path for path in sorted(space.rglob("*")) if path not in before + store(space)] == []


def store(space: Path) -> list[Path]:
    return sorted(space.glob("store.sqlite*"))


@pytest.mark.parametrize("name", [name for name in COMMANDS if name not in ("init", "index", "search", "score", "serve", "watch", "demo")])  # fmt: skip  # noqa: E501
def test_without_a_workspace_every_command_says_so(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = {
        "add": ["."], "fit": ["--because", "x"], "show": ["r"], "compare": ["r", "r"],
        "ship": ["r", "--out", "o"], "note": ["r", "x"], "import": ["t.csv"], "restore": ["r", "d"],
        "mirror": ["--to", "sqlite:///m.db"], "noise": ["r"], "sweep": ["s.toml"],
        "rank": ["r"], "submit": ["r"], "propose": ["r"], "export": ["csv", "o"],
        "label": ["a", "--none"], "change": ["a", "--split", "val"], "remove": ["a"], "at": ["1"],
        "diff": ["1"], "confirm": ["a"], "accept": ["--class", "a"], "agree": ["show", "1"],
    }.get(name, [])  # fmt: skip
    code, found = told(capsys, "-C", tmp_path, name, *words)
    assert code == 2
    assert found["error"]["what"] == f"No workspace in {tmp_path} or above it."
    assert "atarimae init" in found["error"]["fix"]


@pytest.mark.parametrize(
    "words", ["score nothing --queries q.csv", "serve nothing", "init taken", "show best"]
)
def test_refusal_ends_with_one(
    space: Path, words: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(space)
    at.init("taken")
    (space / "q.csv").write_text("file,label\n")
    code, found = told(capsys, *words.split())
    assert code == 1
    assert list(found["error"]) == ["what", "found", "fix"]
    assert found["error"]["what"]


def test_error_is_told_to_people_on_stderr(space: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["-C", str(space), "show", "nope"]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err == (
        "atarimae: No run 'nope'.\n  There is no run yet.\n  Run 'atarimae fit' first.\n"
    )


def test_reason_is_asked_for_in_a_terminal(space: Path) -> None:
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [*ATARIMAE, "-C", str(space), "fit"], stdin=theirs, stderr=subprocess.PIPE, text=True
    )
    os.write(ours, b"\n")
    said = process.communicate(timeout=60)[1]
    assert process.returncode == 2
    assert said.startswith("Why is this worth trying? ")
    assert "It is empty." in said


def test_unknown_backbone_names_the_nearest_and_the_run_has_failed(
    space: Path, photos: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    at.open(space).add(photos)
    words = ["fit", "--because", "x", "--set", "backbone=tf_efficientnet_lite9"]
    code, found = told(capsys, "-C", space, *words)
    assert code == 2
    assert found["error"]["what"] == "No backbone 'tf_efficientnet_lite9' in timm."
    assert "tf_efficientnet_lite" in found["error"]["fix"]
    _, listed = told(capsys, "-C", space, "runs")
    assert [run["status"] for run in listed["runs"]] == ["failed"]


def test_data_that_can_not_be_split_is_refused_before_a_run_begins(
    space: Path, photos: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    at.open(space).add(next(photos.glob("*/*.png")))
    code, found = told(capsys, "-C", space, "fit", "--because", "x")
    assert code == 1
    assert "split is possible" in found["error"]["what"]
    assert told(capsys, "-C", space, "runs")[1] == {"runs": []}


@pytest.mark.parametrize("words", ["init /proc/xx", "ship last --out /proc/xx/bundle"])
def test_error_of_the_system_is_no_traceback(
    walked, words: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(walked.workspace)
    code, found = told(capsys, *words.split())
    assert code == 1
    assert "/proc/xx" in found["error"]["what"]
    assert all(found["error"].values())


# -- results ---------------------------------------------------------------------------------------


def test_partial_add_ends_with_one_and_takes_the_rest(
    space: Path, photos: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (photos / "赤 red" / "text.png").write_text("no picture")
    code, found = told(capsys, "-C", space, "add", photos)
    assert code == 1
    assert (found["added"], found["present"]) == (48, 0)
    (refused,) = found["refused"]
    assert list(refused) == ["file", "found", "fix"]
    assert refused["file"].endswith("赤 red/text.png")
    assert told(capsys, "-C", space, "add", photos)[1]["present"] == 48


def test_edit_is_listed_undone_and_redone(
    space: Path, photos: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told(capsys, "-C", space, "add", photos)
    code, undone = told(capsys, "-C", space, "undo", "1")
    assert (code, undone["files_removed"], undone["labels_removed"]) == (0, 48, 48)
    told(capsys, "-C", space, "redo")
    _, listed = told(capsys, "-C", space, "edits")
    assert [(edit["action"], edit["undone_by"]) for edit in listed["edits"]] == [
        ("add", None), ("undo", 3), ("redo", None),
    ]  # fmt: skip
    assert main(["-C", str(space), "edits", "--last", "1"]) == 0
    assert "+48 files, +48 labels  edit 2\nThere are older ones" in capsys.readouterr().out
    assert told(capsys, "-C", space, "undo")[0] == 2  # nothing is named


def test_runs_have_the_promised_shape_oldest_first(
    space: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with at.open(space).log(because="前", seed=3) as log:
        log.finish(scores=[Score("mrr@20", 0.5, {}, low=0.25, high=0.75), Score("b", 1.0, {})])
    with pytest.raises(ZeroDivisionError), at.open(space).log(because="後") as failed:
        failed.metric("loss", 1 / 0)
    _, found = told(capsys, "-C", space, "runs")
    first, second = found["runs"]
    promised = [
        "id", "because", "stage", "seed", "metric", "value", "low", "high", "seconds", "parent",
    ]  # fmt: skip
    assert list(first)[:10] == list(second)[:10] == promised
    assert [first[key] for key in promised if key != "seconds"] == [
        log.id, "前", "log", 3, "mrr@20", 0.5, 0.25, 0.75, None,
    ]  # fmt: skip
    assert first["seconds"] == read(log.folder).seconds
    assert [second[key] for key in ("because", "metric", "value", "low")] == [
        "後", None, None, None,
    ]  # fmt: skip


def test_run_whose_parent_is_gone_is_shown_without_it(
    space: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with start(at.open(space).folder, because="x", parent="261122-110000-gone"):
        pass
    code, found = told(capsys, "-C", space, "show", "last")
    assert (code, found["parent"]) == (0, "261122-110000-gone")


def test_show_tells_all_of_one_run(walked, capsys: pytest.CaptureFixture[str]) -> None:
    code, found = told(capsys, "-C", walked.workspace, "show", "last")
    assert code == 0
    assert (found["id"], found["because"], found["task"]) == (walked.run, "試す", "retrieve")
    assert found["recipe"]["image_size"] == 32
    assert found["scores"][0]["metric"] == "mrr@20"
    assert {"training_seconds", "peak_mb", "parameters", "ms_per_image"} <= found["costs"].keys()


@pytest.mark.parametrize(
    ("words", "held"),
    [("runs", "試す"), ("show last", "試す"), ("compare last last", "no difference seen")],
)
def test_people_get_text_that_is_no_json(
    walked, words: str, held: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["-C", str(walked.workspace), *words.split()]) == 0
    said = capsys.readouterr().out
    assert held in said
    with pytest.raises(json.JSONDecodeError):
        json.loads(said)


@pytest.mark.parametrize("command", ["init", "add", "fit", "ship"])
def test_stdout_holds_one_json_object_and_nothing_else(walked, command: str) -> None:
    said = walked.said[command].stdout
    assert isinstance(json.loads(said), dict)
    assert said.count("\n") == 1


def test_results_of_the_walk(walked) -> None:
    found = {command: json.loads(done.stdout) for command, done in walked.said.items()}
    assert found["init"] == {"workspace": str(walked.workspace)}
    assert (found["add"]["added"], found["add"]["refused"]) == (50, [])
    assert (found["fit"]["id"], found["fit"]["metric"]) == (walked.run, "mrr@20")
    assert found["ship"] == {
        "bundle": str(walked.bundle), "run": walked.run, "gallery": 42,
        "index": {"kind": "exact", "generation": 1},
    }  # fmt: skip


def test_progress_in_a_terminal_goes_to_stderr(space: Path, photos: Path) -> None:
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [*ATARIMAE, "-C", str(space), "add", str(photos), "--json"],
        stdout=subprocess.PIPE, stderr=theirs, env=os.environ | {"TERM": "xterm"},
    )  # fmt: skip
    said = process.communicate(timeout=60)[0]
    os.close(theirs)
    assert json.loads(said)["added"] == 48
    assert b"add" in os.read(ours, 1 << 16)


def test_reader_that_goes_away_is_no_error(space: Path) -> None:
    """`atarimae runs | head`: whoever reads has seen enough."""
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [*ATARIMAE, "-C", str(space), "runs", "--json"],
        stdout=writer, stderr=subprocess.PIPE, text=True, check=False,
    )  # fmt: skip
    os.close(writer)
    assert (done.returncode, done.stderr) == (0, "")


# -- a full disk -----------------------------------------------------------------------------------

FULL = """
import resource, sys
from atarimae.cli import main
limit = int(sys.argv.pop(1))
resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))  # no file may grow further: EFBIG
sys.exit(main())
"""


@pytest.mark.parametrize(
    ("limit", "kept", "change"),
    [
        pytest.param(100, True, "projection=64", id="the store", marks=pytest.mark.long),
        pytest.param(50_000, True, "projection=64", id="the checkpoint", marks=pytest.mark.long),
        pytest.param(50_000, False, "projection=64", id="the graph", marks=pytest.mark.long),
        pytest.param(200_000, True, "projection=0", id="the model", marks=pytest.mark.long),
    ],
)
def test_full_disk_fails_the_fit_in_three_parts_and_the_runs_can_be_listed(
    walked, tmp_path: Path, capsys: pytest.CaptureFixture[str],
    limit: int, kept: bool, change: str,
) -> None:  # fmt: skip
    space = walked.copy(tmp_path / "space")
    if kept:  # what the frozen backbone gave is there already
        shutil.copytree(walked.workspace / "cache", space / "cache")
    words = ["fit", "--because", "満杯", "--set", "image_size=32", "--set", change]
    done = subprocess.run(
        [sys.executable, "-c", FULL, str(limit), "-C", str(space), *words, "--json"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    error = json.loads(done.stdout)["error"]
    assert "can't be written" in error["what"]
    assert error["found"]
    assert error["fix"]
    code, found = told(capsys, "-C", space, "runs")
    assert code == 0
    assert found["runs"][0]["id"] == walked.run
    assert {run["status"] for run in found["runs"][1:]} <= {"failed", "interrupted"}
    assert not [path for path in space.rglob("*") if path.name.endswith((".part", ".tmp"))]


# -- what data sets hold is shown, and not obeyed --------------------------------------------------


def test_names_are_printed_as_they_are_and_what_a_terminal_obeys_is_written_out(
    space: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    name = ":dog: [red]x[/b] \x1b]0;title \u202egnp"
    picture = tmp_path / "a\x1b[2J.png"
    Image.new("RGB", (8, 8)).save(picture)
    main(["-C", str(space), "add", str(picture)])
    assert main(["-C", str(space), "label", str(picture), "--class", name]) == 0
    capsys.readouterr()
    main(["-C", str(space), "at", "last", "--list"])
    shown = capsys.readouterr().out
    assert "a\\x1b[2J.png  :dog: [red]x[/b] \\x1b]0;title \\u202egnp  -" in shown
    assert main(["-C", str(space), "label", str(picture) + "\x1b", "--class", name]) == 2
    assert "a\\x1b[2J.png\\x1b' in the data" in capsys.readouterr().err


def test_a_report_is_told_in_the_terminal_by_check_and_the_dearest_comes_first(
    space: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    for name in ("赤/a.png", "赤/b.png", "青/c.png"):
        (tmp_path / "photos" / name).parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (16, 16), "red" if "赤" in name else "blue").save(
            tmp_path / "photos" / name
        )
    main(["-C", str(space), "add", str(tmp_path / "photos")])
    capsys.readouterr()
    assert main(["-C", str(space), "look", "--report", str(tmp_path / "r.html")]) == 0
    first, *checks = capsys.readouterr().out.splitlines()
    assert first.endswith(f"See {tmp_path / 'r.html'}.")
    assert "       1  exact duplicates" in checks
    total = sum(int(line.split()[0]) for line in checks if not line.startswith("Not known of"))
    assert first.startswith(f"Findings: {total}. ")
