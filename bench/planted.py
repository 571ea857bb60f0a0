"""Copies of known kinds, planted among pictures that are no copies of each other."""

import io
import os
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import numpy as np
from PIL import Image

KINDS = ("resized", "cropped", "saved again", "mirrored", "turned")
TURNS = (Image.Transpose.ROTATE_90, Image.Transpose.ROTATE_180, Image.Transpose.ROTATE_270)
MIRRORS = (Image.Transpose.FLIP_LEFT_RIGHT, Image.Transpose.FLIP_TOP_BOTTOM)
PHOTOS = (
    "astronaut", "brick", "camera", "chelsea", "coffee", "coins", "grass", "gravel",
    "hubble_deep_field", "ihc", "motorcycle_left", "rocket",
)  # fmt: skip
TILE = 192  # px a side, of the pieces that photographs are cut into


@dataclass(frozen=True)
class Planted:
    """Files in a folder: the originals, and of each a copy of every kind."""

    paths: tuple[Path, ...]
    origins: tuple[int, ...]  # the number of the original that each is, or is a copy of
    kinds: tuple[str, ...]  # empty for the originals


def planted(originals: Sequence[Image.Image], folder: Path, seed: int = 0) -> Planted:
    """Write every original as PNG, and its copies as JPEG."""
    rng = np.random.default_rng(seed)
    folder.mkdir(parents=True, exist_ok=True)
    paths, origins, kinds = [], [], []
    for number, original in enumerate(originals):
        for kind, picture, quality in [("", original, 0), *copies(original, rng)]:
            path = folder / f"{number:05d}{kind and ' ' + kind}{'.jpg' if quality else '.png'}"
            picture.save(path, quality=quality)  # PNG has none
            paths.append(path)
            origins.append(number)
            kinds.append(kind)
    return Planted(tuple(paths), tuple(origins), tuple(kinds))


def copies(
    picture: Image.Image, rng: np.random.Generator
) -> Iterator[tuple[str, Image.Image, int]]:
    """One copy of each kind, with the quality that it is saved with."""
    width, height = picture.size
    factor = rng.uniform(0.5, 1.5)
    size = (max(round(width * factor), 16), max(round(height * factor), 16))
    yield "resized", picture.resize(size, Image.Resampling.BICUBIC), 90
    yield "cropped", picture.crop(_part(width, height, rng)), 90
    yield "saved again", picture, int(rng.integers(25, 60))
    yield "mirrored", picture.transpose(MIRRORS[rng.integers(2)]), 90
    yield "turned", picture.transpose(TURNS[rng.integers(3)]), 90


def _part(width: int, height: int, rng: np.random.Generator) -> tuple[int, int, int, int]:
    """A rectangle of 70 to 100 % of each side, and of at most 90 % of the area."""
    while True:
        wide, high = rng.uniform(0.7, 1, 2)
        if wide * high <= 0.9:
            break
    left, top = rng.uniform(0, 1 - wide) * width, rng.uniform(0, 1 - high) * height
    return (
        round(left), round(top), round(left + wide * width), round(top + high * height),
    )  # fmt: skip


def emoji(count: int) -> list[Image.Image]:
    """Some of the demo's pictures, evenly from all four vendors, on white."""
    archive = Path(str(files("atarimae"))) / "demo" / "emoji.zip"
    found = []
    with zipfile.ZipFile(archive) as zipped:
        names = [name for name in zipped.namelist() if name.endswith(".webp")]
        step = max(len(names) / count, 1)
        for place in range(min(count, len(names))):
            content = io.BytesIO(zipped.read(names[int(place * step)]))
            picture = Image.open(content).convert("RGBA")
            white = Image.new("RGBA", picture.size, "white")
            found.append(Image.alpha_composite(white, picture).convert("RGB"))
    return found


def photographs() -> list[Image.Image]:
    """scikit-learn's two photographs, and scikit-image's where the peers have it, in pieces."""
    from sklearn.datasets import load_sample_images

    wholes = [Image.fromarray(pixels) for pixels in load_sample_images().images]
    for folder in Path(os.environ.get("ATARIMAE_PEERS", "")).parents[1:2]:
        for data in folder.glob("lib/python*/site-packages/skimage/data"):
            wholes += [Image.open(next(data.glob(f"{name}.*"))).convert("RGB") for name in PHOTOS]
    return [piece for whole in wholes for piece in pieces(whole)]


def pieces(whole: Image.Image) -> list[Image.Image]:
    """Squares of a picture, side by side; what is left at its right and lower edge is not used."""
    return [
        whole.crop((left, top, left + TILE, top + TILE))
        for top in range(0, whole.height - TILE + 1, TILE)
        for left in range(0, whole.width - TILE + 1, TILE)
    ]
