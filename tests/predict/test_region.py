"""A box is handed on with its picture; what is in it is read as a file of its own would be."""

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow

from atarimae.predict import golden, region
from atarimae.predict.region import Boxed, Region, box_of, boxed, known_box, with_margin
from atarimae.predict.resize import resize
from atarimae.predict.run import kept_outputs, outputs
from atarimae.predict.source import examine, open_source
from atarimae.types import Array, Batch, Box, Data, File, Label, Source, Version


class Cut:
    """The mean colour of what is in the box, with a margin; of the whole picture without one."""

    cached = 1
    reads = None
    key = "cut"

    def __init__(self, margin: float | None = 0.0) -> None:
        self.margin = margin

    def part(self, box: Box, size: tuple[int, int]) -> Box | None:
        return None if self.margin is None else with_margin(box, self.margin, size)

    def windows(self, source: Source) -> Array:
        box = box_of(source)
        part = self.part(box, source.size) if box else None
        seen = source if part is None else Region(source, part)
        return np.asarray(seen.pixels().mean((0, 1)), np.float32)

    @property
    def steps(self) -> Mapping[str, Callable[[Batch], Batch]]:
        return {"mean": list}


def noise(path: Path, seed: int, size: tuple[int, int] = (40, 30)) -> Path:
    width, height = size
    pixels = np.random.default_rng(seed).integers(0, 255, (height, width, 3), dtype=np.uint8)
    Pillow.fromarray(pixels).save(path)
    return path


def data_of(paths: list[Path], boxes: list[Box | None]) -> Data:
    images = [examine(path) for path in paths]
    files = tuple(File(path.name, image.hash) for path, image in zip(paths, images, strict=True))
    said = {
        image.hash: (Label(image.hash, "", "box", box),)
        for image, box in zip(images, boxes, strict=True)
        if box
    }
    known = {image.hash: image for image in images}
    return Data(paths[0].parent, Version(0, ""), files, known, said)


@pytest.mark.parametrize("fit", ["pad", "stretch", "crop"])
def test_part_of_a_picture_reads_as_that_part_saved_without_loss(tmp_path, fit):
    path = noise(tmp_path / "whole.png", seed=1)
    random = np.random.default_rng(0)
    for _ in range(40):
        x0, y0 = (int(random.integers(0, side)) for side in (40, 30))
        x1, y1 = int(random.integers(x0, 40)) + 1, int(random.integers(y0, 30)) + 1
        with Pillow.open(path) as picture:
            picture.crop((x0, y0, x1, y1)).save(tmp_path / "part.png")
        part, saved = Region(open_source(path), Box(x0, y0, x1, y1)), tmp_path / "part.png"
        assert part.size == open_source(saved).size == (x1 - x0, y1 - y0)
        for size in (8, 33):
            np.testing.assert_array_equal(
                resize(part, size, fit), resize(open_source(saved), size, fit)
            )


def test_part_of_a_turned_and_reduced_jpeg_is_of_the_picture_as_it_is_shown(tmp_path):
    exif = Pillow.Exif()
    exif[0x0112] = 6
    wide = Pillow.new("RGB", (800, 400))
    wide.paste((250, 10, 10), (0, 0, 400, 400))  # the left half, which is shown at the top
    wide.save(tmp_path / "a.jpg", exif=exif, quality=95)
    source = open_source(tmp_path / "a.jpg")
    assert source.size == (400, 800)
    upper = Region(source, Box(0, 0, 400, 390)).pixels(at_least=16)
    assert upper.shape == (390, 400, 3)
    assert upper[..., 0].min() > 240


def test_region_of_a_part_is_in_its_own_coordinates(tmp_path):
    source = open_source(noise(tmp_path / "a.png", 1))
    part = Region(source, Box(10, 5, 30, 25))
    np.testing.assert_array_equal(part.region(Box(2, 3, 8, 9)), source.region(Box(12, 8, 18, 14)))
    assert part.region(Box(15, 0, 99, 1)).shape == (1, 5, 3)  # cut at its edge


def test_huge_part_is_averaged_in_bands_as_it_would_be_whole(tmp_path, monkeypatch):
    source = open_source(noise(tmp_path / "a.png", 1, (130, 95)))
    part = Region(source, Box(3, 2, 127, 93))  # 124 × 91
    monkeypatch.setattr(region, "BAND", 1000)
    got = part.pixels(at_least=10)  # a factor of 4
    squares = source.pixels()[2:90, 3:127].reshape(22, 4, 31, 4, 3).astype(np.float64)
    np.testing.assert_allclose(got, squares.mean((1, 3)), atol=0.51)


def test_margin_is_a_share_of_the_sides_and_ends_at_the_edge():
    assert with_margin(Box(10, 10, 30, 50), 0.1, (100, 100)) == Box(8, 6, 32, 54)
    assert with_margin(Box(10, 10, 30, 50), 0.0, (100, 100)) == Box(10, 10, 30, 50)
    assert with_margin(Box(0.5, 1, 9.2, 9), 0.5, (10, 12)) == Box(0, 0, 10, 12)


def test_the_one_box_is_the_largest_that_people_said():
    def known(*labels: tuple[Box, float | None]) -> Box | None:
        said = tuple(Label("a", "", "box", box, "", score) for box, score in labels)
        data = Data(Path(), Version(0, ""), (File("a", "a"),), {}, {"a": said})
        assert known_box(data, File("b", "b")) is None
        return known_box(data, File("a", "a"))

    small, large, huge = Box(0, 0, 2, 2), Box(1, 1, 9, 5), Box(0, 0, 50, 50)
    assert known() is None
    assert known((small, None), (large, None)) == large
    assert known((small, None), (huge, 0.99)) == small  # a person's before a model's
    assert known((huge, 0.2), (small, 0.9), (large, 0.8)) == small  # of models' the surest
    one, other = Box(0, 0, 2, 4), Box(4, 4, 8, 6)
    assert known((one, None), (other, None)) == known((other, None), (one, None))


def test_boxes_decide_what_is_read_and_the_cache_tells_them_apart(tmp_path):
    paths = [noise(tmp_path / f"{n}.png", n) for n in range(3)]
    box = Box(5, 5, 15, 20)
    plain, with_box = data_of(paths, [None] * 3), data_of(paths, [box, None, box])
    cache = tmp_path / "cache"
    wholes = [open_source(path).pixels().mean((0, 1)) for path in paths]
    parts = [open_source(path).region(box).mean((0, 1)) for path in paths]
    for _ in range(2):  # the second time from the cache
        np.testing.assert_allclose(outputs(Cut(), plain, cache=cache), wholes, rtol=1e-5)
        np.testing.assert_allclose(
            outputs(Cut(), with_box, cache=cache), [parts[0], wholes[1], parts[2]], rtol=1e-5
        )
        np.testing.assert_allclose(
            outputs(Cut(margin=None), with_box, cache=cache), wholes, rtol=1e-5
        )
    assert len(kept_outputs(Cut(), with_box, cache)[0]) == 3
    other = data_of(paths, [Box(5, 5, 15, 21), None, None])
    assert [file.path for file in kept_outputs(Cut(), other, cache)[0].files] == ["1.png", "2.png"]


def test_golden_pictures_keep_their_boxes(tmp_path):
    paths = [noise(tmp_path / f"{n}.png", n) for n in range(2)]
    golden.record(Cut(), paths, tmp_path / "golden", 10_000, [None, Box(5, 5, 15, 20)])
    assert golden.first_divergence(Cut(), tmp_path / "golden") is None
    assert golden.first_divergence(Cut(margin=0.2), tmp_path / "golden") == "resize"
    (tmp_path / "golden" / golden.BOXES).unlink()
    assert golden.first_divergence(Cut(), tmp_path / "golden") == "resize"


def test_a_source_without_a_box_is_handed_on_as_it_is(tmp_path):
    source = open_source(noise(tmp_path / "a.png", 1))
    assert boxed(source, None) is source
    assert box_of(source) is None
    known = boxed(source, Box(1, 2, 3, 4))
    assert isinstance(known, Boxed)
    assert (box_of(known), known.size) == (Box(1, 2, 3, 4), source.size)
    np.testing.assert_array_equal(known.pixels(), source.pixels())
    np.testing.assert_array_equal(known.region(Box(0, 0, 2, 2)), source.region(Box(0, 0, 2, 2)))
