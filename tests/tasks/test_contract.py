"""Every task goes through every step: the installed one, and one that a third party brings."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.metadata import entry_points
from pathlib import Path

import pytest

from atarimae import task as tasks
from atarimae.cli import main

RECIPES = {
    "retrieve": ["image_size=32", "projection=16", "epochs=2", "classes_per_batch=4"],
    "colour": ["epochs=60", "lr=0.3"],
}


def test_third_party_task_is_found_like_our_own() -> None:
    assert {"retrieve", "colour"} <= {point.name for point in entry_points(group="atarimae.tasks")}


def test_third_party_task_is_under_a_hundred_lines() -> None:
    source = Path(__file__).parents[1] / "third_party" / "colour_task.py"
    assert len(source.read_text(encoding="utf-8").splitlines()) < 100


@pytest.mark.parametrize("name", sorted(RECIPES))
def test_task_has_what_the_protocol_names(name: str) -> None:
    wanted = {word for word in vars(tasks.Task) if not word.startswith("_")}
    wanted |= set(tasks.Task.__annotations__)
    assert not [word for word in wanted if not hasattr(tasks.load(name), word)]


@pytest.mark.parametrize("name", sorted(RECIPES))
def test_task_goes_through_every_step(
    name: str,
    photos: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    ask: Callable[[str, Path], dict[str, object]],
) -> None:
    def run(*words: str) -> dict[str, object]:
        code = main([*words, "--json"])
        found = capsys.readouterr().out
        assert code == 0, found
        value: dict[str, object] = json.loads(found)
        return value

    space = str(tmp_path / "場所")
    run("init", space, "--task", name)
    assert run("-C", space, "add", str(photos))["added"] == 48
    report = tmp_path / "report.html"
    run("-C", space, "look", "--report", str(report))
    assert report.read_text(encoding="utf-8").startswith("<!doctype html>")

    settings = [word for change in RECIPES[name] for word in ("--set", change)]
    first = run("-C", space, "fit", "--because", "試す", "--stage", "smoke", *settings)
    second = run("-C", space, "fit", "--because", "全部で", *settings)
    third = run("-C", space, "fit", "--because", "another seed", "--seed", "1", *settings)
    assert [r["id"] for r in run("-C", space, "runs")["runs"]] == [  # type: ignore[attr-defined]
        first["id"], second["id"], third["id"],
    ]  # fmt: skip
    assert second["metric"] == tasks.load(name).metric
    assert third["parent"] == second["id"]
    assert run("-C", space, "show", str(second["id"]))["because"] == "全部で"
    assert run("-C", space, "compare", str(second["id"]), str(third["id"]))["verdict"] in (
        "helped", "hurt", "no difference seen",
    )  # fmt: skip

    bundle = tmp_path / "包み bundle"
    run("-C", space, "ship", str(second["id"]), "--out", str(bundle))
    labels = tmp_path / "new.csv"
    rows = [f"{path},{path.parent.name}" for path in sorted(photos.glob("*/絵0*"))]
    labels.write_text("\n".join(["file,label", *rows]), encoding="utf-8")
    judged = run("score", str(bundle), "--queries", str(labels))
    assert judged["queries"] == 8

    with served(bundle) as url:
        endpoint = f"{url}/{tasks.load(name).endpoint}"
        answer = ask(endpoint, next(photos.glob("*/絵1*")))
        assert "unknown" in answer
        seen = run("watch", url, "--once")
        assert "replicas" in seen


@contextmanager
def served(bundle: Path) -> Iterator[str]:
    """`atarimae serve` in a process of its own; the URL it printed."""
    process = subprocess.Popen(
        [sys.executable, "-m", "atarimae", "serve", str(bundle), "--port", "0"],
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONUNBUFFERED": "1"},
    )
    assert process.stderr is not None
    try:
        line = process.stderr.readline()
        yield next(word for word in line.split() if word.startswith("http")).rstrip("/,.")
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=20)
