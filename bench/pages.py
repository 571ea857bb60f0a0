"""The pages of 2,000 runs with 300 points each, beside MLflow's server with as many.

Both servers are processes of their own on loopback; MLflow keeps its runs in
SQLite. `ATARIMAE_PEERS` names the Python that has it: `make bench` sets it.
"""

import json
import math
import os
import socket
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from bench.ratio import Ratio

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

RUNS, POINTS = 2000, 300
ROUNDS = 5
TARGET = "< 2 s"
WAIT = 120.0  # seconds for a server to begin, and for a page to be drawn
VERDICTS = ("helped", "hurt", "no difference seen")

# In MLflow's own Python: an experiment with empty runs, whose ids are told in order.
FILL = """
import sys
from mlflow import MlflowClient
from mlflow.entities import Param
client = MlflowClient(sys.argv[1])
experiment = client.create_experiment("bench")
for number in range(int(sys.argv[2])):
    run = client.create_run(experiment, run_name=f"idea {number}")
    params = [Param("lr", str(number / 1000)), Param("loss", "arcface")]
    client.log_batch(run.info.run_id, params=params)
    print(run.info.run_id)
"""


def measure() -> list[Ratio]:
    """Medians of 5 after one that warms up; a browser without cache each time."""
    peer = os.environ.get("ATARIMAE_PEERS")
    if not peer or not Path(peer).exists():
        raise SystemExit("No Python with MLflow: run it with 'make bench', or set ATARIMAE_PEERS.")
    with tempfile.TemporaryDirectory() as folder:
        workspace, database = Path(folder) / "runs", Path(folder) / "mlflow.sqlite"
        ids = _workspace(workspace)
        known = _filled(peer, database)
        with (
            our_server(workspace) as ours,
            _mlflow(peer, database) as theirs,
            chromium() as browser,
        ):
            return _measured(ours, theirs, ids, known, browser)


def _measured(
    ours: str, theirs: str, ids: list[str], known: list[str], browser: "Browser"
) -> list[Ratio]:
    first = _seconds(lambda: _get(f"{ours}/api/runs"))  # there is no index yet
    rows = _median(lambda: _get(f"{ours}/api/runs"))
    asked = {"experiment_ids": ["1"], "max_results": RUNS}
    their_rows = _median(lambda: _post(f"{theirs}/api/2.0/mlflow/runs/search", asked, RUNS))
    table = _median(lambda: _drawn(browser, f"{ours}/runs", _all_counted))
    their_table = _median(lambda: _drawn(browser, f"{theirs}/#/experiments/1/runs", _one_listed))
    history = f"{theirs}/api/2.0/mlflow/metrics/get-history?metric_key=loss&run_id={known[-1]}"
    curves = _median(lambda: _get(f"{ours}/api/runs/{ids[-1]}"))
    their_curves = _median(lambda: _get(history))
    run = _median(lambda: _drawn(browser, f"{ours}/runs/{ids[-1]}", _curve_drawn))
    their_page = f"{theirs}/#/experiments/1/runs/{known[-1]}"
    their_run = _median(lambda: _drawn(browser, their_page, _run_named))
    size = f"{RUNS:,} runs of {POINTS} points"
    return [
        Ratio("/api/runs / MLflow runs/search", rows, their_rows, "s", TARGET, 2,
              f"{size}, all rows in one answer; the first time, without an index: {first:.2f} s"),
        Ratio("/runs in Chromium / MLflow's page", table, their_table, "s", TARGET, 2,
              f"{size}, until the rows in sight are drawn; ours has all of them, MLflow's the "
              "first 100"),
        Ratio("/api/runs/ID / MLflow get-history", curves, their_curves, "s", TARGET, 2,
              f"one metric of {POINTS} points"),
        Ratio("/runs/ID in Chromium / MLflow's page", run, their_run, "s", TARGET, 2,
              "ours until the curve is drawn, MLflow's until the run's name is, without curves"),
    ]  # fmt: skip


def _workspace(folder: Path) -> list[str]:
    """A workspace of plain files; gives the runs' ids, oldest first."""
    folder.mkdir()
    (folder / "atarimae.toml").write_text('task = "retrieve"\n')
    ids = [f"250101-{number // 60:04}{number % 60:02}-{number:04x}" for number in range(RUNS)]
    for number, id in enumerate(ids):
        parent = ids[number - 1 - number % 7] if number > 7 else None
        _run(folder / "runs" / id, number, id, parent)
    return ids


def _run(folder: Path, number: int, id: str, parent: str | None) -> None:
    folder.mkdir(parents=True)
    created = (
        f"2025-01-{1 + number // 1440:02}T{number // 60 % 24:02}:{number % 60:02}:00.000+00:00"
    )
    value = 0.8 + 0.1 * math.sin(number)
    score = {"metric": "mrr@20", "value": value, "low": value - 0.01, "high": value + 0.01,
             "convention": {"k": 20}}  # fmt: skip
    start = {"id": id, "task": "retrieve", "because": f"idea {number}: もっと大きい余白",
             "stage": "holdout", "seed": 0, "parent": parent, "created": created,
             "data": None}  # fmt: skip
    verdict = {"verdict": VERDICTS[number % 3], "against": parent} if parent else None
    result = {"status": "done", "seconds": 30.5, "scores": [score], "verdict": verdict,
              "costs": {"ms_per_image": 3.5, "model_mb": 4.2}}  # fmt: skip
    lines = (
        json.dumps({"name": "loss", "value": 3 / (step + 1), "step": step})
        for step in range(POINTS)
    )
    (folder / "run.json").write_text(json.dumps(start))
    (folder / "recipe.toml").write_text(f'lr = {number / 1000}\nloss = "arcface"\nepochs = 10\n')
    (folder / "metrics.jsonl").write_text("\n".join(lines) + "\n")
    (folder / "result.json").write_text(json.dumps(result))


def _filled(peer: str, database: Path) -> list[str]:
    """MLflow's database: runs through its client, their 600,000 points straight into the table."""
    command = [peer, "-c", FILL, f"sqlite:///{database}", str(RUNS)]
    said = subprocess.run(command, check=True, capture_output=True, text=True)
    ids = said.stdout.split()[-RUNS:]
    with sqlite3.connect(database) as store:
        columns = "(key, value, timestamp, run_uuid, step, is_nan)"
        points = (
            ("loss", 3 / (step + 1), step, id, step, False) for id in ids for step in range(POINTS)
        )
        store.executemany(f"INSERT INTO metrics {columns} VALUES (?, ?, ?, ?, ?, ?)", points)
        last = [("loss", 3 / POINTS, POINTS - 1, id, POINTS - 1, False) for id in ids]
        store.executemany(f"INSERT INTO latest_metrics {columns} VALUES (?, ?, ?, ?, ?, ?)", last)
        store.execute("UPDATE runs SET status = 'FINISHED'")
    store.close()
    return ids


@contextmanager
def our_server(workspace: Path) -> Iterator[str]:
    port = _free_port()
    command = [sys.executable, "-m", "atarimae", "-C", str(workspace), "look", "--no-browser"]
    with _serving([*command, "--port", str(port)], port) as address:
        yield address


@contextmanager
def _mlflow(peer: str, database: Path) -> Iterator[str]:
    port = _free_port()
    command = [peer, "-m", "mlflow", "server", "--backend-store-uri", f"sqlite:///{database}"]
    more = ["--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
    with _serving([*command, *more], port) as address:
        yield address


@contextmanager
def _serving(command: list[str], port: int) -> Iterator[str]:
    quiet = subprocess.DEVNULL
    with subprocess.Popen(command, stdout=quiet, stderr=quiet, start_new_session=True) as server:
        try:
            _wait(f"http://127.0.0.1:{port}/")
            yield f"http://127.0.0.1:{port}"
        finally:
            os.killpg(server.pid, 15)


def _wait(address: str) -> None:
    end = time.monotonic() + WAIT
    while True:
        try:
            _get(address)
            return
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.2)


@contextmanager
def chromium() -> Iterator["Browser"]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        browser = play.chromium.launch(
            executable_path="/usr/bin/chromium",
            args=["--headless=new", "--no-sandbox", "--disable-gpu"],
        )
        yield browser
        browser.close()


def _drawn(browser: "Browser", address: str, there: Callable[["Page"], None]) -> None:
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    page.set_default_timeout(WAIT * 1000)
    try:
        page.goto(address, wait_until="commit")
        there(page)
    finally:
        page.close()


def _all_counted(page: "Page") -> None:
    page.wait_for_function(
        "() => document.querySelector('#count')?.textContent.startsWith('2,000 runs')"
        " && document.querySelectorAll('.there tr').length > 10"
    )


def _curve_drawn(page: "Page") -> None:
    page.wait_for_selector(".plot .curve")


def _one_listed(page: "Page") -> None:
    page.get_by_text(f"idea {RUNS - 1}", exact=True).first.wait_for()


def _run_named(page: "Page") -> None:
    page.get_by_text(f"idea {RUNS - 1}").first.wait_for()


def _median(call: Callable[[], None]) -> float:
    return statistics.median([_seconds(call) for _ in range(1 + ROUNDS)][1:])


def _seconds(call: Callable[[], None]) -> float:
    began = time.perf_counter()
    call()
    return time.perf_counter() - began


def _get(address: str) -> None:
    with urllib.request.urlopen(address, timeout=WAIT) as answer:
        answer.read()


def _post(address: str, asked: dict[str, object], runs: int) -> None:
    """Ask MLflow; an answer without all the runs would be no comparison."""
    content = json.dumps(asked).encode()
    request = urllib.request.Request(address, content, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=WAIT) as answer:
        found = json.loads(answer.read())["runs"]
    assert len(found) == runs, len(found)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


if __name__ == "__main__":
    for ratio in measure():
        print(ratio.line())
