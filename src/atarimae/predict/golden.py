"""Golden images: a few pictures with every step's output, to see later where two paths part."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file, save

from atarimae import files
from atarimae.errors import AtarimaeError
from atarimae.predict.source import open_source
from atarimae.task import Predictor
from atarimae.types import Array
from atarimae.workspace import MAX_PIXELS

COUNT = 6
TOLERANCE = 1e-3  # of the output's largest value; two processors round differently
STEPS_OF_PIXELS = ("decode", "resize")  # equal to the last bit


def record(predictor: Predictor, paths: Sequence[Path], folder: Path, max_pixels: int) -> None:
    """Copy the first few pictures into `folder` and write every step's output beside them."""
    chosen = paths[:COUNT]
    for number, path in enumerate(chosen):
        files.write(folder / f"{number}{path.suffix.lower()}", path.read_bytes())
    trace = steps(predictor, pictures(folder), max_pixels)
    files.write(folder / "steps.safetensors", save(_flat(trace)))


def pictures(folder: Path) -> list[Path]:
    """The golden pictures of a folder, in order."""
    return sorted(
        (path for path in folder.glob("*") if path.stem.isdigit()), key=lambda path: int(path.stem)
    )


def first_divergence(
    predictor: Predictor, folder: Path, max_pixels: int = MAX_PIXELS
) -> str | None:
    """The first step whose output is not what was recorded; None where all agree."""
    if not (folder / "steps.safetensors").is_file():
        raise AtarimaeError(
            "There is nothing to compare with.", f"{folder} has no golden images.", "Fit again."
        )
    recorded = load_file(folder / "steps.safetensors")
    again = _flat(steps(predictor, pictures(folder), max_pixels))
    names = ["decode", "resize", *predictor.steps]
    for name in names:
        wanted = {key for key in recorded if key.rpartition(".")[0] == name}
        if wanted != {key for key in again if key.rpartition(".")[0] == name}:
            return name
        if not all(_same(name, recorded[key], again[key]) for key in wanted):
            return name
    return None


def steps(
    predictor: Predictor, paths: Sequence[Path], max_pixels: int = MAX_PIXELS
) -> dict[str, list[Array]]:
    """Every step's output for some pictures: decode, resize, then the predictor's own."""
    sources = [open_source(path, max_pixels) for path in paths]
    trace: dict[str, list[Array]] = {"decode": [s.pixels(predictor.reads) for s in sources]}
    batch: Sequence[Array] = [predictor.windows(source) for source in sources]
    trace["resize"] = list(batch)
    for name, step in predictor.steps.items():
        batch = step(batch)
        trace[name] = list(batch)
    return trace


def _same(step: str, recorded: Array, again: Array) -> bool:
    if recorded.shape != again.shape:
        return False
    if step in STEPS_OF_PIXELS:
        return bool(np.array_equal(recorded, again))
    allowed = TOLERANCE * float(np.abs(recorded).max(initial=1e-6))
    return bool(np.allclose(recorded, again, rtol=0, atol=allowed))


def _flat(trace: Mapping[str, Sequence[Array]]) -> dict[str, Array]:
    return {
        f"{name}.{number}": np.ascontiguousarray(value)
        for name, values in trace.items()
        for number, value in enumerate(values)
    }
