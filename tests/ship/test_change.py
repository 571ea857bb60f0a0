"""Images come to a shipped bundle and go, in one swap that a server takes up."""

import fcntl
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from atarimae import bundle
from atarimae.cli import main
from atarimae.errors import AtarimaeError
from atarimae.ship import change


@pytest.fixture
def shipped(walked, tmp_path: Path) -> Path:
    return Path(shutil.copytree(walked.bundle, tmp_path / "包み"))


@pytest.fixture
def index(shipped: Path, capsys: pytest.CaptureFixture[str], monkeypatch):
    """`atarimae index` on the bundle, run in the folder that the paths are relative to."""

    def run(*words: object, code: int = 0, here: Path | None = None) -> dict:
        with monkeypatch.context() as patch:
            patch.chdir(here or shipped.parent)
            capsys.readouterr()
            assert main(["index", str(shipped), *map(str, words), "--json"]) == code
        return json.loads(capsys.readouterr().out)

    return run


def test_removed_and_added_again_is_the_bundle_that_was_shipped(walked, shipped, index) -> None:
    before = bundle.read(shipped).index
    gone = [file.path for file in before.files[5:9]]
    found = index("--remove", *gone)
    assert (found["gallery"], found["removed"], found["index"]["generation"]) == (38, 4, 2)
    assert not {*gone} & {file.path for file in bundle.read(shipped).index.files}
    rows = [f"{path},{label}" for path, label in zip(gone, before.labels[5:9], strict=True)]
    (walked.workspace / "back.csv").write_text("\n".join(["file,label", *rows]), "utf-8")
    found = index("--add", "back.csv", here=walked.workspace)
    assert (found["gallery"], found["added"], found["index"]["generation"]) == (42, 4, 3)
    after = bundle.read(shipped).index
    assert [f.path for f in after.files] == [f.path for f in before.files]
    assert after.labels == before.labels
    then, now = (one.arrays["embedding"] for one in (before, after))
    np.testing.assert_allclose(now, then, atol=1e-5)
    assert {p.stem for p in (shipped / "thumbnails").iterdir()} == {f.image for f in after.files}


def test_the_seal_stays_true_and_one_older_generation_is_kept(shipped, index) -> None:
    files = [file.path for file in bundle.read(shipped).index.files]
    for turn in range(3):
        index("--remove", files[turn])
        about = json.loads((shipped / "bundle.json").read_text("utf-8"))
        for name, digest in about["files"].items():
            assert bundle.digest(shipped / name) == digest
    assert not list(shipped.glob("index.*"))
    assert sorted(p.parent.name for p in shipped.glob("index/*/index.parquet")) == ["3", "4"]
    flipped = shipped / "index" / "4" / "index.safetensors"
    flipped.write_bytes(flipped.read_bytes()[:-1] + b"\x01")
    with pytest.raises(AtarimaeError, match=r"index/4/index\.safetensors has changed"):
        bundle.read(shipped)


def test_nothing_to_do_changes_nothing(shipped, index) -> None:
    before = (shipped / "bundle.json").read_bytes()
    assert index()["gallery"] == 42
    assert (shipped / "bundle.json").read_bytes() == before


def test_a_name_that_is_not_there_is_refused_and_nothing_goes(shipped, index) -> None:
    files = [file.path for file in bundle.read(shipped).index.files]
    error = index("--remove", files[0], f"{files[1]}x", code=2)["error"]
    assert error["fix"] == f"Did you mean '{files[1]}'?"
    assert index()["gallery"] == 42


def test_a_broken_picture_is_refused_and_nothing_comes(shipped, index) -> None:
    (shipped.parent / "a.png").write_bytes(b"no picture")
    error = index("--add", "a.png", code=1)["error"]
    assert "nothing was changed" in error["what"]
    assert index()["index"]["generation"] == 1


def test_same_path_with_another_picture_must_be_removed_in_the_same_command(
    walked, shipped, index, unseen
) -> None:
    name = bundle.read(shipped).index.files[0].path
    place = shipped.parent / name
    place.parent.mkdir(parents=True)
    shutil.copy(next(unseen.parent.rglob("*.png")), place)
    assert "with another picture" in index("--add", name, code=1)["error"]["found"]
    found = index("--add", name, "--remove", name)
    assert (found["added"], found["removed"], found["gallery"]) == (1, 1, 42)
    assert index("--add", name)["present"] == 1


def test_two_changes_at_once_are_refused(shipped) -> None:
    held = os.open(shipped, os.O_RDONLY)
    fcntl.flock(held, fcntl.LOCK_EX)
    try:
        with pytest.raises(AtarimaeError, match="is being changed"):
            change(shipped)
    finally:
        os.close(held)


def test_a_change_that_fails_leaves_the_bundle_as_it_was(shipped, monkeypatch) -> None:
    before = (shipped / "bundle.json").read_bytes()
    name = bundle.read(shipped).index.files[0].path

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("atarimae.bundle.write_index", full)
    with pytest.raises(AtarimaeError, match="No space left"):
        change(shipped, remove=[name])
    assert (shipped / "bundle.json").read_bytes() == before
    assert not (shipped / "index" / "2").exists()
    bundle.read(shipped)


def test_another_kind_of_index_finds_the_same_and_tells_its_recall(walked, shipped, index) -> None:
    picture = next(walked.photos.rglob("*.png"))
    before = answer(shipped, picture)
    found = index("--index", "hnsw")["index"]
    assert (found["kind"], found["k"], found["generation"]) == ("hnsw", 20, 2)
    assert {one["recall"] for one in found["recall"]} == {1.0}
    assert answer(shipped, picture) == before
    after = index("--remove", bundle.read(shipped).index.files[0].path)["index"]
    assert after["kind"] == "hnsw"
    assert "each hidden from itself" in after["queries"]


def test_card_tells_the_recall(walked, tmp_path: Path, capsys) -> None:
    note = walked.workspace / "runs" / walked.run / "shipped.json"
    kept = note.read_bytes()
    words = ["-C", str(walked.workspace), "ship", walked.run, "--out", str(tmp_path / "b")]
    assert main([*words, "--index", "hnsw"]) == 0
    note.write_bytes(kept)
    said = capsys.readouterr().out
    assert "42 files in the gallery, index hnsw, generation 1." in said
    lines = [line for line in said.splitlines() if line.startswith("recall@20 ")]
    assert lines[0].endswith("filter: none")
    readme = (tmp_path / "b" / "README.md").read_text("utf-8")
    assert [line[2:] for line in readme.splitlines() if line.startswith("- recall@20")] == lines


def test_a_server_swaps_and_drops_no_request(walked, shipped, ask, tmp_path: Path) -> None:
    picture = next(walked.photos.rglob("*.png"))
    names = [file.path for file in bundle.read(shipped).index.files]
    old = answer(shipped, picture)
    with served(shipped) as url:
        seen = [ask(f"{url}/search", picture)]
        change(shipped, remove=names[::2])
        new = answer(shipped, picture)
        until = time.monotonic() + 30
        while seen[-1] != new and time.monotonic() < until:
            seen.append(ask(f"{url}/search", picture))  # raises where a request is dropped
        seen += [ask(f"{url}/search", picture) for _ in range(5)]
    assert old != new
    assert seen[0] == old
    swapped = seen.index(new)
    assert seen == [old] * swapped + [new] * (len(seen) - swapped)


def test_a_server_goes_on_beside_a_bundle_that_breaks(walked, shipped, ask) -> None:
    picture = next(walked.photos.rglob("*.png"))
    old = answer(shipped, picture)
    with served(shipped) as url:
        (shipped / "model.json").write_text("{}")
        os.utime(shipped / "bundle.json")
        time.sleep(2)
        assert ask(f"{url}/search", picture) == old


def answer(folder: Path, picture: Path) -> dict:
    """What a fresh process would say, as it comes over HTTP."""
    import atarimae as at

    return json.loads(json.dumps(at.Bundle(folder).search(picture)))


@contextmanager
def served(folder: Path) -> Iterator[str]:
    process = subprocess.Popen(
        [sys.executable, "-u", "-m", "atarimae", "serve", str(folder), "--port", "0"],
        stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stderr is not None
    try:
        yield process.stderr.readline().split()[0]
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=30)
