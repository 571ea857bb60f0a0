"""What is shipped is what was measured: whatever was changed is refused, by the step's name."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pandas as pd
import pytest
from onnx import numpy_helper
from safetensors.numpy import load_file, save_file

from atarimae.cli import main
from atarimae.ship.parity import same_rankings


def change_weights(path: Path) -> None:
    """The largest tensor of the graph becomes a tenth larger, here and there."""
    graph = onnx.load(path)
    weights = max(graph.graph.initializer, key=lambda tensor: np.prod(tensor.dims))
    values = numpy_helper.to_array(weights).copy()
    values[::2] *= 1.1
    weights.CopyFrom(numpy_helper.from_array(values, weights.name))
    onnx.save(graph, path)


def change_json(path: Path, change: Callable[[dict], None]) -> None:
    value = json.loads(path.read_text("utf-8"))
    change(value)
    path.write_text(json.dumps(value), "utf-8")


def embed(run: Path) -> None:
    change_weights(run / "model" / "embed.onnx")


def project(run: Path) -> None:
    change_weights(run / "model" / "project.onnx")


def whiten(run: Path) -> None:
    arrays = load_file(run / "model" / "arrays.safetensors")
    arrays["matrix"] = arrays["matrix"].copy()
    arrays["matrix"][:, 0] *= 2
    save_file(arrays, run / "model" / "arrays.safetensors")


def other_fit(run: Path) -> None:
    change_json(run / "model" / "model.json", lambda m: m["settings"].update(fit="stretch"))


def other_size(run: Path) -> None:
    change_json(run / "model" / "model.json", lambda m: m["settings"].update(image_size=48))


def other_picture(run: Path) -> None:
    golden = run / "model" / "golden"
    (golden / "0.png").write_bytes((golden / "3.png").read_bytes())


def other_order(run: Path) -> None:
    table = pd.read_parquet(run / "predictions.parquet")
    table["match_files"] = [row[::-1] for row in table["match_files"]]
    table.to_parquet(run / "predictions.parquet")


def other_query(run: Path) -> None:
    table = pd.read_parquet(run / "predictions.parquet")
    table.iloc[1:].to_parquet(run / "predictions.parquet")


def better_score(run: Path) -> None:
    change_json(run / "result.json", lambda r: r["scores"][0].update(value=r["scores"][0]["value"] - 0.01))  # fmt: skip  # noqa: E501


TAMPERED = {
    other_picture: "decode",
    other_fit: "resize",
    other_size: "resize",
    embed: "embed",
    whiten: "whiten",
    project: "project",
    other_order: "top-k",
    other_query: "top-k",
    better_score: "score",
}


@pytest.mark.parametrize("tamper", TAMPERED, ids=lambda tamper: tamper.__name__)
def test_changed_run_is_refused_naming_the_first_step_that_differs(
    walked, tmp_path: Path, capsys: pytest.CaptureFixture[str], tamper: Callable[[Path], None]
) -> None:
    space = walked.copy(tmp_path / "space")
    tamper(space / "runs" / walked.run)
    (tmp_path / "shelf").mkdir()
    target = tmp_path / "shelf" / "bundle"
    code = main(["-C", str(space), "ship", walked.run, "--out", str(target), "--json"])
    error = json.loads(capsys.readouterr().out)["error"]
    assert code == 1
    assert error["what"] == f"The bundle does not reproduce run {walked.run}."
    assert re.findall(r"first step that differs is (\S+):", error["found"]) == [TAMPERED[tamper]]
    assert error["fix"]
    assert list(target.parent.iterdir()) == []


def test_refused_bundle_leaves_the_older_one_as_it_was(
    walked, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    space = walked.copy(tmp_path / "space")
    better_score(space / "runs" / walked.run)
    target = tmp_path / "bundle"
    target.mkdir()
    (target / "bundle.json").write_text("older")
    assert main(["-C", str(space), "ship", walked.run, "--out", str(target), "--json"]) == 1
    assert {path.name: path.read_text() for path in target.iterdir()} == {"bundle.json": "older"}


def rankings(*rows: str) -> np.ndarray:
    """One file a letter: "ABC" are A, B and C, nearest first."""
    return np.array([list(row) for row in rows], dtype=object)


def near(*rows: tuple[float, ...]) -> np.ndarray:
    return np.array(rows, np.float32)


FAR = near((0.9, 0.5, 0.3))  # no two of these may change places
CLOSE = near((0.9, 0.50005, 0.5))  # the last two may


@pytest.mark.parametrize(
    ("then", "near_then", "now", "near_now", "same"),
    [
        ("ABC", FAR, "ABC", FAR, True),
        ("ABC", FAR, "BAC", FAR, False),
        ("ABC", FAR, "ACB", FAR, False),
        ("ABC", CLOSE, "ACB", CLOSE, True),
        ("ABC", CLOSE, "BAC", CLOSE, False),
        # Similarities themselves may drift by less than 1e-4, and not by more.
        ("ABC", FAR, "ABC", FAR + np.float32(0.00008), True),
        ("ABC", FAR, "ABC", FAR + np.float32(0.0002), False),
        # At the k-th place another file may come in, if it is as near as the one that went.
        ("ABC", FAR, "ABD", near((0.9, 0.5, 0.30005)), True),
        ("ABC", FAR, "ABD", near((0.9, 0.5, 0.3002)), False),
        # Elsewhere it may not, however near.
        ("ABC", FAR, "DBC", FAR, False),
        ("ABC", FAR, "ADC", FAR, False),
        # A gallery of fewer files than k.
        ("AB ", near((0.9, 0.5, -np.inf)), "AB ", near((0.9, 0.5, -np.inf)), True),
        ("AB ", near((0.9, 0.5, -np.inf)), "ABC", FAR, False),
        ("ABC", FAR, "AB ", near((0.9, 0.5, -np.inf)), False),
    ],
)
def test_rankings_agree_up_to_swaps_of_what_is_equally_near(
    then: str, near_then: np.ndarray, now: str, near_now: np.ndarray, same: bool
) -> None:
    assert same_rankings(rankings(then), near_then, rankings(now), near_now) is same


@pytest.mark.parametrize(("gap", "same"), [(0.00009, True), (0.00011, False)])
def test_a_swap_is_accepted_below_one_in_ten_thousand(gap: float, same: bool) -> None:
    then, now = near((0.9, 0.5 + gap, 0.5)), near((0.9, 0.5 + gap, 0.5))
    assert same_rankings(rankings("ABC"), then, rankings("ACB"), now) is same


def test_one_wrong_row_among_many_is_seen() -> None:
    then, now = rankings(*["ABC"] * 50), rankings(*["ABC"] * 50)
    now[31] = ["B", "A", "C"]
    values = FAR.repeat(50, axis=0)
    assert same_rankings(then, values, then, values)
    assert not same_rankings(then, values, now, values)


def test_lists_of_another_length_differ() -> None:
    assert not same_rankings(rankings("ABC"), FAR, rankings("AB"), FAR[:, :2])
