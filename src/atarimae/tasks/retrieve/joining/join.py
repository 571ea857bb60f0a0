"""One model of several: their graphs and arrays copied, and what joining has to fit."""

import hashlib
import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np

from atarimae.predict.unit import embeddings
from atarimae.task import Joining, Model
from atarimae.tasks.retrieve.joining import weights
from atarimae.tasks.retrieve.joining.recipe import FUSIONS, RetrieveEnsemble
from atarimae.types import Array, Floats


def joined(settings: RetrieveEnsemble, members: Mapping[str, Model], setup: Joining) -> Model:
    """The model of the members, whose names are among those of the settings."""
    setup.folder.mkdir(parents=True, exist_ok=True)
    some = replace(setup.train, files=setup.train.files[:1])
    told: dict[str, object] = {
        "members": [
            {"run": name, "settings": dict(model.settings)} for name, model in members.items()
        ],
        "join": settings.join,
        "widths": [embeddings(setup.outputs(model, some)).shape[1] for model in members.values()],
        "steps": ["members"],
        "rank": list(settings.rank),
    }
    if settings.join in FUSIONS:
        told |= {"constant": settings.constant, "depth": settings.depth, "discrete": True}
    else:
        calibrated = all(one.settings.get("confidence") == "calibrated" for one in members.values())
        told |= {
            "weights": list(_weights(settings, members, setup)),
            "confidence": "calibrated" if calibrated else "cosine",
        }
    plain = Model(setup.folder, _graphs(members, setup.folder), told, _arrays(members))
    if not settings.dimension:
        return plain
    rows = setup.outputs(plain, setup.train)
    arrays = {**plain.arrays, **reduction(rows, settings.dimension)}
    return replace(plain, settings={**told, "steps": ["members", "reduce"]}, arrays=arrays)


def reduction(rows: Floats, kept: int) -> dict[str, Array]:
    """PCA of (n, d) rows: subtract `mean` (d,), multiply by `matrix` (d, k).

    The axes keep their lengths: what the members agreed on stays as long as it was. k is `kept`, or
    less where rows or columns are fewer.
    """
    mean = rows.mean(0, dtype=np.float64)
    centred = rows - mean
    kept = min(kept, rows.shape[1], max(1, len(rows) - 1))
    if len(rows) < rows.shape[1]:  # the same axes, from the smaller of two products
        _, sides = np.linalg.eigh(centred @ centred.T)
        matrix = centred.T @ sides[:, ::-1][:, :kept]
        matrix /= np.maximum(np.linalg.norm(matrix, axis=0), 1e-12)
    else:
        _, vectors = np.linalg.eigh(centred.T @ centred)
        matrix = vectors[:, ::-1][:, :kept]
    return {"mean": mean.astype(np.float32), "matrix": matrix.astype(np.float32)}


def _weights(
    settings: RetrieveEnsemble, members: Mapping[str, Model], setup: Joining
) -> tuple[float, ...]:
    """Adding up to 1: as given, as chosen, or all alike."""
    if settings.join != "weighted":
        return (1 / len(members),) * len(members)
    if settings.weights:
        given = dict(zip(settings.members, settings.weights, strict=True))
        total = sum(given[name] for name in members)
        return tuple(given[name] / total if total else 1 / len(members) for name in members)
    sides = [
        (data, [embeddings(setup.outputs(models[name], data)) for name in members])
        for models, data in setup.sides
    ]
    return weights.chosen(sides)


def _graphs(members: Mapping[str, Model], folder: Path) -> dict[str, Path]:
    """By number and name; members that share a graph share the copy."""
    graphs: dict[str, Path] = {}
    copies: dict[str, Path] = {}
    for number, model in enumerate(members.values(), 1):
        for name, path in model.graphs.items():
            content = hashlib.sha256(path.read_bytes()).hexdigest()
            if content not in copies:
                copies[content] = folder / f"{number}.{name}.onnx"
                shutil.copyfile(path, copies[content])
            graphs[f"{number}.{name}"] = copies[content]
    return graphs


def _arrays(members: Mapping[str, Model]) -> dict[str, Array]:
    return {
        f"{number}.{name}": array
        for number, model in enumerate(members.values(), 1)
        for name, array in model.arrays.items()
    }
