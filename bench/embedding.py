"""Embedding picture files beside a plain eager fp32 timm loop over the same pictures."""

import hashlib
import statistics
import tempfile
import time
import zipfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from importlib.resources import files
from pathlib import Path
from typing import cast

import numpy as np
import timm
import torch
from torch.nn import functional

from atarimae.demo.ideas import BASELINE
from atarimae.predict.graph import cores
from atarimae.predict.resize import resize
from atarimae.predict.run import outputs
from atarimae.predict.source import open_source
from atarimae.task import Model, Predictor
from atarimae.tasks.retrieve import task
from atarimae.tasks.retrieve.network.backbone import LITE0, LITE0_MEAN, LITE0_STD, load_lite0
from atarimae.tasks.retrieve.network.model import Features, export
from atarimae.tasks.retrieve.recipe import RetrieveRecipe
from atarimae.types import Data, File, Floats, Pixels, Version
from bench.ratio import Ratio

IMAGES, SIZES, BATCH, ROUNDS = 512, (128, 224), 32, 3
ALIKE = 0.999  # mean cosine between both sides' embeddings


def measure() -> list[Ratio]:
    """Seconds from the files to their embeddings, in turns, medians of 3; nothing cached."""
    with tempfile.TemporaryDirectory() as name:
        data = _drawn(Path(name) / "pictures")
        return [_at(size, data, Path(name)) for size in SIZES]


def faster() -> float:
    """How many times as fast as the peer we have to be on this processor: DESIGN.md §7."""
    wide = "AVX512" in torch.backends.cpu.get_cpu_capability()  # so has every one with AMX
    return 3.0 if wide else 1.5


def _at(size: int, data: Data, folder: Path) -> Ratio:
    recipe = RetrieveRecipe.of({**BASELINE, "image_size": size})
    predictor, peer = _predictor(recipe, folder / f"{size}.onnx"), _Plain(recipe)
    paths = [data.path(file) for file in data.files]
    (ours, embedded), (bare, reference) = _alternate(
        lambda: np.stack(outputs(predictor, data)).astype(np.float32), lambda: peer(paths)
    )
    cosine = float((embedded * reference).sum(1).mean())  # both are of unit length
    if cosine < ALIKE:
        raise RuntimeError(f"Mean cosine {cosine:.6f} at {size} px: the two are not the same.")
    note = (
        f"{len(paths)} of the demo's pictures, {len(paths) / ours:.0f} and {len(paths) / bare:.0f} "
        f"a second, {cores()} threads, {torch.backends.cpu.get_cpu_capability()}; "
        f"mean cosine {cosine:.6f}"
    )
    target, most = f"≤ {1 / faster():.2f}× ({faster():g} times as fast)", bare / faster()
    return Ratio(f"embedding, {size} px / eager timm", ours, bare, "s", target, most, note)


def _drawn(folder: Path) -> Data:
    """512 of the demo's pictures, drawn by seed 0."""
    with zipfile.ZipFile(str(files("atarimae") / "demo" / "emoji.zip")) as archive:
        names = sorted(name for name in archive.namelist() if name.endswith((".webp", ".png")))
        chosen = np.random.default_rng(0).choice(names, IMAGES, replace=False).tolist()
        archive.extractall(folder, chosen)
    # By content, because ours computes files of one content once.
    drawn = {hashlib.sha256((folder / name).read_bytes()).hexdigest(): name for name in chosen}
    known = tuple(File(name, image) for image, name in drawn.items())
    return Data(folder, Version(0, ""), known, {}, {})


def _predictor(recipe: RetrieveRecipe, path: Path) -> Predictor:
    size = recipe.image_size
    graph = export(Features(recipe), torch.zeros(2, size, size, 3, dtype=torch.uint8), path)
    settings = {"image_size": size, "fit": recipe.fit, "steps": ["embed"]}
    return task.predictor(Model(path.parent, {"embed": graph}, settings, {}, {}))


class _Plain:
    """What one writes first: timm's model in eval mode, fp32, NCHW, batch after batch."""

    def __init__(self, recipe: RetrieveRecipe) -> None:
        torch.set_num_threads(cores())
        self.recipe = recipe
        model = timm.create_model(LITE0, pretrained=False)
        load_lite0(model)
        model.eval()
        self._features = cast(Callable[[torch.Tensor], torch.Tensor], model.forward_features)

    def __call__(self, paths: list[Path]) -> Floats:
        with ThreadPoolExecutor(cores()) as readers, torch.inference_mode():
            batches = [paths[i : i + BATCH] for i in range(0, len(paths), BATCH)]
            rows = [self._embedded(np.stack(list(readers.map(self._read, b)))) for b in batches]
        return np.concatenate(rows)

    def _read(self, path: Path) -> Pixels:
        return resize(open_source(path), self.recipe.image_size, self.recipe.fit)

    def _embedded(self, pixels: Pixels) -> Floats:
        images = torch.from_numpy(pixels).permute(0, 3, 1, 2).contiguous().float()
        features = self._features((images - LITE0_MEAN) / LITE0_STD)
        p = self.recipe.gem_p
        pooled = features.clamp(min=1e-6).pow(p).mean((2, 3)).pow(1 / p)
        rows: Floats = functional.normalize(pooled, dim=1).numpy()
        return rows


def _alternate(*ways: Callable[[], Floats]) -> list[tuple[float, Floats]]:
    """The median seconds of each way, taken in turns, and what it gave.

    Nothing warms up: a first batch is one of sixteen, and the median drops a slow first round.
    """
    taken: list[list[float]] = [[] for _ in ways]
    given: list[Floats] = []
    for _ in range(ROUNDS):
        given.clear()
        for way, seconds in zip(ways, taken, strict=True):
            began = time.perf_counter()
            given.append(way())
            seconds.append(time.perf_counter() - began)
    return [(statistics.median(s), rows) for s, rows in zip(taken, given, strict=True)]


if __name__ == "__main__":
    for ratio in measure():
        print(ratio.line())
