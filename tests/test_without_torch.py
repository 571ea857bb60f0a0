"""All but fitting works where torch is not; and importing the package loads nothing heavy."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = (
    "torch", "torchvision", "timm", "onnx", "numpy", "pandas", "pyarrow", "PIL", "onnxruntime",
    "faiss", "sqlalchemy", "pydantic", "rich", "fastapi",
)  # fmt: skip
BLOCK = """
import sys
for name in ("torch", "torchvision", "timm", "pytorch_metric_learning", "onnx"):
    sys.modules[name] = None
"""
IMPORT_ALL = """
import importlib, pkgutil
import atarimae

NETWORK = ["atarimae.fit", "atarimae.tasks.retrieve.network"]
NETWORK += [f"atarimae.ideas.{name}" for name in ("ladder", "noise", "verify")]
NETWORK += [f"atarimae.callbacks.{name}" for name in ("huggingface", "lightning")]

def walk(package):
    for module in pkgutil.iter_modules(package.__path__, package.__name__ + "."):
        if module.name not in NETWORK:
            found = importlib.import_module(module.name)
            print(module.name)
            if module.ispkg:
                walk(found)

walk(atarimae)
"""
ENTRY = "from atarimae.cli import main; import sys; sys.exit(main())"


@pytest.mark.parametrize("module", ["atarimae", "atarimae.cli"])
def test_importing_loads_nothing_heavy(module: str) -> None:
    script = f"import {module}, sys; print(*[name for name in {HEAVY} if name in sys.modules])"
    assert run(sys.executable, script).split() == []


def test_onnx_runtime_writes_nothing_into_the_home_folder(tmp_path: Path) -> None:
    script = "import atarimae.predict.graph"
    subprocess.run(
        [sys.executable, "-c", script], env=os.environ | {"HOME": str(tmp_path)}, check=True
    )
    assert list(tmp_path.rglob("*")) == []


def test_every_module_but_the_network_is_free_of_torch() -> None:
    imported = run(sys.executable, BLOCK + IMPORT_ALL).split()
    assert {"atarimae.cli", "atarimae.ship.parity", "atarimae.tasks.retrieve.task"} <= {*imported}


def test_every_module_but_the_network_works_on_the_base_install(bare_python: str) -> None:
    assert "atarimae.serve.app" in run(bare_python, IMPORT_ALL).split()


def test_base_install_has_no_torch(bare_python: str) -> None:
    script = "from importlib.util import find_spec; print(find_spec('torch'))"
    assert run(bare_python, script) == "None\n"


def test_score_works_on_the_base_install(walked, unseen: Path, bare_python: str) -> None:
    words = ["score", walked.bundle, "--queries", unseen, "--json"]
    bare = json.loads(run(bare_python, ENTRY, *words))
    assert bare["queries"] == 18
    assert bare == json.loads(run(sys.executable, ENTRY, *words))


def test_serve_works_on_the_base_install(walked, unseen: Path, bare_python: str, ask) -> None:
    process = subprocess.Popen(
        [bare_python, "-u", "-c", ENTRY, "serve", str(walked.bundle), "--port", "0"],
        stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stderr is not None
    try:
        line = process.stderr.readline()
        url = next(word for word in line.split() if word.startswith("http")).rstrip("/,.")
        picture = next(unseen.parent.rglob("*.png"))
        assert len(ask(f"{url}/search", picture)["matches"]) == 20
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=20)
    assert process.returncode == 0


def test_look_and_runs_work_where_torch_is_not(walked, tmp_path: Path) -> None:
    space = walked.copy(tmp_path / "space")
    run(sys.executable, BLOCK + ENTRY, "-C", space, "look", "--report", tmp_path / "r.html")
    assert (tmp_path / "r.html").is_file()
    told = run(sys.executable, BLOCK + ENTRY, "-C", space, "runs", "--json")
    assert json.loads(told)["runs"][0]["id"] == walked.run


def test_fit_says_what_to_install(walked, tmp_path: Path) -> None:
    words = ["-C", walked.copy(tmp_path / "space"), "fit", "--because", "x", "--json"]
    done = subprocess.run(
        [sys.executable, "-c", BLOCK + ENTRY, *map(str, words)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1, done.stderr
    error = json.loads(done.stdout)["error"]
    assert error["what"] == "Fitting needs more than the base install."
    assert "pip install 'atarimae[fit]'" in error["fix"]


def run(python: str, script: str, *words: object) -> str:
    """What a script prints in a process of its own."""
    done = subprocess.run(
        [python, "-c", script, *map(str, words)],
        capture_output=True, text=True, check=False, env=os.environ | {"PYTHONWARNINGS": "ignore"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout
