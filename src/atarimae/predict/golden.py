"""Golden images: a few pictures with every step's output, to see later where two paths part."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import cast

import numpy as np
from safetensors.numpy import load_file, save

from atarimae import files
from atarimae.errors import AtarimaeError
from atarimae.predict.region import boxed
from atarimae.predict.source import open_source
from atarimae.task import Predictor
from atarimae.types import Array, Box
from atarimae.workspace import MAX_PIXELS

BOXES = "boxes.json"  # of those pictures that have one
COUNT = 6
TOLERANCE = 1e-3  # of the output's largest value; two processors round differently
STEPS_OF_PIXELS = ("decode", "resize")  # equal to the last bit


def record(
    predictor: Predictor,
    paths: Sequence[Path],
    folder: Path,
    max_pixels: int,
    boxes: Sequence[Box | None] = (),
) -> None:
    """Copy the first few pictures into `folder` and write every step's output beside them.

    `boxes` has what is known of each of the pictures, if anything is.
    """
    chosen = paths[:COUNT]
    for number, path in enumerate(chosen):
        files.write(folder / f"{number}{path.suffix.lower()}", path.read_bytes())
    known = {str(n): asdict(box) for n, box in enumerate(boxes[:COUNT]) if box is not None}
    if known:
        files.write_json(folder / BOXES, known)
    trace = steps(predictor, folder, max_pixels)
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
    for name, values in _trace(predictor, folder, max_pixels):
        again = _flat({name: values})
        wanted = {key for key in recorded if key.rpartition(".")[0] == name}
        if wanted != again.keys() or not all(_same(name, recorded[k], again[k]) for k in wanted):
            return name  # a step after it might not even run
    return None


def steps(
    predictor: Predictor, folder: Path, max_pixels: int = MAX_PIXELS
) -> dict[str, list[Array]]:
    """Every step's output for a folder's pictures: decode, resize, then the predictor's own."""
    return dict(_trace(predictor, folder, max_pixels))


def _trace(
    predictor: Predictor, folder: Path, max_pixels: int
) -> Iterator[tuple[str, list[Array]]]:
    known = files.read_json(folder / BOXES) if (folder / BOXES).is_file() else {}
    boxes = {int(n): Box(**cast(dict[str, float], box)) for n, box in known.items()}
    sources = [
        boxed(open_source(path, max_pixels), boxes.get(int(path.stem))) for path in pictures(folder)
    ]
    yield "decode", [source.pixels(predictor.reads) for source in sources]
    batch: Sequence[Array] = [predictor.windows(source) for source in sources]
    yield "resize", list(batch)
    for name, step in predictor.steps.items():
        batch = step(batch)
        yield name, list(batch)


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
