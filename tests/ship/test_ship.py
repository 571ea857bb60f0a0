"""A bundle holds all that it needs to answer, and what stands beside it works as it is."""

import ast
import json
import re
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import onnxruntime as ort
import pytest

import atarimae as at
from atarimae import bundle
from atarimae.cli import main
from atarimae.ship import card
from atarimae.tasks.retrieve.rank import steps

BLOCKED = "import sys; sys.modules['torch'] = None\n"


def test_gallery_is_every_file_with_role_gallery_or_both(walked) -> None:
    images = at.open(walked.workspace).images()
    known = images[images["role"] != "query"]
    index = bundle.read(walked.bundle).index
    assert [file.path for file in index.files] == sorted(known["file"])
    assert dict(zip(index.files, index.labels, strict=True)) == {
        file: known.set_index("file")["label"][file.path] for file in index.files
    }
    assert len(index) == 42


def test_queries_are_not_in_the_gallery(walked) -> None:
    images = at.open(walked.workspace).images()
    queries = set(images[images["role"] == "query"]["file"])
    assert len(queries) == 8
    assert not queries & {file.path for file in bundle.read(walked.bundle).index.files}


def test_bundle_tells_the_scores_that_were_measured(walked) -> None:
    result = json.loads((walked.workspace / "runs" / walked.run / "result.json").read_text())
    about = bundle.read(walked.bundle).about
    assert about["scores"] == result["scores"]
    assert (about["run"], about["because"]) == (walked.run, "試す")
    readme = (walked.bundle / "README.md").read_text("utf-8")
    for score in result["scores"]:
        assert f"| {score['metric']} | {score['value']:.4f} |" in readme


def test_graphs_run_under_plain_onnx_runtime(walked) -> None:
    model = bundle.read(walked.bundle).model
    assert list(model.graphs) == ["embed", "project"]
    for path in model.graphs.values():
        ort.InferenceSession(str(path))


def test_every_known_image_has_a_small_picture(walked) -> None:
    index = bundle.read(walked.bundle).index
    there = {path.stem for path in (walked.bundle / "thumbnails").glob("*.webp")}
    assert there == {file.image for file in index.files}


def test_bundle_may_be_carried_elsewhere(walked, tmp_path: Path) -> None:
    moved = shutil.copytree(walked.bundle, tmp_path / "elsewhere")
    picture = next(walked.photos.rglob("*.png"))
    assert at.Bundle(moved).search(picture) == at.Bundle(walked.bundle).search(picture)


def test_nothing_but_the_bundle_and_its_two_companions_is_left(walked) -> None:
    name = walked.bundle.name
    assert {path.name for path in walked.bundle.parent.iterdir()} == {
        walked.workspace.name, name, f"{name}.Dockerfile", f"{name}.notebook.py",
    }  # fmt: skip


def test_model_whose_answers_depend_on_other_queries_is_not_shipped(
    walked, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(steps.STEPS, "aqe", replace(steps.STEPS["aqe"], transductive=True))
    space = walked.copy(tmp_path / "space")
    written = space / "runs" / walked.run / "model" / "model.json"
    model = json.loads(written.read_text("utf-8"))
    model["settings"]["rank"] = ["aqe:k=2", "vote"]
    written.write_text(json.dumps(model), "utf-8")
    assert main(["-C", str(space), "ship", walked.run, "--out", str(tmp_path / "b"), "--json"]) == 1
    error = json.loads(capsys.readouterr().out)["error"]
    assert error["what"] == f"Run {walked.run} can't answer one query at a time."
    assert error["found"] == "In its settings, aqe makes an answer depend on other queries."
    assert not (tmp_path / "b").exists()


def test_notebook_cell_runs_where_torch_is_not(walked) -> None:
    cell = walked.bundle.with_name(f"{walked.bundle.name}.notebook.py").read_text("utf-8")
    said = run_cell(sys.executable, BLOCKED + cell, walked.bundle.parent)
    assert "'matches': [{" in said
    assert "'unknown': " in said


def test_notebook_cell_runs_on_the_base_install(walked, bare_python: str) -> None:
    cell = walked.bundle.with_name(f"{walked.bundle.name}.notebook.py").read_text("utf-8")
    assert "'matches': [{" in run_cell(bare_python, cell, walked.bundle.parent)


def test_notebook_cell_writes_a_submission_where_a_sample_lies(
    walked, bare_python: str, unseen: Path, tmp_path: Path
) -> None:
    shutil.copytree(walked.bundle, tmp_path / walked.bundle.name)
    shutil.copytree(unseen.parent / "a b", tmp_path / "test")
    (tmp_path / "sample_submission.csv").write_text(
        'id,label\n0 0.png,"赤 red,緑 green"\n', "utf-8"
    )
    cell = walked.bundle.with_name(f"{walked.bundle.name}.notebook.py").read_text("utf-8")
    assert "Submission: submission.csv (1 queries" in run_cell(bare_python, cell, tmp_path)
    assert (tmp_path / "submission.csv").read_text("utf-8").startswith("id,label\n0 0.png,")


def run_cell(python: str, cell: str, here: Path) -> str:
    done = subprocess.run([python, "-c", cell], cwd=here, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_dockerfile_is_slim_has_no_torch_is_not_root_and_checks_its_health() -> None:
    text = card.dockerfile("sake")
    assert re.search(r"^FROM python:3\.\d+-slim$", text, re.M)
    assert "torch" not in text
    assert "[fit]" not in text
    assert re.search(r"^USER (?!root|0)", text, re.M)
    assert re.search(r"^HEALTHCHECK ", text, re.M)
    assert "/readyz" in text
    assert "docker build -f sake.Dockerfile -t sake ." in text


@pytest.mark.parametrize("name", ["包み bundle", "Sake", "a b"])
def test_dockerfile_builds_whatever_the_bundle_is_called(name: str) -> None:
    text = card.dockerfile(name)
    (copied,) = re.findall(r"^COPY --chown=serve (.*)$", text, re.M)
    words = json.loads(copied) if copied.startswith("[") else copied.split()
    assert words == [name, "/bundle"]
    (tag,) = re.findall(r"^# docker build .* -t (\S+) \.", text, re.M)
    assert re.fullmatch(r"[a-z0-9]+([._-][a-z0-9]+)*", tag)


@pytest.mark.parametrize("name", ["包み bundle", 'a "b"', "it's", "back\\slash", "$name"])
def test_notebook_cell_is_python_whatever_the_bundle_is_called(name: str) -> None:
    cell = card.notebook_cell(name)
    compile(cell, "cell", "exec")
    (written,) = re.findall(r"at\.Bundle\((.*)\)", cell)
    assert ast.literal_eval(written) == name


def ship(workspace: Path, run: str, out: Path, capsys: pytest.CaptureFixture[str]) -> dict:
    capsys.readouterr()
    code = main(["-C", str(workspace), "ship", run, "--out", str(out), "--json"])
    found = json.loads(capsys.readouterr().out)
    assert (code == 0) == ("error" not in found)
    return found


def test_shipping_again_replaces_the_bundle(walked, tmp_path: Path, capsys) -> None:
    note = walked.workspace / "runs" / walked.run / "shipped.json"
    first = note.read_bytes()
    out = shutil.copytree(walked.bundle, tmp_path / "b")
    (out / "README.md").write_text("older")
    assert ship(walked.workspace, walked.run, out, capsys) == {
        "bundle": str(out), "run": walked.run, "gallery": 42,
        "index": {"generation": 1, "kind": "exact"},
    }  # fmt: skip
    bundle.read(out)
    assert {path.name for path in tmp_path.iterdir()} == {"b", "b.Dockerfile", "b.notebook.py"}
    note.write_bytes(first)  # other tests look for the first bundle


def test_folder_with_other_things_is_left_alone(walked, tmp_path: Path, capsys) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("dear")
    error = ship(walked.workspace, walked.run, tmp_path / "mine", capsys)["error"]
    assert "is not empty" in error["what"]
    assert [path.name for path in tmp_path.rglob("*")] == ["mine", "notes.txt"]


def test_file_in_the_way_is_left_alone(walked, tmp_path: Path, capsys) -> None:
    (tmp_path / "mine").write_text("dear")
    error = ship(walked.workspace, walked.run, tmp_path / "mine", capsys)["error"]
    assert str(tmp_path / "mine") in error["what"]
    assert (tmp_path / "mine").read_text() == "dear"


def test_run_that_is_not_done_has_nothing_to_ship(tmp_path: Path, capsys) -> None:
    space = at.init(tmp_path / "ws")
    with pytest.raises(ZeroDivisionError), space.log(because="a") as log:
        log.metric("loss", 1 / 0)
    error = ship(tmp_path / "ws", log.id, tmp_path / "b", capsys)["error"]
    assert error["what"] == f"Run {log.id} has no model to ship."
    assert error["found"] == "It is failed."
    assert not (tmp_path / "b").exists()
