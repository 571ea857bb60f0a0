"""The command: train the rows that are missing, choose on val, judge on test, print all."""

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import torch
from safetensors.torch import save_file

from atarimae import api, files
from atarimae.store import Store
from atarimae.tasks.retrieve.network.backbone import LITE0_MEAN, LITE0_STD, backbone
from atarimae.tasks.retrieve.network.data import targets_of
from atarimae.tasks.retrieve.recipe import RetrieveRecipe
from atarimae.types import Data
from bench.contest import ours, table, worker
from bench.contest.drawings import workspace
from bench.contest.grid import OML, OURS, SIZE, WIDTH, Row, rows
from bench.contest.judged import Ours, Peer

PROBE = 16  # images of the step that says which precision is quicker
Found = dict[str, object]


def main(words: Sequence[str]) -> int:
    """Go on where it stopped; `--print` only prints what is there."""
    parser = argparse.ArgumentParser(prog="python -m bench contest", description=__doc__)
    parser.add_argument("--minutes", type=float, default=2.0, help="of the processor, for each row")
    parser.add_argument("--folder", type=Path, default=Path("contest"), help="rows and workspace")
    parser.add_argument("--recipes", nargs="+", help="train and judge these alone")
    parser.add_argument("--print", action="store_true", help="train nothing, print what is there")
    asked = parser.parse_args(words)
    folder = asked.folder.resolve() / f"{asked.minutes:g}-minutes"
    if not asked.print:
        wanted = [row for row in rows() if not asked.recipes or row.recipe in asked.recipes]
        for row in wanted:
            _done(row, folder, asked.minutes)
        names = {row.name for row in wanted}
        there = [found for found in _read(folder) if table.row_of(found).name in names]
        for found in table.in_order(there):
            _tested(found, folder)
    print("\n".join(table.lines(_read(folder), asked.minutes, files.read_json(_precision(folder)))))
    return 0


def _done(row: Row, folder: Path, minutes: float) -> None:
    """Train a row and judge it on val, unless that is there."""
    place = folder / "rows" / row.name
    if (place / "row.json").is_file():
        return
    began = time.perf_counter()
    data = _data(folder)
    place.mkdir(parents=True, exist_ok=True)
    job = row.as_dict() | {"out": str(place), "seconds": 60 * minutes}
    job |= (
        {"workspace": str(workspace(folder.parent / "demo"))}
        if row.side == OURS
        else _given(folder, data)
    )
    files.write_json(place / "job.json", job)
    python, script = sys.executable, ours if row.side == OURS else worker
    if row.side == OML:
        python = os.environ.get("ATARIMAE_OML", "")
        if not python:
            print(f"{row.name}: ATARIMAE_OML names no Python with {OML}", file=sys.stderr)
            return
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    subprocess.run(
        [python, str(script.__file__), str(place / "job.json")], check=True, env=environment
    )
    trained = files.read_json(place / "trained.json")
    val = (Ours if row.side == OURS else Peer)(place).val(data)
    files.write_json(place / "row.json", row.as_dict() | trained | {"val": val})
    best = max(val, key=lambda name: val[name])
    took = time.perf_counter() - began
    print(f"{row.side} {row.name}: val {val[best]:.3f} ({best}), {took:.0f} s", file=sys.stderr)


def _tested(found: table.Found, folder: Path) -> None:
    """Judge a row on test, once all have been judged on val."""
    row = table.row_of(found)
    place = folder / "rows" / row.name
    if "test" not in found:
        test = (Ours if row.side == OURS else Peer)(place).test(_data(folder))
        files.write_json(place / "row.json", {**found, "test": test})


def _read(folder: Path) -> list[Found]:
    """All rows that are there."""
    there = (folder / "rows" / row.name / "row.json" for row in rows())
    return [files.read_json(path) for path in there if path.is_file()]


def _given(folder: Path, data: Data) -> Found:
    """What a peer's process gets: training images, the network's start, and the precision."""
    train = data.split("train")
    start = folder / "start.safetensors"
    if not start.is_file():
        made, _, _ = backbone(RetrieveRecipe.of({"image_size": SIZE}))
        save_file(made.state_dict(), start)
    return {
        "size": SIZE, "width": WIDTH, "weights": str(start),
        "mean": [LITE0_MEAN / 255] * 3, "std": [LITE0_STD / 255] * 3,
        "paths": [str(train.path(file)) for file in train.files],
        "targets": targets_of(train)[1], "autocast": _bf16_is_quicker(folder),
        "channels_last": True,  # the quicker layout, which their documentation does not name
    }  # fmt: skip


def _bf16_is_quicker(folder: Path) -> bool:
    """Measured once: seconds of the processor for a step in either precision."""
    path = _precision(folder)
    if not path.is_file():
        torch.set_num_threads(1)
        network, _, _ = backbone(RetrieveRecipe.of({"image_size": SIZE}))
        network.train().to(memory_format=torch.channels_last)
        images = torch.randn(PROBE, 3, SIZE, SIZE).to(memory_format=torch.channels_last)
        taken = {}
        for name, autocast in (("fp32", False), ("bf16", True)):
            for _ in range(2):  # the second counts
                began = time.process_time()
                with torch.autocast("cpu", torch.bfloat16, enabled=autocast):
                    embeddings = network(images)
                torch.autograd.backward(embeddings.float().square().mean())
                taken[name] = time.process_time() - began
        files.write_json(path, taken)
    found = files.read_json(path)
    return float(str(found["bf16"])) < float(str(found["fp32"]))


def _precision(folder: Path) -> Path:
    return folder / "precision.json"


def _data(folder: Path) -> Data:
    return Store(api.open(workspace(folder.parent / "demo")).folder).data()
