"""What can go goes when it is asked for; what a verdict or a bundle rests on never does."""

import json
import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from atarimae import bundle, runlog, workspace
from atarimae import task as tasks
from atarimae.add import add
from atarimae.cli import main
from atarimae.predict import tilecache
from atarimae.predict.tiles import weights_key
from atarimae.runlog import Run, start
from atarimae.runlog.writer import amend
from atarimae.tidy import gc
from atarimae.tidy.garbage import size
from atarimae.types import Score
from atarimae.workspace import Workspace

LONG_AGO = 1_700_000_000
COLOUR = tasks.load("colour")


@pytest.fixture
def ws(tmp_path: Path) -> Workspace:
    return workspace.create(tmp_path / "場所", "colour")


@pytest.fixture
def run(ws: Workspace) -> Callable[..., Run]:
    """A run with a model of 1,000 bytes, with the score and status that a test gives it."""

    def run(value: float, *, verdict: str | None = None, status: str = "done") -> Run:
        with start(ws, because="a", stage="holdout") as log:
            (log.folder / "model").mkdir()
            (log.folder / "model" / "x.onnx").write_bytes(b"1" * 1000)
            log.metric("loss", 1)
            log.finish(status, scores=[Score("accuracy", value, {})])
            log.verdict({"verdict": verdict})
        return runlog.read(log.folder)

    return run


def gone(ws: Workspace, **asked: object) -> dict[str, str]:
    return {item.path: item.why for item in gc(ws, COLOUR, **asked).items}


def age(*paths: Path) -> None:
    for path in paths:
        os.utime(path, (LONG_AGO, LONG_AGO))


def test_nothing_goes_unless_it_is_asked_for(ws: Workspace, run: Callable[..., Run]) -> None:
    failed = run(0.1, status="failed")
    (failed.folder / "checkpoint").mkdir()
    (failed.folder / "checkpoint" / "last.safetensors").write_bytes(b"1" * 500)
    found = gc(ws, COLOUR)
    assert [(item.path, item.bytes) for item in found.items] == [
        (f"runs/{failed.id}/checkpoint", 500)
    ]
    assert found.runs[failed.id] == size(failed.folder) > 1500
    assert (failed.folder / "checkpoint").is_dir()
    gc(ws, COLOUR, delete=True)
    assert not (failed.folder / "checkpoint").exists()
    assert failed.model.is_dir()


@pytest.mark.parametrize("status", ["stopped", "interrupted", "running"])
def test_checkpoint_that_a_run_can_go_on_from_stays(ws: Workspace, status: str) -> None:
    log = start(ws, because="a")
    (log.folder / "checkpoint").mkdir()
    if status == "stopped":
        log.finish("stopped")
    elif status == "interrupted":
        log._lock.release()
    assert runlog.read(log.folder).status == status
    assert gone(ws) == {}


def test_models_go_when_asked_but_never_of_the_best_or_the_shipped(
    ws: Workspace, run: Callable[..., Run]
) -> None:
    best = run(0.9, verdict="hurt")
    hurt, shipped = run(0.2, verdict="hurt"), run(0.3, verdict="hurt")
    helped = run(0.5, verdict="helped")
    (shipped.folder / "shipped.json").write_text("{}")
    assert gone(ws) == {}
    assert gone(ws, rejected=True) == {f"runs/{hurt.id}/model": "the model of a run that hurt"}
    assert gone(ws, older=1) == {}
    gc(ws, COLOUR, rejected=True, older=0, delete=True)
    there = {one.id for one in (best, hurt, shipped, helped) if one.model.exists()}
    assert there == {best.id, shipped.id}
    assert {(one.id, one.status) for one in runlog.runs(ws)} == {
        (one.id, "done") for one in (best, hurt, shipped, helped)
    }
    assert (hurt.folder / "metrics.jsonl").is_file()


def test_the_gate_and_the_verdict_both_reject_and_a_model_of_each_fold_goes(
    ws: Workspace, run: Callable[..., Run]
) -> None:
    run(0.9)
    passed, rejected, folded = run(0.1), run(0.2), run(0.3, verdict="hurt")
    amend(passed.folder, gate={"decision": "passed"})
    amend(rejected.folder, gate={"decision": "rejected"})
    (folded.folder / "folds" / "1").mkdir(parents=True)
    folded.model.rename(folded.folder / "folds" / "1" / "model")
    assert gone(ws, rejected=True) == {
        f"runs/{rejected.id}/model": "the model of a run that the gate rejected",
        f"runs/{folded.id}/folds/1/model": "the model of a run that hurt",
    }


def test_checkpoint_of_a_run_that_was_given_up_early_goes(
    ws: Workspace, run: Callable[..., Run]
) -> None:
    early = run(0.5, status="done early")
    (early.folder / "checkpoint").mkdir()
    assert [*gone(ws)] == [f"runs/{early.id}/checkpoint"]


def test_cache_of_runs_that_are_there_stays(tmp_path: Path, photos: Path) -> None:
    from atarimae.fit import fit

    ws = workspace.create(tmp_path / "ws", "colour")
    add(ws, [photos])
    first = fit(ws, COLOUR, COLOUR.recipe(epochs=1), because="a")
    second = fit(ws, COLOUR, COLOUR.recipe(epochs=2), because="b", seed=1)
    outputs = {path.name for path in (ws.cache / "outputs").iterdir()}
    assert len(outputs) == 2
    (ws.cache / "graphs").mkdir(exist_ok=True)
    kept = shutil.copy(first.model / "classify.onnx", ws.cache / "graphs" / "kept.onnx")
    (ws.cache / "graphs" / "old.onnx").write_bytes(b"of no run")
    kept_tiles, other_tiles = (_tiles(ws, run) for run in (first, second))
    shutil.rmtree(second.folder)
    gc(ws, COLOUR, delete=True)
    assert kept_tiles.is_dir()
    assert not other_tiles.exists()
    assert len({path.name for path in (ws.cache / "outputs").iterdir()}) == 1
    assert [path.name for path in (ws.cache / "graphs").iterdir()] == [Path(kept).name]
    blocks = set(ws.cache.rglob("*.npy"))
    fit(ws, COLOUR, COLOUR.recipe(epochs=1), because="the same")  # finds its outputs there
    assert set(ws.cache.rglob("*.npy")) == blocks


def _tiles(ws: Workspace, run: Run) -> Path:
    """Where tiles are that `mine` embedded with the run's model."""
    model = bundle.read_model(run.model)
    made = tilecache.place(ws.cache, weights_key(COLOUR.predictor(model), model))
    (made / "45").mkdir(parents=True)
    return made


def test_leftovers_of_killed_processes_go(ws: Workspace, run: Callable[..., Run]) -> None:
    done = run(0.5)
    half = done.folder / ".result.json.abcd1234"
    half.write_text("{")
    unborn = ws.runs / "261122-110000-7gk2"
    unborn.mkdir()
    (unborn / "metrics.jsonl").touch()
    assert gone(ws) == {}  # somebody may be writing them
    age(half, unborn)
    assert set(gone(ws, delete=True)) == {f"runs/{done.id}/{half.name}", f"runs/{unborn.name}"}
    assert not half.exists()
    assert not unborn.exists()


def test_an_archive_that_was_never_unpacked_goes_after_a_day(ws: Workspace) -> None:
    half = ws.archives / ".unpacking-abcd1234"
    (half / "瓶").mkdir(parents=True)
    os.utime(half, (time.time() - 3_600,) * 2)
    assert gone(ws) == {}  # a large one may still be unpacked
    os.utime(half, (time.time() - 100_000,) * 2)
    assert set(gone(ws, delete=True)) == {f"archives/{half.name}"}
    assert not half.exists()


def test_hidden_files_of_others_stay(ws: Workspace, run: Callable[..., Run]) -> None:
    hidden = [run(0.5).folder / name for name in (".DS_Store", ".gitkeep", ".my.settings")]
    for path in hidden:
        path.touch()
    age(*hidden)
    assert gone(ws) == {}


def test_command_lists_and_then_deletes(
    ws: Workspace, run: Callable[..., Run], capsys: pytest.CaptureFixture[str]
) -> None:
    run(0.9)
    hurt = run(0.1, verdict="hurt")
    assert main(["-C", str(ws.root), "gc", "--rejected"]) == 0
    told = capsys.readouterr().out
    assert f"runs/{hurt.id}/model" in told
    assert "--delete" in told
    assert hurt.model.exists()
    assert main(["-C", str(ws.root), "gc", "--rejected", "--delete", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["deleted"] is True
    assert found["bytes"] == 1000
    assert not hurt.model.exists()
