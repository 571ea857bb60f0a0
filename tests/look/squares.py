"""Large sheets with small squares of one colour on them, and a run that sees mean colours."""

import numpy as np
from PIL import Image as Pillow

from atarimae import bundle, runlog
from atarimae.task import Model

SHEET = (420, 300)  # px
RED, GREEN, BLUE = (230, 20, 20), (20, 200, 30), (30, 40, 220)


def sheet(seed, *marks):
    """A sheet with some grey strokes, and squares of 40 px: a colour and where each lies."""
    random = np.random.default_rng(seed)
    pixels = np.full((SHEET[1], SHEET[0], 3), 255, np.uint8)
    for _ in range(12):
        x, y = random.integers(0, SHEET[0] - 60), random.integers(0, SHEET[1] - 10)
        pixels[y : y + 3, x : x + 60] = random.integers(0, 120)
    for colour, (x, y) in marks:
        pixels[y : y + 40, x : x + 40] = colour
    return Pillow.fromarray(pixels)


def record(maker):
    """Three labelled sheets, eight without a label: on 2 and 5 a red square; hashes by path."""
    images = {
        "known/赤.png": maker.drawn("known/赤.png", sheet(1, (RED, (100, 60))), "red"),
        "known/green.png": maker.drawn("known/green.png", sheet(2, (GREEN, (20, 60))), "green"),
        "known/both.png": maker.drawn("known/both.png", sheet(3, (RED, (9, 9))), "green"),
    }
    for number in range(8):
        marks = [(GREEN if number % 2 else BLUE, (300, 200))]
        if number in (2, 5):
            marks.append((RED, (60 * number, 30)))
        path = f"pool/{number} 🍶.png"
        images[path] = maker.drawn(path, sheet(10 + number, *marks))
    maker.record()
    with runlog.start(maker.workspace, because="色") as log:
        (log.folder / "model").mkdir()
        bundle.write_model(Model(log.folder / "model", {}, {}))
        log.finish()
    return images
