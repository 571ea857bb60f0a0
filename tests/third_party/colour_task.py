"""One class an image, by its mean colour: a task as somebody else would add it."""

import hashlib

import numpy as np

from atarimae.predict.graph import Graph
from atarimae.predict.resize import resize
from atarimae.task import Model, Recipe
from atarimae.types import Index, Predictions, Score


class ColourPredictor:
    cached = 1
    reads = 8

    def __init__(self, model):
        self.steps = {"classify": Graph(model.graphs["classify"])}
        self.key = hashlib.sha256(model.graphs["classify"].read_bytes()).hexdigest()

    def windows(self, source):
        return resize(source, 8).mean((0, 1)).astype(np.float32) / 255


class ColourSamples:
    in_memory = True

    def __init__(self, setup, classes):
        from atarimae.predict.source import open_source

        data, read = setup.train, ColourPredictor.windows
        self.inputs = np.stack([read(self, open_source(data.path(f))) for f in data.files])
        self.targets = np.array([classes.index(data.label(file)) for file in data.files])

    def __len__(self): return len(self.targets)  # fmt: skip

    def __getitems__(self, numbers):
        return self.inputs[numbers], self.targets[numbers]


class ColourTraining:
    def __init__(self, recipe, setup):
        import torch

        self.classes = list(setup.train.class_names)
        self.samples = ColourSamples(setup, self.classes)
        self.linear = torch.nn.Linear(3, len(self.classes))
        self.modules = {"linear": self.linear}
        self.optimisers = {"main": torch.optim.AdamW(self.linear.parameters(), recipe.lr)}
        self.parameters = 4 * len(self.classes)

    def batches(self, epoch):
        return [list(range(len(self.samples)))]

    def step(self, batch, update):
        import torch

        inputs, targets = map(torch.as_tensor, batch)
        return {"loss": update(torch.nn.functional.cross_entropy(self.linear(inputs), targets))}

    def export(self, folder):
        import torch

        folder.mkdir(parents=True, exist_ok=True)
        path = folder / "classify.onnx"
        names = {"input_names": ["input"], "dynamic_axes": {"input": {0: "n"}}}
        torch.onnx.export(self.linear, (torch.zeros(2, 3),), str(path), dynamo=False, **names)
        return Model(folder, {"classify": path}, {"classes": self.classes})


class Colour:
    name, recipe, metric, endpoint = "colour", Recipe, "accuracy", "classify"
    unseen_classes, one_label = False, True
    predictor, training = staticmethod(ColourPredictor), staticmethod(ColourTraining)

    def samples(self, data):
        return data.where(lambda file: data.label(file) is not None or file.role == "query")

    def index(self, outputs, data):
        return Index()

    def finish(self, outputs, data, context):
        names = np.array(context.settings["classes"], object)
        said = names[[int(np.argmax(row)) for row in outputs]]
        return Predictions(tuple(file.path for file in data.files), {"said": said})

    def calibrate(self, predictions, data, context): return {}  # fmt: skip

    def score(self, predictions, data, context):
        truth = [data.label(file) for file in data.files]
        parts = (predictions.columns["said"] == np.array(truth, object)).astype(np.float32)
        keys = predictions.keys
        return [Score("accuracy", float(parts.mean()), {"k": 1}, keys, parts, keys)]

    def answer(self, predictions, row, context):
        return {"label": str(predictions.columns["said"][row]), "unknown": False}


task = Colour()
