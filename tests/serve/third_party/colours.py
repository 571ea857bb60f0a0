"""A task as somebody else would write it: a picture's mean colour, and the nearest known one."""

import time
from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
from onnx import TensorProto, helper
from PIL import Image

from atarimae import bundle
from atarimae.task import Model
from atarimae.types import File, Index, Predictions

NAMED = {"red": (200, 30, 30), "green": (30, 180, 60), "青": (40, 60, 200), "white 🏳": (250,) * 3}
FAR = 60.0  # a colour further away than this is unknown


class Predictor:
    """`load_seconds` and `answer_seconds` in the settings make it as slow as a large model."""

    key = "colours"
    cached = 1
    reads = None

    def __init__(self, model):
        time.sleep(model.settings.get("load_seconds", 0))
        self.slow = model.settings.get("answer_seconds", 0)
        self.session = ort.InferenceSession(
            str(model.graphs["mean"]), providers=["CPUExecutionProvider"]
        )
        self.steps = {"embed": self.embed}

    def windows(self, source):
        small = Image.fromarray(source.pixels()).resize((16, 16), Image.Resampling.BOX)
        return np.asarray(small, np.float32)

    def embed(self, batch):
        time.sleep(self.slow)
        return list(self.session.run(None, {"pixels": np.stack(batch)})[0])


class Colours:
    """Only what serving needs."""

    name = "colours"
    endpoint = "nearest"

    def predictor(self, model):
        return Predictor(model)

    def finish(self, outputs, data, context):
        known = context.index.arrays["colours"]
        far = np.linalg.norm(np.stack(outputs)[:, None] - known[None], axis=2)
        return Predictions(tuple(file.path for file in data.files), {"far": far})

    def answer(self, predictions, row, context):
        far = predictions.columns["far"][row]
        matches = [
            {
                "id": context.index.files[number].path,
                "label": context.index.labels[number],
                "score": round(float(1 - far[number] / 442), 6),
                "file": context.index.files[number].path,
            }
            for number in np.argsort(far, kind="stable")
        ]
        return {"matches": matches, "unknown": bool(far.min() > FAR)}


task = Colours()


def ship(folder: Path, **settings: float) -> Path:
    """A bundle of this task: the four named colours, with a thumbnail of the first."""
    folder.mkdir(parents=True)
    node = helper.make_node("ReduceMean", ["pixels", "axes"], ["mean"], keepdims=0)
    graph = helper.make_graph(
        [node],
        "mean",
        [helper.make_tensor_value_info("pixels", TensorProto.FLOAT, ["n", 16, 16, 3])],
        [helper.make_tensor_value_info("mean", TensorProto.FLOAT, ["n", 3])],
        [helper.make_tensor("axes", TensorProto.INT64, [2], [1, 2])],
    )
    onnx.save(
        helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9),
        folder / "mean.onnx",
    )
    bundle.write_model(Model(folder, {"mean": folder / "mean.onnx"}, settings))
    files = tuple(File(f"photos/{name}.jpg", f"{number:064x}") for number, name in enumerate(NAMED))
    colours = np.array(list(NAMED.values()), np.float32)
    bundle.write_index(folder, Index(files, tuple(NAMED), {"colours": colours}))
    (folder / "thumbnails").mkdir()
    Image.new("RGB", (64, 64), NAMED["red"]).save(folder / "thumbnails" / f"{files[0].image}.webp")
    bundle.seal(folder, {"task": "colours", "run": "2026-11-22-mean"})
    return folder
