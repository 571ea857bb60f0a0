"""Pictures with something in them, drawn by a number, and changed as copies are."""

import numpy as np
from PIL import Image, ImageDraw

SIZE = (160, 120)


def scene(seed: int, size: tuple[int, int] = SIZE) -> Image.Image:
    """Soft colours as in a photograph, and a few hard shapes on them."""
    rng = np.random.default_rng(seed)
    soft = Image.fromarray(rng.integers(0, 255, (4, 5, 3), np.uint8))
    picture = soft.resize(size, Image.Resampling.BICUBIC)
    pen = ImageDraw.Draw(picture)
    for _ in range(5):
        x, y = rng.integers(0, size[0]), rng.integers(0, size[1])
        wide, high = rng.integers(10, 50, 2)
        colour = tuple(int(value) for value in rng.integers(0, 255, 3))
        pen.rectangle((int(x), int(y), int(x + wide), int(y + high)), fill=colour)
    return picture


def flip(picture: Image.Image) -> Image.Image:
    return picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT)


def turn(picture: Image.Image) -> Image.Image:
    """By 90° to the left."""
    return picture.transpose(Image.Transpose.ROTATE_90)


def halve(picture: Image.Image) -> Image.Image:
    return picture.resize((picture.width // 2, picture.height // 2))


def cut(picture: Image.Image) -> Image.Image:
    """The right 85 % of the width and the upper 90 % of the height."""
    return picture.crop(
        (round(picture.width * 0.15), 0, picture.width, round(picture.height * 0.9))
    )
