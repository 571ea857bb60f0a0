"""Scores of a trained row: embeddings by one predictor, MRR@20 by one convention."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from safetensors.torch import load_file

from atarimae import bundle
from atarimae.predict.run import outputs
from atarimae.task import Context, Model
from atarimae.tasks.retrieve import task
from atarimae.tasks.retrieve.network.data import targets_of
from atarimae.tasks.retrieve.network.model import Features, export
from atarimae.tasks.retrieve.recipe import RetrieveRecipe
from atarimae.tasks.retrieve.whitening import fit_whitening, whitened
from atarimae.types import Array, Data, Floats, Score
from bench.contest.grid import SIZE

PLAIN = "none"
NOTHING: Mapping[str, object] = {}
After = Mapping[str, Array]  # what is subtracted and multiplied with after the network


def peer_model(trunk: Path, folder: Path) -> Model:
    """A peer's network as a graph: timm's own pooling, the mean of the last map."""
    recipe = RetrieveRecipe.of({"image_size": SIZE, "pooling": ["last:mean"]})
    features = Features(recipe)
    features.backbone.load_state_dict(load_file(trunk))
    example = torch.zeros(2, SIZE, SIZE, 3, dtype=torch.uint8)
    graph = export(features, example, folder / "embed.onnx")
    return Model(folder, {"embed": graph}, {"image_size": SIZE, "fit": "pad", "steps": ["embed"]})


def embedded(model: Model, data: Data) -> Floats:
    """(n, d) of the files, in their order."""
    rows = [np.asarray(row, np.float32) for row in outputs(task.predictor(model), data)]
    return np.stack(rows)


def afters(train: Floats, targets: list[int]) -> dict[str, After]:
    """What may follow a peer's network: nothing, PCA, or PCA-whitening; fitted on train."""
    made: dict[str, After] = {PLAIN: {}}
    mean = train.mean(0)
    centred = (train - mean).astype(np.float64)
    axes = np.linalg.eigh(centred.T @ centred)[1][:, ::-1].astype(np.float32)
    for kept in (128, 256):
        if kept < train.shape[1]:
            made[f"PCA {kept}"] = {"mean": mean, "matrix": np.ascontiguousarray(axes[:, :kept])}
    for kept in (256, 512, 1024):
        recipe = RetrieveRecipe.of({"whiten": "pca", "whiten_dimension": kept})
        made[f"PCA-whitening {kept}"] = fit_whitening(recipe, train, targets)
    return made


def mrr(rows: Floats, data: Data, settings: Mapping[str, object] = NOTHING) -> Score:
    """MRR@20 of (n, d) rows, as `fit` counts it: docs/metrics.md."""
    found = list(rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12))
    context = Context(task.index(found, data), settings=settings)
    scores = task.score(task.finish(found, data, context), data, context)
    return next(score for score in scores if score.metric == task.metric)


def moved(rows: Floats, after: After) -> Floats:
    """Rows after what follows the network."""
    return whitened(rows, after) if after else rows


class Peer:
    """A peer's row as it was trained, in its folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.model = peer_model(folder / "trunk.safetensors", folder)
        self.embedder = [
            np.load(path)
            for path in (folder / "embedder.npy", folder / "embedder_bias.npy")
            if path.is_file()
        ]

    def rows(self, data: Data) -> Floats:
        """Embeddings without PCA."""
        found = embedded(self.model, data)
        if self.embedder:
            weight, bias = self.embedder
            found = found @ weight.T + bias
        return np.asarray(found / np.linalg.norm(found, axis=1, keepdims=True), np.float32)

    def val(self, data: Data) -> dict[str, float]:
        """MRR@20 on val for each of what may follow; the best of it is kept for test."""
        train, val = data.split("train"), task.samples(data.split("val"))
        choice = afters(self.rows(train), targets_of(train)[1])
        rows = self.rows(val)
        values = {name: mrr(moved(rows, after), val).value for name, after in choice.items()}
        best = max(values, key=lambda name: values[name])
        np.savez(self.folder / "after.npz", **cast(dict[str, Any], choice[best]))
        return {best: values.pop(best)} | values

    def test(self, data: Data) -> float:
        """MRR@20 on test, with what was best on val."""
        test = task.samples(data.split("test"))
        with np.load(self.folder / "after.npz") as kept:
            after = dict(kept)
        return mrr(moved(self.rows(test), after), test).value


class Ours:
    """A row of ours."""

    def __init__(self, folder: Path) -> None:
        self.model = bundle.read_model(folder / "model")

    def val(self, data: Data) -> dict[str, float]:
        """MRR@20 on val; nothing follows that is not in the recipe."""
        return {PLAIN: self._of(data, "val")}

    def test(self, data: Data) -> float:
        """MRR@20 on test."""
        return self._of(data, "test")

    def _of(self, data: Data, split: str) -> float:
        part = task.samples(data.split(split))
        return mrr(embedded(self.model, part), part, self.model.settings).value
