"""A run whose confidence is calibrated: what it records, and that its bundle tells the same."""

import json

import numpy as np
import pandas as pd
import pytest
from PIL import Image

import atarimae as at
from atarimae import workspace

CLASSES, EACH, STRANGERS = 70, 3, 25


@pytest.fixture
def space(tmp_path):
    """Two-coloured squares, three shades of each pair, and queries of pairs that are nobody's."""
    folder = workspace.create(tmp_path / "場所", "retrieve").root
    rng, rows = np.random.default_rng(0), ["file,label,split,role"]
    for number in range(CLASSES + STRANGERS):
        pair = rng.integers(0, 256, (2, 3))
        for turn in range(EACH if number < CLASSES else 1):
            halves = np.clip(pair + rng.normal(0, 35, (2, 3)), 0, 255).astype(np.uint8)
            path = folder / f"{number:03}-{turn}.png"
            Image.fromarray(np.repeat(halves[:, None], 2, axis=1)).resize((32, 32), 0).save(path)
            if number >= CLASSES:
                rows.append(f"{path.name},,val,query")
            else:
                rows.append(f"{path.name},pair {number},{'train' if number < 5 else 'val'},both")
    (folder / "labels.csv").write_text("\n".join(rows), encoding="utf-8")
    made = at.open(folder)
    made.add(folder / "labels.csv")
    return made


def test_a_run_is_scored_by_classes_left_out_and_its_bundle_tells_one_query_at_a_time(
    space, tmp_path
):
    settings = {"image_size": 32, "pooling": ["blocks.1:mean"], "epochs": 0}
    run = space.fit(because="how sure", **settings)
    constants = json.loads((run.folder / "model" / "model.json").read_text())["constants"]
    assert constants["confidence_threshold_low"] <= constants["confidence_threshold_high"]

    told = pd.read_parquet(run.folder / "predictions.parquet").set_index("key")
    assert set(told["left_out"]) == {0, 1, 2, 3, 4}
    assert (told["unknown"] == (told["confidence"] < constants["confidence_threshold"])).all()
    found = {score.metric: score for score in run.scores}
    assert found["aurc"].convention["confidence fitted without"] == "the query's class"
    assert found["open-set mrr@20"].convention["threshold fitted on"] == "these queries"

    bundle = space.ship(run, tmp_path / "包み")
    for key in told.index[:2]:
        answer = at.Bundle(bundle.folder).search(space.folder.root / key)
        assert 0 <= answer["confidence"] <= 1
        assert answer["unknown"] == (answer["confidence"] < constants["confidence_threshold"])
