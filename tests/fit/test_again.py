"""A run can be run again, and says whether the same came out; its files need no atarimae."""

import json
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from atarimae import runlog
from atarimae import task as tasks
from atarimae.add import add
from atarimae.cli import main
from atarimae.errors import AtarimaeError
from atarimae.fit import fit
from atarimae.fit.again import again, compare
from atarimae.runlog import Run, start
from atarimae.store import Store
from atarimae.workspace import Workspace

COLOUR = tasks.load("colour")


@pytest.fixture
def run(colours: Workspace) -> Run:
    return fit(colours, COLOUR, COLOUR.recipe(epochs=3), because="色 🎨", seed=5)


def test_same_recipe_seed_and_data_give_the_same_bits(colours: Workspace, run: Run) -> None:
    found = again(colours, COLOUR, run.id)
    second = runlog.find(colours, found.run)
    assert (found.same, found.unlike, found.moved, found.largest) == (True, 0, 0, 0.0)
    assert found.weights
    assert found.parts == len(runlog.parts(run)) > 0
    assert (second.parent, second.because) == (run.id, "again: 色 🎨")
    assert (second.seed, second.stage, second.recipe) == (5, run.stage, run.recipe)
    assert (second.data, second.threads) == (run.data, run.threads)
    told = json.loads((second.folder / "again.json").read_text("utf-8"))
    assert told["same"] is True
    assert told["of"] == run.id


def test_run_again_uses_the_data_of_then(
    colours: Workspace, run: Run, photos: Path, tmp_path: Path
) -> None:
    extra = shutil.copytree(photos, tmp_path / "more")
    for path in extra.rglob("*.png"):
        path.write_bytes(path.read_bytes() + b"\0")  # another image by its hash
    add(colours, [extra])
    assert Store(colours).data().version != run.data
    found = again(colours, COLOUR, run.id)
    assert found.same
    assert runlog.find(colours, found.run).data == run.data


@pytest.mark.parametrize("name", ["parts.parquet", "predictions.parquet"])
def test_single_number_that_differs_is_found(run: Run, tmp_path: Path, name: str) -> None:
    other = replace(run, folder=Path(shutil.copytree(run.folder, tmp_path / "other")))
    assert compare(run, other).same
    table = pd.read_parquet(other.folder / name)
    column = "accuracy" if name == "parts.parquet" else "said"
    old = table.loc[3, column]
    table.loc[3, column] = (
        "別の" if isinstance(old, str) else np.float32(old + np.float32(1e-7) + 1e-6)
    )
    table.to_parquet(other.folder / name)
    found = compare(run, other)
    assert not found.same
    assert (found.unlike, found.moved) == ((1, 0) if name == "parts.parquet" else (0, 1))
    if name == "parts.parquet":
        assert 0 < found.largest < 1e-5


def test_what_differs_between_the_starts_is_named(run: Run, tmp_path: Path) -> None:
    other = replace(run, folder=Path(shutil.copytree(run.folder, tmp_path / "other")))
    path = other.folder / "snapshot" / "environment.json"
    told = json.loads(path.read_text("utf-8"))
    was, told["packages"]["numpy"] = told["packages"]["numpy"], "0.1"
    path.write_text(json.dumps(told), encoding="utf-8")
    assert compare(run, other).changed == (f"numpy {was} → 0.1",)


def test_command_says_by_how_much_it_differs(
    colours: Workspace, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["-C", str(colours.root), "fit", "--again", run.id]
    assert main(words) == 0
    assert "the same, bit for bit. accuracy" in " ".join(capsys.readouterr().out.split())
    table = pd.read_parquet(run.folder / "parts.parquet")
    table["accuracy"] = 1 - table["accuracy"]  # as if it had come out otherwise
    table.to_parquet(run.folder / "parts.parquet")
    assert main(words) == 1
    assert f"{len(table)} of {len(table)} parts differ, by 1 at most" in capsys.readouterr().out


@pytest.mark.parametrize("more", [["--seed", "3"], ["--set", "epochs=2"], ["--resume", "x"]])
def test_run_again_can_not_be_changed(
    colours: Workspace, run: Run, more: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["-C", str(colours.root), "fit", "--again", run.id, *more]) == 2
    assert f"Found {more[0]} beside --again." in capsys.readouterr().err


def test_run_of_a_loop_of_ones_own_is_not_run_again(colours: Workspace) -> None:
    with start(colours, because="mine") as log:
        pass
    with pytest.raises(AtarimaeError, match="It was logged by a loop of its own"):
        again(colours, COLOUR, log.id)


PLAIN = """
import json, sys, tomllib
from pathlib import Path
import pandas as pd
folder = Path(sys.argv[1])
run = json.loads((folder / "run.json").read_text("utf-8"))
result = json.loads((folder / "result.json").read_text("utf-8"))
recipe = tomllib.loads((folder / "recipe.toml").read_text("utf-8"))
loss = pd.read_json(folder / "metrics.jsonl", lines=True).query("name == 'loss'")
parts = pd.read_parquet(folder / "parts.parquet")
said = pd.read_parquet(folder / "predictions.parquet")
head = (folder / "model" / "weights.safetensors").read_bytes()
tensors = json.loads(head[8 : 8 + int.from_bytes(head[:8], "little")])
snapshot = json.loads((folder / "snapshot" / "environment.json").read_text("utf-8"))
assert not [name for name in sys.modules if name.startswith("atarimae")]
print(json.dumps({
    "because": run["because"], "seed": run["seed"], "status": result["status"],
    "score": result["scores"][0]["value"], "mean": float(parts["accuracy"].mean()),
    "epochs": recipe["epochs"], "losses": loss["epoch"].tolist(), "said": len(said),
    "tensors": sorted(name for name in tensors if name != "__metadata__"),
    "python": snapshot["python"],
}))
"""


def test_run_is_read_with_json_tomllib_and_pandas_alone(colours: Workspace, run: Run) -> None:
    shutil.rmtree(colours.cache)  # the index and all else that can be computed again
    done = subprocess.run(
        [sys.executable, "-c", PLAIN, str(run.folder)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told.pop("mean") == pytest.approx(told["score"], abs=1e-6)
    assert told == {
        "because": "色 🎨", "seed": 5, "status": "done", "score": run.score.value, "epochs": 3,
        "losses": [1, 2, 3], "said": told["said"], "tensors": ["linear/bias", "linear/weight"],
        "python": sys.version,
    }  # fmt: skip


def test_deleting_the_index_loses_nothing(colours: Workspace, run: Run) -> None:
    before = [run.as_dict() for run in runlog.runs(colours)]
    runlog.remove_index(colours)
    shutil.rmtree(colours.cache)
    assert [run.as_dict() for run in runlog.runs(colours)] == before
