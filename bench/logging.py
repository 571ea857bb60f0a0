"""What logging one value costs the training thread, beside MLflow on SQLite and trackio."""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

from bench.ratio import Ratio

ROUNDS, CALLS, WARM_UP = 3, 1000, 50
MEDIAN, P99 = 20.0, 200.0  # µs, the targets
QUIET = {
    "DO_NOT_TRACK": "true", "MLFLOW_DISABLE_TELEMETRY": "true", "HF_HUB_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1", "GRADIO_ANALYTICS_ENABLED": "False", "TRACKIO_DIR": "trackio",
}  # fmt: skip

OURS = """
import atarimae as at
with at.log(because="bench") as run:
    times = timed(lambda i: run.metric("loss", i / 7, step=i))
"""
MLFLOW = """
import mlflow
mlflow.set_tracking_uri("sqlite:///mlflow.db")
with mlflow.start_run():
    times = timed(lambda i: mlflow.log_metric("loss", i / 7, step=i))
"""
TRACKIO = """
import trackio
trackio.init(project="bench")
times = timed(lambda i: trackio.log({"loss": i / 7}, step=i))
trackio.finish()
"""
FRAME = """
import json, sys, time

def timed(log):
    times = []
    for i in range(int(sys.argv[1])):
        began = time.perf_counter_ns()
        log(i)
        times.append(time.perf_counter_ns() - began)
    return times

{}
print(json.dumps(times))
"""


def measure() -> list[Ratio]:
    """Microseconds until the call returns, median and 99th percentile; three rounds in turns."""
    python = os.environ.get("ATARIMAE_PEERS")
    if not python or not Path(python).exists():
        raise RuntimeError("ATARIMAE_PEERS names no Python with mlflow and trackio: 'make bench'.")
    ways = {
        "Log.metric": (sys.executable, OURS),
        "mlflow.log_metric": (python, MLFLOW),
        "trackio.log": (python, TRACKIO),
    }
    taken: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(ROUNDS):
        for name, (interpreter, source) in ways.items():
            taken[name] += _microseconds(interpreter, source)
    return [_ratio(taken, peer, share) for peer in (*ways,)[1:] for share in (50, 99)]


def _ratio(taken: dict[str, list[float]], peer: str, share: int) -> Ratio:
    most = MEDIAN if share == 50 else P99
    ours, theirs = (float(np.percentile(taken[name], share)) for name in ("Log.metric", peer))
    what = "median" if share == 50 else "p99"
    note = f"{ROUNDS} × {CALLS:,} calls each, after {WARM_UP}; a process each, in turns; "
    note += (
        "trackio hands the value to a thread, and it is not on disk yet"
        if peer == "trackio.log"
        else "MLflow writes to SQLite, and the value is in the file, as ours is"
    )
    row = f"run.metric / {peer}, {what}"
    return Ratio(row, ours, theirs, "µs", f"ours ≤ {most:g} µs", most, note)


def _microseconds(interpreter: str, source: str) -> list[float]:
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(
            [interpreter, "-c", FRAME.format(source), str(WARM_UP + CALLS)],
            cwd=folder, env=os.environ | QUIET, capture_output=True, text=True, check=False,
        )  # fmt: skip
    if done.returncode:
        raise RuntimeError(done.stderr[-2000:])
    times: list[int] = json.loads(done.stdout.splitlines()[-1])
    return [nanoseconds / 1000 for nanoseconds in times[WARM_UP:]]


if __name__ == "__main__":
    for ratio in measure():
        print(ratio.line())
