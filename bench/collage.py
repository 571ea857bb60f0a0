"""Pictures of several things, planted among pictures of one: with margins, overlaps, on colours."""

import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image

Random = np.random.Generator

WAYS = ("beside", "below", "three", "four", "overlap", "squeezed")
GROUNDS = ("white", "white", "white", "black", "lightgrey", "beige", "steelblue")


@dataclass(frozen=True)
class Planted:
    """A folder of pictures, by file name their class, and the way in which some are collages."""

    folder: Path
    classes: dict[str, str]  # of a collage: that of its first picture
    ways: dict[str, str]


def emoji() -> dict[str, bytes]:
    """The demo's pictures by name."""
    with zipfile.ZipFile(str(files("atarimae") / "demo" / "emoji.zip")) as archive:
        names = [name for name in archive.namelist() if name.endswith((".webp", ".png"))]
        return {name.replace("/", "_"): archive.read(name) for name in sorted(names)}


def plant(folder: Path, pictures: dict[str, bytes], count: int, share: float, seed: int) -> Planted:
    """About `count` files of whole classes, of which that share are collages.

    What a collage is made of is not there by itself, but others of its class are. Half of the
    collages are saved in the size of a single picture, so that their size tells nothing.
    """
    random = np.random.default_rng(seed)
    names = _of_classes(pictures, count, random)
    several, classes, ways = round(count * share), dict[str, str](), dict[str, str]()
    folder.mkdir(parents=True)
    for number in range(several):
        way = WAYS[number % len(WAYS)]
        some = [names.pop() for _ in range({"three": 3, "four": 4}.get(way, 2))]
        opened = [Image.open(BytesIO(pictures[name])).convert("RGBA") for name in some]
        name = f"collage-{number:04}.png"
        collage(opened, way, random).save(folder / name)
        classes[name], ways[name] = _class(some[0]), way
    for name in names[: count - several]:
        (folder / name).write_bytes(pictures[name])
        classes[name] = _class(name)
    return Planted(folder, classes, ways)


def _class(name: str) -> str:
    """The demo names a picture by its vendor and the code of what it shows."""
    return Path(name).stem.split("_", 1)[-1]


def _of_classes(pictures: dict[str, bytes], count: int, random: Random) -> list[str]:
    """Names in random order, half as many again as are asked for, all of each class."""
    classes: dict[str, list[str]] = {}
    for name in sorted(pictures):
        classes.setdefault(_class(name), []).append(name)
    chosen: list[str] = []
    for name in random.permutation(sorted(classes)):
        if len(chosen) >= count * 1.2:
            break
        chosen += classes[str(name)]
    return [str(name) for name in random.permutation(chosen)]


def collage(pictures: Sequence[Image.Image], way: str, random: Random) -> Image.Image:
    """Some pictures as one."""
    side = max(pictures[0].size)
    tiles = [_scaled(one, side * float(random.uniform(0.8, 1.0))) for one in pictures]
    gap = round(side * float(random.uniform(0.0, 0.2)))
    if way == "overlap":
        gap = -round(side * float(random.uniform(0.05, 0.25)))
    across = way in ("beside", "three", "overlap") or (way == "squeezed" and random.random() < 0.5)
    columns = 2 if way == "four" else len(tiles) if across else 1
    step = side + gap
    rows = -(-len(tiles) // columns)
    size = (step * (columns - 1) + side, step * (rows - 1) + side)
    margin = round(side * float(random.uniform(0.0, 0.15)))
    ground = str(random.choice(GROUNDS))
    canvas = Image.new("RGB", (size[0] + 2 * margin, size[1] + 2 * margin), ground)
    for number, tile in enumerate(tiles):
        left = margin + step * (number % columns) + (side - tile.width) // 2
        top = margin + step * (number // columns) + (side - tile.height) // 2
        canvas.paste(tile, (left, top), tile)
    if way == "squeezed":
        return canvas.resize((side, side), Image.Resampling.BICUBIC)
    return _fitted(canvas, side, ground) if random.random() < 0.5 else canvas


def _scaled(picture: Image.Image, side: float) -> Image.Image:
    made = picture.copy()
    made.thumbnail((round(side), round(side)), Image.Resampling.BICUBIC)
    return made


def _fitted(picture: Image.Image, side: int, ground: str) -> Image.Image:
    """In a square of the size of a single picture."""
    small = _scaled(picture, side)
    canvas = Image.new("RGB", (side, side), ground)
    canvas.paste(small, ((side - small.width) // 2, (side - small.height) // 2))
    return canvas
