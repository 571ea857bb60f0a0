"""Each thing that can be wrong with a workspace is found, and a sound one has no finding."""

import json
import os
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from atarimae import runlog, workspace
from atarimae.add import add
from atarimae.cli import main
from atarimae.runlog import index, start
from atarimae.runlog.lock import is_held
from atarimae.tidy import doctor
from atarimae.types import Score
from atarimae.workspace import Workspace

LONG_AGO = 1_700_000_000


@pytest.fixture
def ws(tmp_path: Path, photos: Path) -> Workspace:
    """A sound workspace with images and a run."""
    made = workspace.create(tmp_path / "場所", "colour")
    add(made, [photos], copy=True)
    with start(made, because="a", recipe={"lr": 0.1}) as log:
        log.metric("loss", 1)
        log.finish(scores=[Score("accuracy", 0.5, {})])
    for path in log.folder.iterdir():
        os.utime(path, (LONG_AGO, LONG_AGO))
    runlog.runs(made)
    return made


def picture(ws: Workspace) -> Path:
    return sorted(ws.images.rglob("*.png"))[0]


def folder(ws: Workspace) -> Path:
    return next(path for path in ws.runs.iterdir() if (path / "run.json").exists())


def remove_picture(ws: Workspace) -> None:
    picture(ws).unlink()


def change_picture(ws: Workspace) -> None:
    content = bytearray(picture(ws).read_bytes())
    content[-20] ^= 1  # the same size
    picture(ws).write_bytes(content)


def damage_store(ws: Workspace) -> None:
    with sqlite3.connect(ws.root / "store.sqlite") as store:
        store.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    store.close()
    path = ws.root / "store.sqlite"
    content = bytearray(path.read_bytes())
    content[4096:] = b"\xff" * (len(content) - 4096)
    path.write_bytes(content)


def break_run(ws: Workspace) -> None:
    (folder(ws) / "run.json").write_text("{")


def break_metrics(ws: Workspace) -> None:
    (folder(ws) / "metrics.jsonl").write_bytes(b'{"name": "a", "value": 1}\n\0\0\n{"name": "ha')


def break_table(ws: Workspace) -> None:
    (folder(ws) / "parts.parquet").write_bytes(b"PAR1")


def leave_half(ws: Workspace) -> None:
    path = folder(ws) / ".result.json.abcd1234"
    path.write_text("{")
    os.utime(path, (LONG_AGO, LONG_AGO))


def leave_lock(ws: Workspace) -> None:
    log = start(ws, because="killed")
    log._lock.release()
    (log.folder / "lock").touch()  # as a kill leaves it
    assert not is_held(log.folder)


def spoil_index(ws: Workspace) -> None:
    with sqlite3.connect(index.path(ws)) as kept:
        kept.execute("UPDATE kept SET value = replace(value, '0.5', '0.9') WHERE kind = 'records'")
        assert kept.total_changes == 1
    kept.close()


def test_sound_workspace_has_no_finding(ws: Workspace) -> None:
    assert doctor(ws) == []


def test_empty_workspace_is_sound(tmp_path: Path) -> None:
    assert doctor(workspace.create(tmp_path / "new", "colour")) == []


@pytest.mark.parametrize(
    ("harm", "check", "what"),
    [
        (remove_picture, "images", "1 images are missing"),
        (change_picture, "images", "1 images have changed"),
        (break_run, "runs", "run.json can't be read"),
        (break_metrics, "runs", "metrics.jsonl is damaged"),
        (break_table, "runs", "parts.parquet can't be read"),
        (leave_half, "half-written", ".result.json.abcd1234 was never finished"),
        (leave_lock, "locks", "was interrupted"),
        (spoil_index, "index", "The index of runs is not what the folders say"),
    ],
)
def test_harm_is_found_named_and_has_a_fix(
    ws: Workspace, harm: Callable[[Workspace], None], check: str, what: str
) -> None:
    harm(ws)
    found = doctor(ws)
    assert {one.check for one in found} == {check}
    assert any(what in one.what for one in found)
    assert all(one.found and one.fix for one in found)


def test_damaged_store_is_found(ws: Workspace) -> None:
    damage_store(ws)
    assert "store" in {one.check for one in doctor(ws)}


def test_full_disk_is_found(ws: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("atarimae.tidy.findings.ROOM", 10**18)
    assert [one.check for one in doctor(ws)] == ["disk"]


def test_run_that_is_going_on_is_sound(ws: Workspace) -> None:
    log = start(ws, because="now")
    assert doctor(ws) == []
    log.finish()


def test_command_exits_with_1_where_there_are_findings(
    ws: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["-C", str(ws.root), "doctor"]) == 0
    assert "sound" in capsys.readouterr().out
    remove_picture(ws)
    assert main(["-C", str(ws.root), "doctor", "--json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert [one["check"] for one in told["findings"]] == ["images"]
    assert main(["-C", str(ws.root), "doctor"]) == 1
    assert "Put them back" in capsys.readouterr().out
