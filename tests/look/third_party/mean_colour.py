"""A task as somebody else would write it: the picture with the nearest mean colour."""

from datetime import UTC, datetime

import numpy as np

from atarimae import bundle
from atarimae.predict.source import open_source
from atarimae.task import Model
from atarimae.types import Index, Predictions

FAR = 60.0  # a colour further away than this is unknown


class Predictor:
    key = "mean-colour"
    cached = 1
    reads = None

    def __init__(self):
        self.steps = {"embed": lambda batch: batch}

    def windows(self, source):
        return source.pixels().reshape(-1, 3).mean(axis=0).astype(np.float32)


class MeanColour:
    name = "mean-colour"
    endpoint = "search"
    one_label = True
    unseen_classes = True
    near_duplicate = 0.999

    def predictor(self, model):
        return Predictor()

    def learns(self, recipe):
        return bool(recipe.get("epochs"))

    def finish(self, outputs, data, context):
        far = np.linalg.norm(np.stack(outputs)[:, None] - context.index.arrays["colours"], axis=2)
        return Predictions(tuple(file.path for file in data.files), {"far": far})

    def answer(self, predictions, row, context):
        far = predictions.columns["far"][row]
        order = np.argsort(far, kind="stable")[:20]
        matches = [
            {
                "file": context.index.files[number].path,
                "label": context.index.labels[number],
                "score": float(1 - far[number] / 442),
            }
            for number in order
        ]
        return {"matches": matches, "unknown": bool(far.min() > FAR)}


task = MeanColour()


def ship(data, folder):
    """A bundle that finds the files of `data`."""
    folder.mkdir(parents=True)
    colours = [Predictor().windows(open_source(data.path(file))) for file in data.files]
    bundle.write_model(Model(folder, {}, {}))
    labels = tuple(data.label(file) or "" for file in data.files)
    bundle.write_index(folder, Index(data.files, labels, {"colours": np.stack(colours)}))
    bundle.seal(
        folder,
        {"task": "mean-colour", "run": "none", "created": datetime.now(UTC).isoformat()},
    )
    return folder
