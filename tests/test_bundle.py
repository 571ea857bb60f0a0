"""A bundle is what was shipped, to the last byte, or it is refused."""

import json
from pathlib import Path

import numpy as np
import pytest

from atarimae import bundle
from atarimae.errors import AtarimaeError
from atarimae.task import Model
from atarimae.types import File, Index

INDEX = Index(
    (File("絵/赤 🍶.png", "ab" * 32, "train", "both", "g1", "shop"), File("b.png", "cd" * 32)),
    ("赤", ""),
    {"embedding": np.eye(2, 3, dtype=np.float32)},
)
FILES = (
    "model.json", "embed.onnx", "arrays.safetensors", "index.parquet", "index.safetensors",
    "golden/0.png", "golden/steps.safetensors", "README.md",
)  # fmt: skip


def write(folder: Path) -> Path:
    """A bundle with one file of every kind; its graph is never run here."""
    (folder / "golden").mkdir(parents=True)
    graph = folder / "embed.onnx"
    for name in ("embed.onnx", "golden/0.png", "golden/steps.safetensors", "README.md"):
        (folder / name).write_bytes(f"what is in {name}".encode())
    mean = np.arange(3, dtype=np.float32)
    model = Model(folder, {"embed": graph}, {"image_size": 32}, {"mean": mean}, {"threshold": 0.5})
    bundle.write_model(model)
    bundle.write_index(folder, INDEX)
    bundle.seal(folder, {"task": "retrieve", "run": "r1", "because": "試す"})
    return folder


def flip(path: Path, position: int) -> None:
    content = bytearray(path.read_bytes())
    content[position] ^= 1
    path.write_bytes(content)


def test_bundle_reads_as_it_was_written(tmp_path: Path) -> None:
    found = bundle.read(write(tmp_path / "包み"))
    assert (found.task, found.run, found.about["because"]) == ("retrieve", "r1", "試す")
    assert (found.index.files, found.index.labels) == (INDEX.files, INDEX.labels)
    np.testing.assert_array_equal(found.index.arrays["embedding"], INDEX.arrays["embedding"])
    assert found.model.graphs == {"embed": tmp_path / "包み" / "embed.onnx"}
    assert found.model.settings == {"image_size": 32}
    np.testing.assert_array_equal(found.model.arrays["mean"], [0, 1, 2])
    assert found.context.constants == {"threshold": 0.5}


def test_bundle_of_a_task_without_an_index(tmp_path: Path) -> None:
    found = bundle.read_index(tmp_path)
    assert (len(found), found.labels, dict(found.arrays)) == (0, (), {})


def test_every_file_is_under_the_seal(tmp_path: Path) -> None:
    about = json.loads((write(tmp_path / "b") / "bundle.json").read_text("utf-8"))
    assert sorted(about["files"]) == sorted(FILES)


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("place", ["first", "middle", "last"])
def test_flipped_byte_is_refused_naming_the_file(tmp_path: Path, name: str, place: str) -> None:
    path = write(tmp_path / "b") / name
    flip(path, {"first": 0, "middle": path.stat().st_size // 2, "last": -1}[place])
    with pytest.raises(AtarimaeError, match="is not what was shipped") as caught:
        bundle.read(tmp_path / "b")
    assert name in caught.value.found
    assert caught.value.fix


def test_flipped_byte_in_the_seal_itself_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "b") / "bundle.json"
    whole = path.read_bytes()
    unnoticed = []
    for position in range(0, len(whole) - 1, 7):
        path.write_bytes(whole)
        flip(path, position)
        try:
            bundle.read(tmp_path / "b")
        except AtarimaeError:
            continue
        except Exception as error:
            unnoticed.append(repr(error))
        else:
            unnoticed.append(f"no error: …{whole[max(0, position - 20) : position + 1]!r}")
    assert not unnoticed


@pytest.mark.parametrize("name", FILES)
def test_missing_file_is_named(tmp_path: Path, name: str) -> None:
    (write(tmp_path / "b") / name).unlink()
    with pytest.raises(AtarimaeError, match=f"{name} is missing"):
        bundle.read(tmp_path / "b")


@pytest.mark.parametrize("kind", ["empty folder", "no folder", "file"])
def test_what_is_no_bundle_is_said_to_be_none(tmp_path: Path, kind: str) -> None:
    place = tmp_path / "b"
    if kind == "empty folder":
        place.mkdir()
    elif kind == "file":
        place.write_text("a")
    with pytest.raises(AtarimaeError, match=r"b is no bundle\..*atarimae ship RUN"):
        bundle.read(place)


def test_graph_outside_the_bundle_is_never_reached(tmp_path: Path) -> None:
    folder = write(tmp_path / "b")
    settings = json.loads((folder / "model.json").read_text())
    settings["graphs"]["embed"] = "../../etc/passwd"
    (folder / "model.json").write_text(json.dumps(settings))
    assert bundle.read_model(folder).graphs["embed"] == folder / "passwd"
