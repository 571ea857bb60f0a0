"""W&B's offline files hold what the run folders hold; they are read with W&B's own records."""

import hashlib
import json
import math
import struct
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from wandb.proto.wandb_internal_pb2 import Record

import atarimae as at
from atarimae import cli
from atarimae.runlog import read, start

BLOCK, HEAD = 32768, 7  # bytes, of LevelDB's log format
WHOLE, LAST = 1, 4


def records(ws: at.Workspace, id: str) -> list[Record]:
    """Every record of the run's one file, each with its checksum's place left out."""
    (file,) = (ws.folder.root / "wandb").glob(f"offline-run-*-{id}/*.wandb")
    return list(_records(file.read_bytes()))


def _records(data: bytes) -> Iterator[Record]:
    assert data.startswith(b":W&B")
    place, part = HEAD, b""
    while place < len(data):
        left = BLOCK - place % BLOCK
        if left < HEAD:
            place += left
            continue
        _, size, kind = struct.unpack("<IHB", data[place : place + HEAD])
        part += data[place + HEAD : place + HEAD + size]
        place += HEAD + size
        if kind in (WHOLE, LAST):
            yield Record.FromString(part)
            part = b""


def history(found: list[Record]) -> list[dict[str, float]]:
    rows = [record.history for record in found if record.WhichOneof("record_type") == "history"]
    return [
        {item.key or item.nested_key[0]: json.loads(item.value_json) for item in row.item}
        for row in rows
    ]


@pytest.mark.long
def test_everything_that_was_logged_reads_back(ws: at.Workspace, write_run) -> None:
    run = write_run("arcface 🍶")
    done = ws.mirror("wandb")
    assert (done.count("new"), done.files) == (1, 7)
    found = records(ws, run.id)
    (theirs,) = (record.run for record in found if record.WhichOneof("record_type") == "run")
    assert (theirs.run_id, theirs.project) == (run.id, "場所 🍶")
    assert theirs.display_name == f"{run.mark} arcface 🍶"
    assert (list(theirs.tags), theirs.job_type) == (["best", "絵"], "holdout")
    assert "note: 見た" in theirs.notes
    config = {item.key: json.loads(item.value_json) for item in theirs.config.update}
    assert config.items() >= run.recipe.items()
    assert config["atarimae"]["because"] == "arcface 🍶"
    rows = history(found)
    told = run.metrics()
    for name in ("loss", "val/mrr@20"):
        ours = told[told["name"] == name]
        logged = [(row["step"], row[name]) for row in rows if name in row]
        steps = ours["step"].fillna(ours["epoch"])
        assert logged == list(zip(steps, ours["value"], strict=True))
    values = [row["損失"] for row in rows if "損失" in row]
    assert [math.isnan(values[0]), values[1]] == [True, math.inf]
    assert {round(row["_timestamp"], 3) for row in rows} <= set(told["at"])
    summary = {}
    for record in found:
        for item in record.summary.update:
            summary[item.key or "/".join(item.nested_key)] = json.loads(item.value_json)
    assert summary["mrr@20"] == run.score.value
    assert summary["cost/training_seconds"] == 12.5


def test_files_are_copied(ws: at.Workspace, write_run) -> None:
    run = write_run()
    ws.mirror("wandb", models=True)
    (folder,) = (ws.folder.root / "wandb").glob(f"offline-run-*-{run.id}/files")
    saved = {
        file.path for record in records(ws, run.id) for file in record.files.files
    }  # fmt: skip
    for path in ("recipe.toml", "parts.parquet", "pictures/絵 🍶.png", "model/embed.onnx"):
        digests = [
            hashlib.sha256((above / path).read_bytes()).digest() for above in (folder, run.folder)
        ]
        assert digests[0] == digests[1]
        assert path in saved
    assert not list(folder.rglob("*.safetensors"))


def test_second_call_writes_nothing(ws: at.Workspace, write_run) -> None:
    write_run()
    ws.mirror("wandb")
    before = sorted((ws.folder.root / "wandb").glob("offline-run-*"))
    again = ws.mirror("wandb")
    assert (again.count("unchanged"), again.metrics, again.files) == (1, 0, 0)
    assert sorted((ws.folder.root / "wandb").glob("offline-run-*")) == before


def test_run_that_went_on_is_written_anew_once(ws: at.Workspace) -> None:
    log = start(ws.folder, because="a")
    log.metric("loss", 0.5, step=1)
    ws.mirror("wandb")
    log.metric("loss", 0.25, step=2)
    log.finish("failed", error="boom")
    assert ws.mirror("wandb").count("updated") == 1
    found = records(ws, log.id)  # of the one folder there is
    assert [row["loss"] for row in history(found)] == [0.5, 0.25]
    (ended,) = (record.exit for record in found if record.WhichOneof("record_type") == "exit")
    assert (ended.exit_code, read(log.folder).status) == (1, "failed")


def test_folder_can_be_named(ws: at.Workspace, write_run, tmp_path: Path) -> None:
    write_run()
    ws.mirror(f"wandb:{tmp_path / 'よそ'}", experiment="p")
    assert len(list((tmp_path / "よそ" / "wandb").glob("offline-run-*"))) == 1
    assert not (ws.folder.root / "wandb").exists()


def test_missing_extra_says_what_to_install(ws: at.Workspace) -> None:
    script = (
        "import sys; sys.modules['wandb'] = None; from atarimae.cli import main; sys.exit(main())"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, "-C", ws.folder.root, "mirror", "--to", "wandb", "--json"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert "atarimae[wandb]" in json.loads(done.stdout)["error"]["fix"]


def test_command_prints_one_object(
    ws: at.Workspace, write_run, capfd: pytest.CaptureFixture[str]
) -> None:
    write_run()
    assert cli.main(["-C", str(ws.folder.root), "mirror", "--to", "wandb", "--json"]) == 0
    assert json.loads(capfd.readouterr().out)["new"] == 1
