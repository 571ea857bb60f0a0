"""What an MLflow store holds after `mirror` is what the run folders hold, however often it ran."""

import hashlib
import json
import math
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from urllib.request import urlopen

import pandas as pd
import pytest
from mlflow.entities import Run as Theirs
from mlflow.entities import ViewType
from mlflow.telemetry.utils import is_telemetry_disabled
from mlflow.tracking import MlflowClient

import atarimae as at
from atarimae import cli
from atarimae.runlog import Run, read, start
from atarimae.runlog.writer import reopen

EXPERIMENT = "場所 🍶"


@pytest.fixture(scope="session")
def empty_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """MLflow takes seconds to make its tables."""
    path = tmp_path_factory.mktemp("mlflow") / "empty.db"
    MlflowClient(f"sqlite:///{path}").search_experiments()
    return path


@pytest.fixture
def store(empty_store: Path, tmp_path: Path) -> str:
    (tmp_path / "店").mkdir()
    return f"sqlite:///{shutil.copy(empty_store, tmp_path / '店' / 'mlflow.db')}"


def theirs(store: str, id: str, experiment: str = EXPERIMENT) -> Theirs:
    """The one run there that mirrors ours."""
    client = MlflowClient(store)
    known = client.get_experiment_by_name(experiment)
    found = client.search_runs([known.experiment_id], f"tags.`atarimae.run` = '{id}'")
    assert len(found) == 1
    return found[0]


def history(store: str, run: Theirs, name: str) -> list[tuple[int, float, int]]:
    """Step, value and time of each value, by step."""
    points = MlflowClient(store).get_metric_history(run.info.run_id, name)
    return sorted((point.step, point.value, point.timestamp) for point in points)


def artifacts(store: str, run: Theirs, under: str | None = None) -> dict[str, str]:
    """SHA-256 by path, without our own marks."""
    client, found = MlflowClient(store), {}
    for item in client.list_artifacts(run.info.run_id, under):
        if item.is_dir:
            found |= artifacts(store, run, item.path)
        elif not item.path.startswith("atarimae/"):
            local = Path(client.download_artifacts(run.info.run_id, item.path))
            found[item.path] = hashlib.sha256(local.read_bytes()).hexdigest()
    return found


def check(store: str, run: Run, *, models: bool = False, experiment: str = EXPERIMENT) -> None:
    """Everything that the folder holds is there, once."""
    there = theirs(store, run.id, experiment)
    lines = [json.loads(line) for line in (run.folder / "metrics.jsonl").open(encoding="utf-8")]
    told = pd.DataFrame(lines)
    for name, form in {"loss": "loss", "val/mrr@20": "val/mrr_at_20"}.items():
        rows = told[told["name"] == name]
        steps = rows["step"].fillna(rows["epoch"])
        ours = zip(steps.astype(int), rows["value"], (rows["at"] * 1000).round(), strict=True)
        assert history(store, there, form) == sorted(ours)
    assert {form: json.dumps(value) for form, value in (("lr", 0.001), ("flip", True))}.items() <= (
        there.data.params.items()
    )
    files = {
        path.relative_to(run.folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in run.folder.rglob("*")
        if path.is_file()
    }
    left_out = ("metrics.jsonl", "checkpoint/", "snapshot/", *(() if models else ("model/",)))
    wanted = {path: mark for path, mark in files.items() if not path.startswith(left_out)}
    assert artifacts(store, there) == wanted


def test_everything_that_was_logged_reads_back(ws: at.Workspace, write_run, store: str) -> None:
    first = write_run("はじめ 🍶")
    run = write_run("arcface should part the classes", parent=first.id)
    done = ws.mirror(store)
    assert (done.count("new"), done.files) == (2, 14)
    check(store, first)
    check(store, run)
    there = theirs(store, run.id)
    assert there.info.run_name == f"{run.mark} arcface should part the classes"
    assert there.info.status == "FINISHED"
    assert there.info.start_time == round(1000 * datetime.fromisoformat(run.created).timestamp())
    finished = json.loads((run.folder / "result.json").read_text())["finished"]
    assert there.info.end_time == round(1000 * datetime.fromisoformat(finished).timestamp())
    assert there.data.params == {
        "lr": "0.001", "image_size": "224", "flip": "true", "pooling": '["gem", "層"]',
        "aug.p": "0.5",
    }  # fmt: skip
    assert there.data.tags.items() >= {
        "because": "arcface should part the classes", "stage": "holdout", "seed": "3",
        "verdict": "helped", "parent": first.id, "data": "edit 7 abababababab",
        "task": "retrieve", "status": "done", "conclusion": "keep it", "tags": "best, 絵",
    }.items()  # fmt: skip
    story = there.data.tags["mlflow.note.content"]
    assert "**helped**: mrr@20 +0.0200 against x" in story
    assert "note: 見た" in story


def test_score_is_the_last_value_of_its_metric(ws: at.Workspace, write_run, store: str) -> None:
    run = write_run()
    ws.mirror(store)
    there = theirs(store, run.id)
    assert run.score is not None
    names = {"mrr_at_20": run.score.value, "mrr_at_20/low": run.score.low}
    assert there.data.metrics.items() >= names.items()
    assert there.data.metrics["cost/training_seconds"] == 12.5
    assert json.loads(there.data.tags["atarimae.renamed"]) == {
        "val/mrr_at_20": "val/mrr@20", "mrr_at_20": "mrr@20", "mrr_at_20/low": "mrr@20/low",
        "mrr_at_20/high": "mrr@20/high",
    }  # fmt: skip


def test_nan_and_infinity_come_through(ws: at.Workspace, write_run, store: str) -> None:
    run = write_run()
    ws.mirror(store)
    values = [value for _, value, _ in history(store, theirs(store, run.id), "損失")]
    assert math.isnan(values[0])
    assert values[1] > 1e300  # SQLite holds no infinity: MLflow keeps the largest number


def test_second_call_copies_nothing(ws: at.Workspace, write_run, store: str) -> None:
    run = write_run()
    ws.mirror(store)
    before = theirs(store, run.id).to_dictionary()
    again = ws.mirror(store)
    assert (again.runs, again.metrics, again.files) == (((run.id, "unchanged"),), 0, 0)
    assert theirs(store, run.id).to_dictionary() == before


def test_run_that_went_on_gets_its_new_metrics(ws: at.Workspace, store: str) -> None:
    log = start(ws.folder, because="a", recipe={"lr": 0.001, "flip": True})
    log.metric("loss", 0.5, step=1)
    log.metric("val/mrr@20", 0.5, epoch=1)
    ws.mirror(store)
    assert theirs(store, log.id).info.status == "RUNNING"
    assert theirs(store, log.id).info.end_time is None
    for step in range(2, 5):
        log.metric("loss", 1 / step, step=step)
    log.picture("late", b"png")
    log.finish()
    done = ws.mirror(store)
    assert (done.count("updated"), done.metrics) == (1, 3)
    check(store, read(log.folder))
    assert theirs(store, log.id).info.status == "FINISHED"
    assert ws.mirror(store).count("unchanged") == 1


def test_thousands_of_values_and_settings_come_in_blocks(ws: at.Workspace, store: str) -> None:
    settings = {"lr": 0.001, "flip": True} | {f"層{n}": n for n in range(250)}
    with start(ws.folder, because="a", recipe=settings) as log:
        for step in range(2500):
            log.metric("loss", step / 7, step=step)
        log.metric("val/mrr@20", 1, epoch=1)
    ws.mirror(store)
    check(store, read(log.folder))
    assert len(theirs(store, log.id).data.params) == 252


def test_copy_that_was_broken_off_is_completed(
    ws: at.Workspace, write_run, store: str, tmp_path: Path
) -> None:
    run, later = write_run(), write_run("later")
    place = tmp_path / "店" / "mlartifacts"
    place.write_text("in the way of every artifact")
    with pytest.raises(at.AtarimaeError, match="What was copied stays"):
        ws.mirror(store)
    place.unlink()
    done = ws.mirror(store)
    assert done.runs == ((run.id, "updated"), (later.id, "new"))
    check(store, run)
    check(store, later)


@pytest.mark.parametrize(
    ("status", "expected"), [("done", "FINISHED"), ("failed", "FAILED"), ("stopped", "KILLED")]
)
def test_status_is_told_in_their_words(
    ws: at.Workspace, store: str, status: str, expected: str
) -> None:
    log = start(ws.folder, because="a")
    log.finish(status, error=None if status == "done" else "boom")
    ws.mirror(store)
    assert theirs(store, log.id).info.status == expected
    assert theirs(store, log.id).data.tags["status"] == status


def test_interrupted_run_that_is_resumed_runs_again(ws: at.Workspace, store: str) -> None:
    log = start(ws.folder, because="a")
    log._lock.release()  # as when its process dies
    ws.mirror(store)
    assert theirs(store, log.id).info.status == "KILLED"
    with reopen(log.folder) as again:
        ws.mirror(store)
        assert theirs(store, again.id).info.status == "RUNNING"


def test_setting_that_changed_is_a_tag(ws: at.Workspace, write_run, store: str) -> None:
    run = write_run()
    ws.mirror(store)
    recipe = run.folder / "recipe.toml"
    recipe.write_text(recipe.read_text("utf-8").replace("0.001", "0.01"), "utf-8")
    ws.mirror(store)
    there = theirs(store, run.id)
    assert (there.data.params["lr"], there.data.tags["now.lr"]) == ("0.001", "0.01")


def test_long_setting_is_cut_and_whole_in_the_recipe(ws: at.Workspace, store: str) -> None:
    with start(ws.folder, because="長" * 9000, recipe={"prompt": "長" * 7000}) as log:
        pass
    ws.mirror(store)
    there = theirs(store, log.id)
    assert there.data.params["prompt"] == "長" * 5999 + "…"
    assert there.data.tags["because"] == "長" * 7999 + "…"
    assert "recipe.toml" in artifacts(store, there)


def test_models_are_copied_when_asked_for(ws: at.Workspace, write_run, store: str) -> None:
    run = write_run()
    ws.mirror(store)
    assert ws.mirror(store, models=True).files == 1
    check(store, run, models=True)
    assert ws.mirror(store, models=True).count("unchanged") == 1


def test_run_that_was_deleted_there_stays_so(ws: at.Workspace, write_run, store: str) -> None:
    run = write_run()
    ws.mirror(store)
    client = MlflowClient(store)
    client.delete_run(theirs(store, run.id).info.run_id)
    (run.folder / "notes.jsonl").unlink()
    assert ws.mirror(store).count("unchanged") == 1
    known = client.get_experiment_by_name(EXPERIMENT).experiment_id
    assert len(client.search_runs([known], run_view_type=ViewType.ALL)) == 1


def test_experiment_can_be_named(ws: at.Workspace, write_run, store: str) -> None:
    run = write_run()
    ws.mirror(store, experiment="別の")
    check(store, run, experiment="別の")


def test_deleted_experiment_is_a_refusal(ws: at.Workspace, write_run, store: str) -> None:
    write_run()
    ws.mirror(store)
    client = MlflowClient(store)
    client.delete_experiment(client.get_experiment_by_name(EXPERIMENT).experiment_id)
    with pytest.raises(at.AtarimaeError, match="was deleted") as error:
        ws.mirror(store)
    assert "--experiment" in error.value.fix


def test_server_that_is_not_there_is_told_at_once(ws: at.Workspace) -> None:
    with pytest.raises(at.AtarimaeError, match="No MLflow server answers") as error:
        ws.mirror("http://127.0.0.1:9")
    assert "refused" in error.value.found


@pytest.mark.parametrize("to", ["mlruns", "sqlite://", "sqlite:///", "postgresql://x/y", "wandbx"])
def test_place_that_is_none_is_wrong_usage(ws: at.Workspace, to: str) -> None:
    with pytest.raises(at.AtarimaeError) as error:
        ws.mirror(to)
    assert error.value.exit_code == 2


def test_file_that_is_no_database_is_told(ws: at.Workspace, tmp_path: Path) -> None:
    (tmp_path / "notes.db").write_text("not a database, and not a short text either " * 99)
    with pytest.raises(at.AtarimaeError, match="not a database"):
        ws.mirror(f"sqlite:///{tmp_path / 'notes.db'}")
    assert (tmp_path / "notes.db").read_text().startswith("not a database")


def test_folder_that_is_not_there_is_told(ws: at.Workspace, tmp_path: Path) -> None:
    with pytest.raises(at.AtarimaeError, match="no folder"):
        ws.mirror(f"sqlite:///{tmp_path / 'gone' / 'mlflow.db'}")


def test_missing_extra_says_what_to_install(ws: at.Workspace, tmp_path: Path) -> None:
    script = (
        "import sys; sys.modules['mlflow'] = None; from atarimae.cli import main; sys.exit(main())"
    )
    to = f"sqlite:///{tmp_path / 'm.db'}"
    done = subprocess.run(
        [sys.executable, "-c", script, "-C", ws.folder.root, "mirror", "--to", to, "--json"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert (
        json.loads(done.stdout)["error"]["fix"] == "Install it with: pip install 'atarimae[mlflow]'"
    )


def test_command_prints_one_object(
    ws: at.Workspace, write_run, store: str, capsys: pytest.CaptureFixture[str]
) -> None:
    write_run()
    assert cli.main(["-C", str(ws.folder.root), "mirror", "--to", store, "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {
        "to": store, "experiment": EXPERIMENT, "new": 1, "updated": 0, "unchanged": 0,
        "metrics": 12, "files": 7,
    }  # fmt: skip


def test_no_telemetry_is_sent(ws: at.Workspace, store: str) -> None:
    ws.mirror(store)
    assert is_telemetry_disabled()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The full MLflow's server, from its own environment."""
    python = os.environ.get("ATARIMAE_PEERS")
    if not python or not Path(python).exists():
        pytest.skip("No environment with MLflow's server: run the tests with 'make test-all'.")
    folder = tmp_path_factory.mktemp("server")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    quiet = {"MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "true"}
    words = ["--backend-store-uri", "sqlite:///mlflow.db", "--artifacts-destination", "artifacts"]
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(
            [python, "-m", "mlflow", "server", *words, "--port", str(port), "--workers", "1"],
            cwd=folder, env=os.environ | quiet, stdout=log, stderr=log, start_new_session=True,
        )  # fmt: skip
    try:
        yield _answering(f"http://127.0.0.1:{port}", process, folder / "log")
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(30)


def _answering(url: str, process: subprocess.Popen[bytes], log: Path) -> str:
    for _ in range(600):
        try:
            with urlopen(f"{url}/health", timeout=5):
                return url
        except OSError:
            assert process.poll() is None, log.read_text()
            time.sleep(0.2)
    raise AssertionError(log.read_text())


@pytest.mark.long
def test_server_holds_what_the_folders_hold(
    ws: at.Workspace, write_run: Callable[..., Run], server: str
) -> None:
    run = write_run("サーバー 🍶")
    command = [
        sys.executable, "-m", "atarimae", "-C", ws.folder.root, "mirror", "--to", server,
        "--models", "--json",
    ]  # fmt: skip
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert json.loads(said)["new"] == 1
    check(server, run, models=True)
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert json.loads(said)["unchanged"] == 1


@pytest.mark.long
def test_mirror_that_was_killed_is_completed(ws: at.Workspace, server: str) -> None:
    with start(ws.folder, because="many", recipe={"lr": 0.001, "flip": True}) as log:
        for step in range(8000):
            log.metric("loss", step / 7, step=step)
        log.metric("val/mrr@20", 1, epoch=1)
        for number in range(60):
            log.picture(str(number), bytes([number]) * 100)
    command = [
        sys.executable, "-m", "atarimae", "-C", ws.folder.root, "mirror", "--to", server,
        "--experiment", "killed",
    ]  # fmt: skip
    client = MlflowClient(server)
    for wanted in (2000, 8001):  # among the values; among the files
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while process.poll() is None and _copied(client) < wanted:
            time.sleep(0.01)
        assert process.poll() is None, "it was to be killed on its way"
        process.kill()
        process.wait()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    check(server, read(log.folder), experiment="killed")


def _copied(client: MlflowClient) -> int:
    """How many lines the run's mark counts."""
    known = client.get_experiment_by_name("killed")
    found = client.search_runs([known.experiment_id]) if known else []
    return int(found[0].data.tags.get("atarimae.points", 0)) if found else 0
