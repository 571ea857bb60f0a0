"""The index makes lists of runs fast. It is never believed against the folders."""

import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from atarimae import workspace
from atarimae.cli import main
from atarimae.errors import AtarimaeError
from atarimae.runlog import Run, curves, index, read, runs, start
from atarimae.types import Score
from atarimae.workspace import Workspace

LONG_AGO = 1_700_000_000


@pytest.fixture
def ws(tmp_path: Path) -> Workspace:
    return workspace.create(tmp_path / "場所", "retrieve")


@pytest.fixture
def old_run(ws: Workspace) -> Callable[..., Run]:
    """A done run whose files were last changed long ago, so that the index keeps them."""

    def old_run(because: str = "理由", values: list[float] | None = None) -> Run:
        with start(ws, because=because, recipe={"lr": 0.1}) as log:
            for step, value in enumerate(values or [0.5]):
                log.metric("loss", value, step=step)
            log.finish(scores=[Score("mrr@20", 0.5, {"k": 20}, low=0.4, high=0.6)])
        settle(log.folder)
        return read(log.folder)

    return old_run


def settle(folder: Path) -> None:
    for path in folder.iterdir():
        os.utime(path, (LONG_AGO, LONG_AGO))


def kept(ws: Workspace, kind: str = "records") -> set[str]:
    return {*index.get(ws, kind)}


def test_listed_run_is_the_one_that_was_read(ws: Workspace, old_run: Callable[..., Run]) -> None:
    run = old_run()
    assert runs(ws) == [run]
    assert kept(ws) == {run.id}
    assert runs(ws) == [run]


def test_list_comes_from_the_index(ws: Workspace, old_run: Callable[..., Run]) -> None:
    run = old_run("as it was")
    runs(ws)
    file = run.folder / "run.json"
    stat = file.stat()
    # Changed behind the index's back: same size, inode and time.
    file.write_text(file.read_text("utf-8").replace("as it was", "as it is!"), encoding="utf-8")
    os.utime(file, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert [run.because for run in runs(ws)] == ["as it was"]
    assert main(["-C", str(ws.root), "runs", "--reindex", "--json"]) == 0
    assert [run.because for run in runs(ws)] == ["as it is!"]


@pytest.mark.parametrize("name", ["run.json", "result.json", "recipe.toml"])
def test_changed_file_is_read_again(ws: Workspace, old_run: Callable[..., Run], name: str) -> None:
    run = old_run()
    assert runs(ws) == [run]
    changed = {
        "run.json": ("理由", "別の"), "result.json": ("0.5", "0.7"), "recipe.toml": ("0.1", "0.2"),
    }[name]  # fmt: skip
    text = (run.folder / name).read_text("utf-8")
    assert changed[0] in text
    (run.folder / name).write_text(text.replace(*changed), encoding="utf-8")
    assert runs(ws) == [read(run.folder)] != [run]


def test_file_that_replaces_another_of_its_size_and_time_is_read(
    ws: Workspace, old_run: Callable[..., Run]
) -> None:
    """As rsync puts it there: renamed into place, with the time it had elsewhere."""
    run = old_run("as it was")
    runs(ws)
    other = run.folder / ".run.json.x"
    other.write_text((run.folder / "run.json").read_text("utf-8").replace("as it was", "as it is!"))
    os.utime(other, (LONG_AGO, LONG_AGO))
    other.replace(run.folder / "run.json")
    assert [run.because for run in runs(ws)] == ["as it is!"]


def test_file_changed_just_now_is_not_kept(ws: Workspace) -> None:
    with start(ws, because="a"):
        pass
    assert len(runs(ws)) == 1
    assert kept(ws) == set()


def test_run_that_is_going_on_is_looked_at_each_time(ws: Workspace) -> None:
    log = start(ws, because="a")
    settle(log.folder)
    assert [run.status for run in runs(ws)] == ["running"]
    assert kept(ws) == {log.id}
    assert [run.status for run in runs(ws)] == ["running"]
    log.finish()
    assert [run.status for run in runs(ws)] == ["done"]


def test_copied_run_appears_and_a_deleted_one_vanishes(
    tmp_path: Path, ws: Workspace, old_run: Callable[..., Run]
) -> None:
    run = old_run()
    assert len(runs(ws)) == 1
    shutil.copytree(run.folder, ws.runs / "copied")
    assert {run.id for run in runs(ws)} == {run.id, "copied"}
    shutil.rmtree(run.folder)
    assert [run.id for run in runs(ws)] == ["copied"]
    assert kept(ws) == {"copied"}


@pytest.mark.parametrize(
    "spoil",
    [
        lambda path: path.write_bytes(b"no database at all" * 100),
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(path.read_bytes()[:5000] + b"\xff" * 5000),
        lambda path: sqlite3.connect(path).execute("PRAGMA user_version = 99"),
        lambda path: sqlite3.connect(path, isolation_level=None).execute("DROP TABLE kept"),
        lambda path: sqlite3.connect(path, isolation_level=None).execute(
            "UPDATE kept SET value = 'half a val'"
        ),
    ],
)
def test_broken_index_is_made_anew(
    ws: Workspace, old_run: Callable[..., Run], spoil: Callable[[Path], object]
) -> None:
    run = old_run()
    runs(ws)
    spoil(index.path(ws))
    assert runs(ws) == [run]
    assert runs(ws) == [run]
    assert kept(ws) == {run.id}


def test_index_that_another_process_writes_is_done_without(
    ws: Workspace, old_run: Callable[..., Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(index, "BUSY_SECONDS", 0.05)
    run = old_run()
    runs(ws)
    shutil.copytree(run.folder, ws.runs / "copied")
    writer = sqlite3.connect(index.path(ws), isolation_level=None)
    writer.execute("BEGIN EXCLUSIVE")
    assert len(runs(ws)) == 2
    writer.execute("ROLLBACK")


READ_ONLY = """
import os, sys
from pathlib import Path
from atarimae import runlog, workspace
if os.getuid() == 0:
    os.setuid(65534)
space = workspace.open_(Path(sys.argv[1]))
print(len(runlog.runs(space)), len(runlog.curves(space, runlog.runs(space))))
"""


@pytest.mark.parametrize("indexed", [True, False])
def test_read_only_workspace_lists_its_runs(
    ws: Workspace, old_run: Callable[..., Run], indexed: bool
) -> None:
    old_run()
    if indexed:
        curves(ws, runs(ws))
    for folder in ws.root.parents:
        if folder.is_relative_to(tempfile.gettempdir()) and folder.owner() == ws.root.owner():
            folder.chmod(folder.stat().st_mode | 0o555)  # nobody else may pass otherwise
    inside = [folder for folder in (ws.root, *ws.root.rglob("*")) if folder.is_dir()]
    for folder in inside:
        folder.chmod(0o555)
    try:
        done = subprocess.run(
            [sys.executable, "-c", READ_ONLY, str(ws.root)], capture_output=True, text=True,
            check=False,
        )  # fmt: skip
        assert done.stdout == "1 1\n", done.stderr
        assert index.path(ws).exists() == indexed
    finally:
        for folder in inside:
            folder.chmod(0o755)


def test_one_broken_run_does_not_keep_the_others_from_the_index(
    ws: Workspace, old_run: Callable[..., Run]
) -> None:
    good, bad = old_run(), old_run()
    (bad.folder / "recipe.toml").write_text("lr = ")
    with pytest.raises(AtarimaeError, match=r"recipe\.toml"):
        runs(ws)
    assert kept(ws) == {good.id}


def test_recipe_with_a_date_is_listed_as_it_was_read(ws: Workspace) -> None:
    """JSON has no dates: such a run is read from its folder each time."""
    with start(ws, because="a") as log:
        pass
    (log.folder / "recipe.toml").write_text("day = 2026-11-22\n")
    settle(log.folder)
    assert runs(ws) == runs(ws) == [read(log.folder)]


MANY = """
import sys
from pathlib import Path
from atarimae import runlog, workspace
space = workspace.open_(Path(sys.argv[1]))
for number in range(20):
    if number % 5 == int(sys.argv[2]):
        runlog.remove_index(space)
    known = runlog.runs(space)
    assert len(known) == 12, len(known)
    assert all(len(one["loss"]) == 1 for one in runlog.curves(space, known).values())
"""


def test_four_processes_use_and_remove_the_index_at_once(
    ws: Workspace, old_run: Callable[..., Run]
) -> None:
    run = old_run()
    for number in range(11):
        shutil.copytree(run.folder, ws.runs / f"copy {number}")
    processes = [
        subprocess.Popen([sys.executable, "-c", MANY, str(ws.root), str(number)])
        for number in range(4)
    ]
    assert [process.wait() for process in processes] == [0] * 4


# Curves.


def test_curve_has_steps_and_values_in_order(ws: Workspace, old_run: Callable[..., Run]) -> None:
    run = old_run(values=[3.0, 2.0, float("nan"), 1.0])
    for _ in range(2):  # read, then kept
        points = curves(ws, [run])[run.id]["loss"]
        np.testing.assert_array_equal(points, [[0, 3], [1, 2], [2, np.nan], [3, 1]])
    assert kept(ws, "curves") == {run.id}


def test_long_curve_keeps_its_ends_and_spikes(ws: Workspace) -> None:
    values = [1000.0 - step for step in range(5000)]
    values[2500] = 1e6
    with start(ws, because="a") as log:
        for step, value in enumerate(values):
            log.metric("loss", value, step=step)
    points = curves(ws, [read(log.folder)])[log.id]["loss"]
    assert len(points) <= 300
    assert points[0].tolist() == [0, 1000]
    assert points[-1].tolist() == [4999, values[-1]]
    assert [2500, 1e6] in points.tolist()
    assert (np.diff(points[:, 0]) > 0).all()
    assert all(values[int(step)] == value for step, value in points)  # every point was logged


def test_x_is_the_step_or_the_epoch_or_the_place(ws: Workspace) -> None:
    with start(ws, because="a") as log:
        log.metric("a", 1, step=7, epoch=2)
        log.metric("b", 1, epoch=2)
        log.metric("c", 1)
    found = curves(ws, [read(log.folder)])[log.id]
    assert {name: points[0, 0] for name, points in found.items()} == {"a": 7, "b": 2, "c": 2}


def test_curve_goes_on_while_the_run_does(ws: Workspace) -> None:
    log = start(ws, because="a")
    lengths = []
    for step in range(3):
        log.metric("loss", 1, step=step)
        lengths.append(len(curves(ws, [read(log.folder)])[log.id]["loss"]))
    assert lengths == [1, 2, 3]


def test_broken_lines_of_a_crash_are_left_out(ws: Workspace, old_run: Callable[..., Run]) -> None:
    run = old_run(values=[1.0, 2.0])
    with (run.folder / "metrics.jsonl").open("a", encoding="utf-8") as file:
        file.write('\0\0\0\n{"name": "loss", "value": 3, "step": 5}\n[1]\n{"name": "los')
    points = curves(ws, [read(run.folder)])[run.id]["loss"]
    assert points.tolist() == [[0, 1], [1, 2], [5, 3]]


def test_run_without_metrics_has_no_curves(ws: Workspace, old_run: Callable[..., Run]) -> None:
    run = old_run()
    (run.folder / "metrics.jsonl").unlink()
    assert curves(ws, [run]) == {run.id: {}}
