"""One run from end to end, on real pictures and a real network."""

import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from safetensors import safe_open

from atarimae import bundle, runlog
from atarimae import task as tasks
from atarimae.add import add
from atarimae.errors import AtarimaeError, UsageError
from atarimae.fit import fit, resume
from atarimae.fit.split import with_split
from atarimae.predict.source import open_source
from atarimae.score.evaluate import evaluate
from atarimae.ship import ship
from atarimae.store import Store
from atarimae.tasks.retrieve.network import training
from atarimae.workspace import Workspace

LOSS = "name == 'loss'"  # a training that takes long is judged midway too
TASK = tasks.load("retrieve")


def test_run_folder_holds_everything(space: Workspace, small) -> None:
    run = fit(space, TASK, small(whiten="pca"), because="理由")
    assert run.status == "done"
    assert run.score is not None
    assert run.score.metric == "mrr@20"
    assert run.score.low <= run.score.value <= run.score.high
    steps = list(TASK.predictor(bundle.read_model(run.model)).steps)
    assert set(run.costs) == {
        "training_seconds", "embed_seconds", "check_seconds", "peak_mb", "parameters",
        "ms_per_image", "model_mb", "ms_decode", "ms_resize", "ms_search",
        *(f"ms_{name}" for name in steps),
    }  # fmt: skip
    functions = [run.costs[f"ms_{name}"] for name in ("decode", "resize", *steps)]
    assert all(milliseconds > 0 for milliseconds in (*functions, run.costs["ms_per_image"]))
    assert run.costs["check_seconds"] == 0  # it was over in a moment
    assert min(cost for name, cost in run.costs.items() if name != "check_seconds") > 0
    names = {path.name for path in run.folder.iterdir()}
    assert names == {
        "run.json", "recipe.toml", "metrics.jsonl", "result.json", "predictions.parquet",
        "parts.parquet", "evaluated.json", "model", "snapshot",
    }  # fmt: skip
    assert len(run.metrics().query(LOSS)) == 4
    answers = pd.read_parquet(run.folder / "predictions.parquet")
    assert {"key", "match_files", "similarity", "unknown"} <= set(answers.columns)


def test_recorded_score_is_the_predictors_own(space: Workspace, small) -> None:
    run = fit(space, TASK, small(), because="x")
    val = with_split(TASK, Store(space).data()).split("val")
    again = evaluate(TASK, bundle.read_model(run.model), val)
    assert again.scores[0].value == pytest.approx(run.score.value, abs=1e-6)


@pytest.mark.long
def test_same_seed_gives_the_same_weights_and_another_seed_others(space: Workspace, small) -> None:
    files = [
        fit(space, TASK, small(dropout=0.2), because="x", seed=seed).model / "project.onnx"
        for seed in (0, 0, 1)
    ]
    first, again, other = (bundle.digest(path) for path in files)
    assert first == again
    assert first != other


def test_whitening_is_fitted_on_training_images_alone(space: Workspace, small) -> None:
    run = fit(space, TASK, small(whiten="pca", projection=0), because="x")
    model = bundle.read_model(run.model)
    train = with_split(TASK, Store(space).data()).split("train")
    predictor = TASK.predictor(model)
    windows = [predictor.windows(open_source(train.path(file))) for file in train.files]
    features = predictor.steps["embed"](windows)
    np.testing.assert_allclose(model.arrays["mean"], np.mean(features, axis=0), atol=1e-5)


def test_frozen_features_are_computed_once_for_all_runs(space: Workspace, small) -> None:
    fit(space, TASK, small(), because="first")
    blocks = set(space.cache.rglob("*.npy"))
    fit(space, TASK, small(loss="cosface"), because="second")
    assert set(space.cache.rglob("*.npy")) == blocks


def test_whole_network_can_be_trained(space: Workspace, small) -> None:
    recipe = small(freeze="none", train_gem_p=True, epochs=1, whiten="pca", workers=0)
    run = fit(space, TASK, recipe, because="train it all")
    assert run.status == "done"
    assert bundle.read_model(run.model).settings["steps"] == ["embed", "project", "whiten"]


@pytest.mark.long
def test_adapted_and_averaged_network_ships_as_it_was_measured(
    space: Workspace, small, tmp_path: Path
) -> None:
    recipe = small(
        backbone="test_vit", weights="random", freeze="none", pooling=["last:cls", "last:gem"],
        lora_rank=2, freeze_layers=2, lr_layer_factor=0.8, average_decay=0.9, min_images=2,
        tta_flip=True, epochs=2, workers=0,
    )  # fmt: skip
    run = fit(space, TASK, recipe, because="adapters")
    bundle = ship(space, TASK, run, tmp_path / "bundle")  # refused, were it another
    assert bundle.run == run.id


def test_verdict_is_against_the_best_run_so_far(space: Workspace, small) -> None:
    first = fit(space, TASK, small(), because="first")
    second = fit(space, TASK, small(), because="the same again", seed=0)
    assert first.verdict is None
    assert second.verdict is not None
    assert second.verdict["against"] == first.id
    assert second.verdict["verdict"] == "no difference seen"
    assert second.verdict["difference"] == 0


@pytest.mark.parametrize(
    "loss",
    [
        {},
        pytest.param({"loss": "adaface"}, marks=pytest.mark.long),
        pytest.param({"loss": "elasticarcplus"}, marks=pytest.mark.long),
        {"loss": "contrastive", "memory": 16},
        pytest.param(
            {"loss": "cosface", "subcentres": 2, "hard_classes": 0.5, "classes_per_batch": 2},
            marks=pytest.mark.long,
        ),
        pytest.param(
            {"loss": "supcon", "hard_classes": 0.5, "classes_per_batch": 2}, marks=pytest.mark.long
        ),
    ],
    ids=lambda loss: loss.get("loss", "default"),
)
def test_interrupted_run_is_resumed_to_the_same_weights(
    space: Workspace, small, loss: dict[str, object]
) -> None:
    recipe = small(epochs=6, dropout=0.2, **loss)
    whole = fit(space, TASK, recipe, because="whole")

    def stop(done: int, total: int, note: str = "") -> None:
        if note.startswith("epoch 4"):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fit(space, TASK, recipe, because="stopped", progress=stop)
    stopped = runlog.find(space, "last")
    assert stopped.status == "stopped"
    resumed = resume(space, TASK, stopped.id)
    assert resumed.status == "done"
    assert resumed.metrics().query(LOSS)["epoch"].tolist() == [1, 2, 3, 4, 5, 6]
    assert (
        resumed.metrics().query(LOSS)["value"].tolist()
        == whole.metrics().query(LOSS)["value"].tolist()
    )
    weights = [bundle.digest(run.model / "project.onnx") for run in (resumed, whole)]
    assert weights[0] == weights[1]


@pytest.mark.long
def test_run_that_is_resumed_keeps_the_whitening_that_its_head_was_trained_on(
    space: Workspace, small, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = small(epochs=6, whiten="learned", whiten_dimension=16)
    whole = fit(space, TASK, recipe, because="whole")

    def stop(done: int, total: int, note: str = "") -> None:
        if note.startswith("epoch 4"):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fit(space, TASK, recipe, because="stopped", progress=stop)
    # Eigenvectors have no sign: another number of threads may turn them, as this does.
    plain = training.fit_whitening
    turned = lambda *given: plain(*given) | {"matrix": -plain(*given)["matrix"]}  # noqa: E731
    monkeypatch.setattr(training, "fit_whitening", turned)
    resumed = resume(space, TASK, "last")
    assert (
        resumed.metrics().query(LOSS)["value"].tolist()
        == whole.metrics().query(LOSS)["value"].tolist()
    )
    assert resumed.score.value == whole.score.value
    matrices = [bundle.read_model(run.model).arrays["matrix"] for run in (resumed, whole)]
    np.testing.assert_array_equal(*matrices)


def test_progress_says_loss_score_and_what_is_to_be_beaten(space: Workspace, small) -> None:
    first = fit(space, TASK, small(epochs=1), because="first")
    notes: list[str] = []
    second = fit(
        space, TASK, small(epochs=1), because="second",
        progress=lambda done, total, note="": notes.append(note),
    )  # fmt: skip
    to_beat = f", to beat: mrr@20 {first.score.value:.3f}"
    assert any(note.startswith("epoch 1/1 loss ") and note.endswith(to_beat) for note in notes)
    assert f"mrr@20 {second.score.value:.3f}" in notes


def test_score_says_what_a_given_split_has_on_both_sides(
    space: Workspace, small, photos: Path, tmp_path: Path
) -> None:
    rows = ["file,label,split"]
    for number, path in enumerate(sorted(photos.rglob("*.png"))):
        rows.append(f"{path},{path.parent.name},{'val' if number % 2 else 'train'}")
    (tmp_path / "labels.csv").write_text("\n".join(rows), encoding="utf-8")
    add(space, [tmp_path / "labels.csv"])
    run = fit(space, TASK, small(epochs=1), because="classes on both sides")
    assert all(score.convention["classes also in train"] == 8 for score in run.scores)
    assert "images also in train" not in run.score.convention


@pytest.mark.parametrize("seed", [-1, 2**63])
def test_seed_out_of_range_is_refused(space: Workspace, small, seed: int) -> None:
    with pytest.raises(UsageError, match="The seed is out of range"):
        fit(space, TASK, small(), because="x", seed=seed)
    assert not runlog.runs(space)


@pytest.mark.long
@pytest.mark.skipif(sys.platform != "linux", reason="only Linux can forget a peak")
def test_peak_of_memory_is_that_of_the_run(space: Workspace, small) -> None:
    fit(space, TASK, small(epochs=1), because="all is loaded")
    np.ones(500_000_000 // 8).sum()  # half a gigabyte, given back at once
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6
    run = fit(space, TASK, small(epochs=1), because="after it")
    assert 50 < run.costs["peak_mb"] < before - 200


def test_done_run_is_not_resumed(space: Workspace, small) -> None:
    run = fit(space, TASK, small(epochs=1), because="x")
    with pytest.raises(AtarimaeError, match="It is done"):
        resume(space, TASK, run.id)


FIT = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored in a shell's background
from atarimae.cli import main
sys.exit(main(sys.argv[1:]))
"""
SETTINGS = ["--set", "image_size=32", "--set", "projection=16", "--set", "classes_per_batch=2"]


def start(space: Workspace, *words: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", FIT, "-C", str(space.root), "fit", "--json", *SETTINGS, *words],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


@pytest.mark.long
def test_two_fits_at_once_do_not_collide(space: Workspace) -> None:
    both = [start(space, "--because", name, "--set", "epochs=2") for name in ("a", "b")]
    told = [process.communicate(timeout=120) for process in both]
    assert [process.returncode for process in both] == [0, 0], told
    assert len({json.loads(out)["id"] for out, _ in told}) == 2
    assert {run.because for run in runlog.runs(space)} == {"a", "b"}


@pytest.mark.long
@pytest.mark.parametrize("sign", [signal.SIGKILL, signal.SIGINT])
def test_killed_run_loses_at_most_the_epoch_under_way(space: Workspace, sign: int) -> None:
    process = start(space, "--because", "killed", "--set", "epochs=4000")
    kept = wait_for_epochs(space, process, 4)  # logged just before they are kept
    os.kill(process.pid, sign)
    process.communicate(timeout=60)
    run = runlog.find(space, "last")
    assert run.status == ("interrupted" if sign == signal.SIGKILL else "stopped")
    with safe_open(kept, framework="np") as checkpoint:
        epochs = int(checkpoint.metadata()["epoch"])
    assert epochs >= 3
    assert epochs >= len(run.metrics().query(LOSS)) - 1


def wait_for_epochs(space: Workspace, process: subprocess.Popen[str], epochs: int) -> Path:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and process.poll() is None:
        for run in runlog.runs(space):
            if (run.folder / "metrics.jsonl").read_text().count("\n") >= epochs:
                return run.folder / "checkpoint" / "last.safetensors"
        time.sleep(0.05)
    pytest.fail(f"no {epochs} epochs: {process.communicate()}")


@pytest.mark.long
def test_projection_that_is_not_trained_keeps_the_features_score(space: Workspace, small) -> None:
    recipe = small(epochs=0, whiten="none", projection=1280)
    rotated = fit(space, TASK, recipe, because="no training")
    plain = fit(space, TASK, small(epochs=0, projection=0), because="no projection")
    assert rotated.score.value == pytest.approx(plain.score.value, abs=1e-6)


def test_run_whose_parent_is_gone_has_no_verdict(space: Workspace, small) -> None:
    parent = fit(space, TASK, small(epochs=1), because="parent")

    def take_away(done: int, total: int, note: str = "") -> None:
        shutil.rmtree(parent.folder, ignore_errors=True)

    run = fit(space, TASK, small(epochs=1), because="child", progress=take_away)
    assert (run.status, run.parent, run.verdict) == ("done", parent.id, None)
