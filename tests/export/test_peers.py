"""What other libraries make of an export, and we of what they write: a second opinion."""

import json
import os
import subprocess
from pathlib import Path

import pytest

import atarimae as at
from atarimae.export import FORMATS, write
from atarimae.store import Store
from atarimae.types import Box

READ = """
import json, sys
from datasets import load_dataset
found = load_dataset("imagefolder", data_dir=sys.argv[1], cache_dir=sys.argv[2])
print(json.dumps({
    split: [
        {**{key: value for key, value in row.items() if key != "image"}, "size": row["image"].size}
        for row in rows
    ]
    for split, rows in found.items()
}))
"""
SAVE = """
import sys
from datasets import ClassLabel, Dataset, Features, Image, Value
columns = {"image": sys.argv[2:], "label": [1, 0]}
features = Features({"image": Image(), "label": ClassLabel(names=["瓶", "箱"])})
Dataset.from_dict(columns, features=features).save_to_disk(sys.argv[1])
"""


def datasets(script: str, *words: object) -> str:
    """What a script prints that uses Hugging Face's library; skipped where that is not."""
    python = os.environ.get("ATARIMAE_PEERS")
    if not python or not Path(python).exists():
        pytest.skip("No environment of peers: run the tests with 'make test'.")
    environment = os.environ | {"HF_HUB_OFFLINE": "1", "HF_DATASETS_DISABLE_PROGRESS_BARS": "1"}
    done = subprocess.run(
        [python, "-c", script, *map(str, words)],
        capture_output=True, text=True, check=False, env=environment,
    )  # fmt: skip
    if "No module named 'datasets'" in done.stderr:
        pytest.skip("The peers are without datasets.")
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.long
def test_datasets_loads_an_imagefolder(data, drawn, tmp_path):
    facts = {0: {"split": "train"}, 1: {"split": "train"}, 2: {"split": "val"}}
    some = data(facts, (0, "瓶", None), (0, "箱", Box(1, 2, 3, 4.5)), (2, "瓶", None))
    write(some, FORMATS["huggingface"], tmp_path / "out", copy=True)
    found = json.loads(datasets(READ, tmp_path / "out", tmp_path / "cache"))
    sizes = [[image.width, image.height] for _, image in drawn]
    none = {"bbox": [], "categories": []}
    assert {split: sorted(map(str, rows)) for split, rows in found.items()} == {
        "train": sorted(map(str, [
            {"label": "瓶", "objects": {"bbox": [[1.0, 2.0, 2.0, 2.5]], "categories": ["箱"]},
             "size": sizes[0]},
            {"label": None, "objects": none, "size": sizes[1]},
        ])),
        "validation": [str({"label": "瓶", "objects": none, "size": sizes[2]})],
    }  # fmt: skip


@pytest.mark.long
def test_what_datasets_saves_is_added(root, drawn, tmp_path):
    paths = [root / drawn[n][0] for n in (0, 1)]
    datasets(SAVE, tmp_path / "saved", *paths)
    ws = at.init(tmp_path / "ws")
    assert ws.add(tmp_path / "saved").added == 2
    data = Store(ws.folder).data()
    said = {file.image: data.classes(file) for file in data.files}
    assert said == {drawn[0][1].hash: ("箱",), drawn[1][1].hash: ("瓶",)}
