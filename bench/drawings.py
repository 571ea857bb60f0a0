"""Large drawings with small symbols on them, drawn by a program: nobody's data."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from atarimae.types import Box

Random = np.random.Generator
Stroke = tuple[str, tuple[float, ...]]  # a shape's name, and where it is, in shares of the side

KINDS = 12  # kinds of symbols that are on the drawings
SIDE = 40  # px, of a symbol
SIZE = (800, 600)  # px, of a drawing


@dataclass(frozen=True)
class Drawing:
    """A file, and the symbols on it: kind and place."""

    path: Path
    symbols: tuple[tuple[int, Box], ...]

    def has(self, kind: int) -> bool:
        """Whether a symbol of that kind is on it."""
        return any(one == kind for one, _ in self.symbols)


def draw(folder: Path, count: int, rare: int, seed: int) -> list[Drawing]:
    """So many drawings; on `rare` of them is one symbol of kind 0, of others 3 to 7 on each."""
    random = np.random.default_rng(seed)
    kinds = [kind_of(random) for _ in range(KINDS)]
    folder.mkdir(parents=True)
    chosen = set(random.choice(count, rare, replace=False).tolist())
    return [
        _drawing(folder / f"drawing-{number:03}.png", kinds, number in chosen, random)
        for number in range(count)
    ]


def kind_of(random: Random) -> list[Stroke]:
    """A symbol: three or four shapes."""
    made: list[Stroke] = []
    for _ in range(int(random.integers(3, 5))):
        shape = str(random.choice(["circle", "line", "triangle", "box", "arc"]))
        x, y = random.uniform(0.05, 0.5, 2)
        wide, high = random.uniform(0.3, 0.5, 2)
        made.append((shape, (x, y, min(x + wide, 0.98), min(y + high, 0.98))))
    return made


def symbol(kind: Sequence[Stroke], side: int, width: int, angle: float) -> Image.Image:
    """Dark on clear, turned by some degrees."""
    made = Image.new("L", (side, side), 255)
    pen = ImageDraw.Draw(made)
    for shape, share in kind:
        x0, y0, x1, y1 = (one * side for one in share)
        if shape == "circle":
            pen.ellipse((x0, y0, x1, y1), outline=0, width=width)
        elif shape == "box":
            pen.rectangle((x0, y0, x1, y1), outline=0, width=width)
        elif shape == "line":
            pen.line((x0, y1, x1, y0), fill=0, width=width)
        elif shape == "arc":
            pen.arc((x0, y0, x1, y1), 20, 230, fill=0, width=width)
        else:
            corners = [(x0, y1), (x1, y1), ((x0 + x1) / 2, y0)]
            pen.polygon(corners, outline=0, width=width)
    return made.rotate(angle, Image.Resampling.BICUBIC, fillcolor=255)


def _drawing(path: Path, kinds: Sequence[list[Stroke]], rare: bool, random: Random) -> Drawing:
    page = Image.new("L", SIZE, 255)
    _lines(page, random)
    wanted = random.integers(1, len(kinds), int(random.integers(3, 8))).tolist()
    placed: list[tuple[int, Box]] = []
    for kind in [*([0] if rare else []), *wanted]:
        side = round(SIDE * random.uniform(0.85, 1.15))
        width, angle = int(random.integers(2, 4)), random.uniform(-8, 8)
        box = _free(side, [box for _, box in placed], random)
        page.paste(symbol(kinds[kind], side, width, angle), (int(box.x0), int(box.y0)))
        placed.append((kind, box))
    page.save(path)
    return Drawing(path, tuple(placed))


def _lines(page: Image.Image, random: Random) -> None:
    """What else is on a drawing: a frame, outlines, circles, dimensions and notes."""
    pen, (width, height) = ImageDraw.Draw(page), page.size
    pen.rectangle((8, 8, width - 8, height - 8), outline=0, width=2)
    for _ in range(int(random.integers(4, 9))):
        x, y = random.integers(20, width - 200), random.integers(20, height - 160)
        wide, high = random.integers(40, 180), random.integers(40, 140)
        shape = pen.rectangle if random.random() < 0.6 else pen.ellipse
        shape((int(x), int(y), int(x + wide), int(y + high)), outline=0, width=2)
        pen.line((int(x), int(y - 10), int(x + wide), int(y - 10)), fill=90)
        pen.text((int(x + wide / 2), int(y - 22)), f"{int(wide)}", fill=0)
    for _ in range(int(random.integers(3, 8))):
        x, y = random.integers(20, width - 80), random.integers(20, height - 30)
        long, angle = random.integers(40, 300), random.uniform(0, math.pi)
        end = (float(x + long * math.cos(angle)), float(y + long * math.sin(angle)))
        pen.line((float(x), float(y), *end), fill=0, width=int(random.integers(1, 3)))
        pen.text((int(x), int(y)), f"R{int(long)}", fill=0)


def _free(side: int, taken: Sequence[Box], random: Random) -> Box:
    """A place on the page that no other symbol has."""
    while True:
        x, y = (int(random.integers(16, length - side - 16)) for length in SIZE)
        if all(x + side < b.x0 or x > b.x1 or y + side < b.y0 or y > b.y1 for b in taken):
            return Box(x, y, x + side, y + side)
