"""A training loop of one's own is logged, scored and judged like any other run."""

import io
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

import atarimae as at
from atarimae.runlog import parts
from atarimae.score.intervals import interval, paired
from atarimae.types import Score

RNG = np.random.default_rng(0)
PARTS = {f"絵{n}.png": float(RNG.uniform(0.2, 0.6)) for n in range(60)}
BETTER = {
    name: min(1.0, part + 0.1 + 0.02 * (n % 3)) for n, (name, part) in enumerate(PARTS.items())
}
CLASSES = {name: f"class {n // 4}" for n, name in enumerate(PARTS)}


@pytest.fixture
def ws(tmp_path: Path) -> at.Workspace:
    return at.init(tmp_path / "場所")


# -- scores and verdicts ---------------------------------------------------------------------------


def test_parts_give_an_interval_and_a_verdict_against_the_best(ws: at.Workspace) -> None:
    with ws.log(because="first") as first:
        first.score("mrr@20", parts=PARTS, clusters=CLASSES)
    with ws.log(because="second") as second:
        second.score("mrr@20", parts=BETTER, clusters=CLASSES)
    run = ws.run(second.id)
    values, names = np.array([*BETTER.values()], np.float32), tuple(BETTER)
    plain = interval(Score("mrr@20", float(values.mean()), {}, names, values, [*CLASSES.values()]))
    assert run.score.value == pytest.approx(np.mean([*BETTER.values()]), abs=1e-6)
    assert (run.score.low, run.score.high) == pytest.approx((plain.low, plain.high), abs=1e-6)
    seen = paired([*PARTS.values()], [*BETTER.values()], [*CLASSES.values()])
    assert run.parent == first.id
    assert run.verdict["verdict"] == "helped"
    assert run.verdict["difference"] == pytest.approx(seen.value, abs=1e-6)
    assert run.verdict["low"] == pytest.approx(seen.low, abs=0.001)
    assert ws.run(first.id).parent is None
    assert ws.compare(first.id, second.id).verdict == "helped"


def test_without_clusters_each_image_stands_for_itself(ws: at.Workspace) -> None:
    with ws.log(because="a") as run:
        run.score("mrr@20", parts=PARTS)
    assert parts(ws.run(run.id))["cluster"].tolist() == list(PARTS)


def test_parent_is_the_best_of_what_can_be_compared(ws: at.Workspace) -> None:
    scored = {}
    for name, metric, stage, shift in [
        ("good", "mrr@20", "log", 0.2), ("last", "mrr@20", "log", 0.0),
        ("other metric", "map@r", "log", 0.3), ("other stage", "mrr@20", "holdout", 0.4),
    ]:  # fmt: skip
        with ws.log(because=name, stage=stage) as run:
            run.score(metric, parts={key: part + shift for key, part in PARTS.items()})
        scored[name] = run.id
    failed = ws.log(because="failed")
    failed.score("mrr@20", parts=dict.fromkeys(PARTS, 1.0))
    failed.close(ZeroDivisionError())
    with ws.log(because="now") as run:
        run.score("mrr@20", parts=PARTS)
    assert ws.run(run.id).parent == scored["good"]
    assert ws.run(run.id).verdict["verdict"] == "hurt"


def test_parent_can_be_named(ws: at.Workspace) -> None:
    with ws.log(because="best") as best:
        best.score("mrr@20", parts=BETTER)
    with ws.log(because="other") as other:
        other.score("mrr@20", parts=PARTS)
    with ws.log(because="now", parent=other.id) as run:
        run.score("mrr@20", parts=BETTER)
    assert ws.run(run.id).parent == other.id
    assert ws.run(run.id).verdict["verdict"] == "helped"


def test_other_convention_is_not_compared(ws: at.Workspace) -> None:
    for k in (20, 5):
        with ws.log(because=f"{k}") as run:
            run.score("mrr", parts=PARTS, convention={"k": k})
    assert (ws.run(run.id).parent, ws.run(run.id).verdict) == (None, None)


def test_plain_value_has_no_interval_and_no_verdict(ws: at.Workspace) -> None:
    for value in (0.5, 0.6):
        with ws.log(because="a") as run:
            run.score("public", value)
            run.score("accuracy", np.float32(0.25))
    found = ws.run("best")
    assert [(s.metric, s.value) for s in found.scores] == [("public", 0.6), ("accuracy", 0.25)]
    assert found.verdict is None


@pytest.mark.parametrize(
    ("wrong", "found"),
    [
        ({}, "Neither"),
        ({"value": 1.0, "parts": PARTS}, "Both"),
        ({"parts": {}}, "none"),
        ({"parts": {"a": float("nan"), "b": 1}}, "1 are NaN"),
        ({"parts": {"a": 1, "b": 1}, "clusters": {"a": "x"}}, "1 have no cluster: b"),
    ],
)
def test_score_that_says_nothing_is_refused(ws: at.Workspace, wrong: dict, found: str) -> None:
    with ws.log(because="a") as run, pytest.raises(at.AtarimaeError, match=found):
        run.score("mrr@20", **wrong)


# -- settings, metrics, pictures -------------------------------------------------------------------


def test_settings_are_a_recipe(ws: at.Workspace) -> None:
    settings = {
        "lr": np.float32(0.5),
        "層": (1, 2),
        "aug": {"p": 0.5, "none": None},
        "nothing": None,
    }
    with ws.log(because="a", settings=settings) as run:
        run.settings({"lr": 0.25, "root": Path("photos")})
    assert ws.run(run.id).recipe == {
        "lr": 0.25, "層": [1, 2], "aug": {"p": 0.5}, "root": "photos",
    }  # fmt: skip


def test_several_metrics_of_a_step(ws: at.Workspace) -> None:
    with ws.log(because="a") as run:
        run.metrics({"loss": torch.tensor(0.5), "精度": 1}, step=3, epoch=1)
    told = ws.run(run.id).metrics()[["name", "value", "step", "epoch"]]
    assert told.values.tolist() == [["loss", 0.5, 3, 1], ["精度", 1.0, 3, 1]]


def figure() -> object:
    from matplotlib.figure import Figure

    drawn = Figure(figsize=(0.4, 0.3), dpi=10)
    drawn.add_subplot()
    return drawn


GREY = np.arange(12).reshape(3, 4)
PICTURES = {
    "grey": (GREY.astype(np.uint8), (4, 3)),
    "whole numbers": (GREY, (4, 3)),
    "shares": (GREY / 11, (4, 3)),
    "truths": (GREY > 5, (4, 3)),
    "colour": (np.zeros((3, 4, 3)), (4, 3)),
    "alpha": (np.zeros((3, 4, 4), np.uint8), (4, 3)),
    "one channel": (np.zeros((3, 4, 1)), (4, 3)),
    "tensor": (torch.zeros(3, 5, 6, requires_grad=True), (6, 5)),
    "grey tensor": (torch.zeros(5, 6, dtype=torch.uint8), (6, 5)),
    "pillow": (Image.new("CMYK", (4, 3)), (4, 3)),
}


@pytest.mark.parametrize("name", PICTURES)
def test_picture_may_be_what_a_loop_has(ws: at.Workspace, name: str) -> None:
    picture, size = PICTURES[name]
    with ws.log(because="a") as run:
        kept = run.picture(name, picture)
    opened = Image.open(kept)
    assert (opened.format, opened.size) == ("PNG", size)


def test_picture_keeps_its_pixels(ws: at.Workspace) -> None:
    pixels = RNG.integers(0, 256, (5, 7, 3), np.uint8)
    with ws.log(because="a") as run:
        for name, picture in {
            "bytes": pixels, "shares": pixels / 255, "tensor": torch.tensor(pixels).movedim(-1, 0),
        }.items():  # fmt: skip
            kept = run.picture(name, picture)
            assert np.array_equal(np.asarray(Image.open(kept)), pixels), name


def test_picture_may_be_a_file_bytes_or_a_figure(ws: at.Workspace, tmp_path: Path) -> None:
    stream = io.BytesIO()
    Image.new("RGB", (8, 8), "red").save(stream, "JPEG")
    (tmp_path / "絵.jpg").write_bytes(stream.getvalue())
    with ws.log(because="a") as run:
        jpeg = run.picture("jpeg", stream.getvalue())
        path = run.picture("path", tmp_path / "絵.jpg")
        again = run.picture("png", jpeg.read_bytes())
        drawn = run.picture("figure", figure())
    assert Image.open(jpeg).format == Image.open(path).format == "PNG"
    assert again.read_bytes() == jpeg.read_bytes() == path.read_bytes()
    assert Image.open(drawn).size == (4, 3)


@pytest.mark.parametrize(
    ("wrong", "found"),
    [
        (np.zeros((2, 3, 4, 5)), r"\(2, 3, 4, 5\)"),
        (np.array([[0, 300]]), "0 to 300"),
        (np.array([[0.0, float("nan")]]), "nan"),
        (b"no picture", "cannot identify"),
        ({"a": 1}, "dict"),
    ],
)
def test_what_is_no_picture_is_refused(ws: at.Workspace, wrong: object, found: str) -> None:
    with ws.log(because="a") as run, pytest.raises(at.AtarimaeError, match=found):
        run.picture("x", wrong)


# -- without `with` --------------------------------------------------------------------------------


def test_run_may_be_finished_by_hand(ws: at.Workspace) -> None:
    run = ws.log(because="a")
    run.metric("loss", 0.5)
    assert ws.run(run.id).status == "running"
    run.finish(costs={"training_seconds": 2.5})
    found = ws.run(run.id)
    assert (found.status, found.costs) == ("done", {"training_seconds": 2.5})
    with pytest.raises(at.AtarimaeError, match="is finished"):
        run.metric("loss", 0.5)
    with pytest.raises(at.AtarimaeError, match="is finished"):
        run.finish()


def test_end_of_the_process_marks_the_run_as_interrupted(ws: at.Workspace) -> None:
    script = (
        "import atexit, os, atarimae as at; run = at.log(because='a'); run.metric('loss', 1)\n"
        "pid = os.fork()\n"
        # What Python does at the end, but not ONNX Runtime, which waits for its lost threads.
        "if not pid: atexit._run_exitfuncs(); os._exit(0)\n"
        "os.waitpid(pid, 0); print(repr(run))\n"
    )
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", script], cwd=ws.folder.root, check=True,
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    found = ws.run("last")
    assert done.stdout == f"<run {found.id}, running>\n"  # the fork that ended left it alone
    result = json.loads((found.folder / "result.json").read_text())
    assert (found.status, result["status"]) == ("interrupted", "interrupted")
    assert found.metrics()["value"].tolist() == [1.0]


# -- in a notebook ---------------------------------------------------------------------------------


@pytest.fixture
def cell(ws: at.Workspace, monkeypatch: pytest.MonkeyPatch) -> Iterator[object]:
    """Run a cell in IPython's own shell, as a notebook's kernel does."""
    interactiveshell = pytest.importorskip("IPython.core.interactiveshell")
    monkeypatch.chdir(ws.folder.root)
    shell = interactiveshell.InteractiveShell.instance()
    yield lambda source: shell.run_cell(f"{source}\n", store_history=False)
    shell.clear_instance()


@pytest.mark.parametrize(
    ("error", "status"), [("1 / 0", "failed"), ("raise KeyboardInterrupt", "stopped")]
)
def test_cell_that_fails_finishes_the_run_it_opened(
    ws: at.Workspace, cell, error: str, status: str
) -> None:
    cell(f"import atarimae as at; run = at.log(because='a'); {error}")
    assert ws.run("last").status == status
    assert not cell("run = at.log(because='b')").error_in_exec
    cell("run.finish()")
    assert ws.run("last").status == "done"


@pytest.mark.parametrize(
    ("error", "status"), [("1 / 0", "failed"), ("raise KeyboardInterrupt", "stopped")]
)
def test_later_cell_that_fails_finishes_the_run_it_logs_to(
    ws: at.Workspace, cell, error: str, status: str
) -> None:
    cell("import atarimae as at; run = at.log(because='a')")
    cell("a_name_mistyped")
    assert ws.run("last").status == "running"
    cell(f"run.metric('loss', 1); {error}")
    assert ws.run("last").status == status


def test_cell_with_a_with_statement_that_is_stopped_finishes(ws: at.Workspace, cell) -> None:
    cell("import atarimae as at\nwith at.log(because='a') as run: raise KeyboardInterrupt")
    assert ws.run("last").status == "stopped"


def test_run_shows_itself_as_a_table(ws: at.Workspace, cell) -> None:
    cell("import atarimae as at; run = at.log(because='<b>理由', settings={'lr': 0.5})")
    shown = cell("run").result._repr_html_()
    assert "&lt;b&gt;理由" in shown
    assert "lr = 0.5" in shown
    cell("run.finish()")
