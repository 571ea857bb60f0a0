"""Write a run: its settings at the start, metrics as they come, its result at the end.

snapshot/           code, packages and machine at the start: see snapshot.py
snapshot-2/ …       the same of each time it was resumed
run.json            what was tried, why, on which data, where (written at the start of it, and where
                    it is resumed)
recipe.toml         all settings, resolved
metrics.jsonl       one line a metric: name, value, step, epoch, at (seconds since 1970)
pictures/           what `Log.picture` was given; probes-epoch-003.webp, what a fit answered then
checkpoint/         what `--resume` goes on from; gone when the run is done
model/              graphs and arrays of the last good weights; weights.safetensors
again.json          of a run that repeats another: whether the same came out
ensemble.json       of a run that joins others: what each adds
predictions.parquet one row a query
parts.parquet       each metric's parts, one row a query
folds/1/ …          of a run at stage folds: checkpoint, model, predictions, parts and result of
                    each fold; the run's own predictions and parts are those of all of them
notes.jsonl         what people say of it: notes, conclusions, tags; one line each, only appended
lb.jsonl            what leaderboards say of it; one line a score, only appended
lock                held while the run is open, gone when it is finished
noise.json          how far the score moves with the seed (of `atarimae noise`)
result.json         status, scores, costs, leaks, verdict (its absence: not finished)
"""

import json
import os
import platform
import secrets
import socket
import time
import traceback
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from types import TracebackType
from typing import Self, cast

import tomli_w

from atarimae import files
from atarimae.errors import UsageError
from atarimae.runlog import snapshot
from atarimae.runlog.lock import Lock
from atarimae.types import Predictions, Score, Version
from atarimae.workspace import Workspace

ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"  # without what looks like something else
NAMED = ("atarimae", "numpy", "onnxruntime", "pillow", "torch", "torchvision", "timm")


class Log:
    """An open run. As a context manager it writes the result, also of an error or Ctrl-C."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.id = folder.name
        self._lock = Lock(folder)
        with files.writing(f"Run {self.id}"):
            self._metrics = (folder / "metrics.jsonl").open("a", encoding="utf-8", buffering=1)
        self._began = time.perf_counter()
        self._finished = False

    def metric(
        self, name: str, value: float, *, step: int | None = None, epoch: int | None = None
    ) -> None:
        """Append one value. It is in the file when this returns."""
        at = round(time.time(), 3)
        line = {"name": name, "value": float(value), "step": step, "epoch": epoch, "at": at}
        known = {key: found for key, found in line.items() if found is not None}
        with files.writing(f"Run {self.id}"):
            self._metrics.write(json.dumps(known, ensure_ascii=False) + "\n")

    def picture(self, name: str, png: bytes) -> Path:
        """Keep a picture, given as the bytes of a PNG file, under a name of yours."""
        path = self.folder / "pictures" / f"{name.replace('/', '_')}.png"
        files.write(path, png)
        return path

    def scores(self, scores: Sequence[Score], predictions: Predictions | None = None) -> None:
        """Write each metric's parts, and the predictions that they judge, as Parquet."""
        write_parts(self.folder, scores, predictions)

    def verdict(self, verdict: Mapping[str, object]) -> None:
        """Add a verdict to the result, once that is written."""
        amend(self.folder, verdict=verdict)

    def finish(
        self,
        status: str = "done",
        *,
        scores: Sequence[Score] = (),
        costs: Mapping[str, float] | None = None,
        early: Mapping[str, object] | None = None,
        leaks: Mapping[str, object] | None = None,
        error: str | None = None,
    ) -> None:
        """Write the result; the run is then complete."""
        self._finished = True
        self._metrics.close()
        result: dict[str, object] = {
            "status": status,
            "finished": _now(),
            "seconds": round(time.perf_counter() - self._began, 3),
            "scores": [_score(score) for score in scores],
            "costs": dict(costs or {}),
            "verdict": None,
        }
        if leaks is not None:
            result["leaks"] = dict(leaks)
        if early:
            result["early"] = dict(early)
        if error:
            result["error"] = error
        try:
            files.write_json(self.folder / "result.json", result)
        finally:
            self._lock.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._finished:
            return
        if error is None:
            self.finish()
        elif isinstance(error, KeyboardInterrupt):
            self.finish("stopped", error="Stopped by Ctrl-C.")
        else:
            self.finish("failed", error="".join(traceback.format_exception(error)[-3:]))


def start(
    workspace: Workspace,
    *,
    because: str,
    stage: str = "log",
    seed: int | None = None,
    parent: str | None = None,
    expect: float | None = None,
    folds: int | None = None,
    idea: str | None = None,
    sweep: str | None = None,
    may_stop: bool = False,
    origin: str | None = None,
    recipe: Mapping[str, object] | None = None,
    data: Version | None = None,
    device: str | None = None,
    threads: int | None = None,
) -> Log:
    """A new run folder with its settings; processes that start at once never share one."""
    if not because.strip():
        raise UsageError("A run needs a reason.", "It is empty.", 'Give --because "…".')
    folder = _new_folder(workspace.runs)
    log = Log(folder)  # before run.json, so that the run is never seen without its lock
    settings = {
        "id": folder.name,
        "task": workspace.task,
        "because": because,
        "stage": stage,
        "seed": seed,
        "parent": parent,
        "folds": folds,
        "idea": idea,  # the first run of the same idea, where it climbed the stages
        "may_stop": may_stop,  # given up where it is hopeless beside its parent
        "expect": expect,  # difference of the main metric to the parent
        "sweep": sweep,  # the id of the sweep that proposed it
        "origin": origin,  # "ensemble" where other runs were joined
        "created": _now(),
        "data": None if data is None else {"edit": data.edit, "hash": data.hash},
        "device": device,
        "threads": threads,
        "process": {"pid": os.getpid(), "host": socket.gethostname()},
        "environment": _environment(),
        "snapshot": snapshot.take(folder, workspace),
    }
    if recipe is not None:
        files.write(folder / "recipe.toml", tomli_w.dumps(_without_none(recipe)))
    files.write_json(folder / "run.json", settings)
    return log


def reopen(folder: Path) -> Log:
    """Go on with an unfinished run: metrics are appended, the result is written again.

    Raises `AtarimaeError` where another process writes it.
    """
    log = Log(folder)
    (folder / "result.json").unlink(missing_ok=True)
    settings = files.read_json(folder / "run.json")
    settings["process"] = {"pid": os.getpid(), "host": socket.gethostname()}
    files.write_json(folder / "run.json", settings)
    return log


def resume(folder: Path, workspace: Workspace) -> Log:
    """Reopen a run to go on with it; the code and machine of this start are recorded beside.

    run.json lists each such start under `resumed`: when, whether the code was that of the first
    start (null where it can't be told), and what `snapshot.take` says.
    """
    log = reopen(folder)
    settings = files.read_json(folder / "run.json")
    before = cast(list[object], settings.get("resumed", []))
    name = f"{snapshot.NAME}-{len(before) + 2}"
    told = snapshot.take(folder, workspace, name)
    same = snapshot.same_code(folder / snapshot.NAME, folder / name)
    settings["resumed"] = [*before, {"at": _now(), "name": name, "same_code": same, **told}]
    files.write_json(folder / "run.json", settings)
    return log


def join_predictions(parts: Sequence[Path], folder: Path) -> None:
    """Write the predictions of several files as those of one run; a column that one lacks is null
    in its rows.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    stream = pa.BufferOutputStream()
    tables = [pq.read_table(path) for path in parts]
    pq.write_table(pa.concat_tables(tables, promote_options="default"), stream)
    files.write(folder / "predictions.parquet", stream.getvalue().to_pybytes())


def amend(folder: Path, **values: Mapping[str, object]) -> None:
    """Add what was found out of a run later, such as a verdict, to its written result."""
    path = folder / "result.json"
    told = {name: dict(value) for name, value in values.items()}
    files.write_json(path, files.read_json(path) | told)


def write_parts(
    folder: Path, scores: Sequence[Score], predictions: Predictions | None = None
) -> None:
    """Write parts.parquet and predictions.parquet of a run, or of one fold of it."""
    rows: dict[str, dict[str, object]] = {}
    for score in scores:
        for key, part, cluster in zip(score.keys, score.parts, score.clusters, strict=True):
            row = rows.setdefault(key, {"key": key, "cluster": cluster})
            row[score.metric] = float(part)
    if rows:
        names = ["key", "cluster", *(score.metric for score in scores if score.keys)]
        columns = {name: [row.get(name) for row in rows.values()] for name in names}
        _parquet(folder / "parts.parquet", columns)
    if predictions is not None:
        told: dict[str, object] = {"key": list(predictions.keys)}
        told |= {
            name: list(column) if column.ndim > 1 else column
            for name, column in predictions.columns.items()
        }
        _parquet(folder / "predictions.parquet", told)


def _new_folder(runs: Path) -> Path:
    while True:
        mark = "".join(secrets.choice(ALPHABET) for _ in range(4))
        folder = runs / f"{datetime.now():%y%m%d-%H%M%S}-{mark}"
        with files.writing(f"Run {folder.name}"):
            try:
                folder.mkdir(parents=True)
                return folder
            except FileExistsError:
                continue


def _score(score: Score) -> dict[str, object]:
    return {
        "metric": score.metric,
        "value": round(score.value, 6),
        "low": None if score.low != score.low else round(score.low, 6),
        "high": None if score.high != score.high else round(score.high, 6),
        "convention": dict(score.convention),
    }


def _parquet(path: Path, columns: Mapping[str, object]) -> None:
    import pyarrow as pa  # 0.3 s to import: only when there is something to write
    import pyarrow.parquet as pq

    stream = pa.BufferOutputStream()
    pq.write_table(pa.table(dict(columns)), stream)
    files.write(path, stream.getvalue().to_pybytes())


def _environment() -> dict[str, str | int | None]:
    found: dict[str, str | int | None] = {
        "python": platform.python_version(),
        "system": platform.platform(),
        "cores": os.cpu_count(),
    }
    for name in NAMED:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = None
    return found


def _without_none(values: Mapping[str, object]) -> dict[str, object]:
    return {key: value for key, value in values.items() if value is not None}


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
