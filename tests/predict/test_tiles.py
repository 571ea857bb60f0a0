"""Pictures cut into tiles, embedded once, and gone through block by block."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow

from atarimae.predict.source import examine, glimpse
from atarimae.predict.tilecache import TileCache
from atarimae.predict.tiles import (
    WHOLE,
    best_tiles,
    embed_tiles,
    level_of,
    levels_for,
    tile_boxes,
)
from atarimae.types import Box, Data, File, Version


class Ink:
    """Sees how dark a tile is above and below its middle."""

    key, cached, reads = "ink", 1, None

    def __init__(self):
        self.seen = 0
        self.steps = {"embed": self._embed}

    def windows(self, source):
        dark = 255 - source.pixels().mean(2)
        half = max(len(dark) // 2, 1)
        return np.array([dark[:half].mean(), dark[half:].mean() if len(dark) > 1 else 0, 1.0])

    def _embed(self, batch):
        self.seen += len(batch)
        return list(batch)


@pytest.fixture
def data(tmp_path: Path) -> Data:
    """Three white sheets; on two of them one dark square each."""
    files, images = [], {}
    for name, size, mark in (
        ("a", (300, 200), (200, 120)), ("b", (300, 200), None), ("小 🍶", (90, 400), (40, 350)),
    ):  # fmt: skip
        sheet = np.full((size[1], size[0], 3), 255, np.uint8)
        if mark:
            sheet[mark[1] : mark[1] + 20, mark[0] : mark[0] + 20] = 0
        Pillow.fromarray(sheet).save(tmp_path / f"{name}.png")
        image = examine(tmp_path / f"{name}.png")
        files.append(File(f"{name}.png", image.hash))
        images[image.hash] = image
    return Data(tmp_path, Version(0, ""), tuple(files), images, {})


@pytest.mark.parametrize("size", [(300, 200), (100, 100), (64, 1000), (33, 65), (4096, 31)])
@pytest.mark.parametrize("level", [32, 45, 64, 91])
def test_whatever_is_half_as_large_as_a_tile_lies_whole_in_one(size, level) -> None:
    boxes = tile_boxes(size, level)
    assert all(0 <= b.x0 < b.x1 <= size[0] and 0 <= b.y0 < b.y1 <= size[1] for b in boxes)
    assert len(set(boxes)) == len(boxes)
    half = (level - 2) / 2  # starts are rounded to whole pixels
    for x in np.linspace(0, max(size[0] - half, 0), 23):
        for y in np.linspace(0, max(size[1] - half, 0), 23):
            assert any(
                b.x0 <= x and b.y0 <= y
                and min(x + half, size[0]) <= b.x1 and min(y + half, size[1]) <= b.y1
                for b in boxes
            ), (x, y)  # fmt: skip


def test_sides_are_those_of_one_ladder() -> None:
    assert [level_of(side) for side in (1, 32, 33, 45, 46, 64, 64.5, 100)] == [
        32, 32, 45, 45, 64, 64, 91, 128,
    ]  # fmt: skip
    assert {level_of(side) for side in range(65, 91)} == {91}


def test_a_picture_with_too_many_tiles_is_cut_into_larger_ones(data: Data) -> None:
    assert list(levels_for(data, 40)) == [45]
    few = levels_for(data, 40, most=20)
    assert sum(len(part) for part in few.values()) == 3
    for level, part in few.items():
        for file in part.files:
            image = data.images[file.image]
            assert len(tile_boxes((image.width, image.height), level)) <= 20
    assert list(levels_for(data, 1000)) == [WHOLE]


def test_the_best_tile_is_the_one_that_a_plain_loop_finds(data: Data, tmp_path: Path) -> None:
    ink, kept = Ink(), TileCache(tmp_path / "cache", "k", 45)
    assert embed_tiles(ink, data, 45, kept) == {}
    images = [file.image for file in data.files]
    weights, bias = np.array([[1, 0.5, 0], [0, 1, -1]], np.float32), np.array([0.1, 0], np.float32)
    found = {i: (s, n) for i, s, n in best_tiles(kept.blocks(images), weights, bias)}
    for file in data.files:
        pixels = np.asarray(Pillow.open(data.path(file)))
        naive = {}
        for number, box in enumerate(tile_boxes(pixels.shape[1::-1], 45)):
            x0, y0, x1, y1 = (int(v) for v in (box.x0, box.y0, box.x1, box.y1))
            dark = 255 - pixels[y0:y1, x0:x1].mean(2)
            if dark.std() == 0 and file.path != "b.png":
                continue  # shows nothing
            half = len(dark) // 2
            row = np.array([dark[:half].mean(), dark[half:].mean(), 1.0])
            naive[number] = (weights @ (row / np.linalg.norm(row)) - bias).max()
        assert found[file.image][0] == pytest.approx(max(naive.values()), abs=2e-3)
        assert naive[found[file.image][1]] == pytest.approx(max(naive.values()), abs=2e-3)


def test_tiles_are_embedded_once_and_empty_ones_never(data: Data, tmp_path: Path) -> None:
    ink, kept = Ink(), TileCache(tmp_path / "cache", "k", 45)
    told = []
    embed_tiles(ink, data, 45, kept, progress=lambda done, total, note="": told.append(done))
    shown = ink.seen
    assert told == [1, 2, 3]
    assert shown < 40  # of the hundreds that there are: the few around each square, and one
    again = TileCache(tmp_path / "cache", "k", 45)
    assert embed_tiles(ink, data, 45, again) == {}
    assert ink.seen == shown
    embed_tiles(ink, data, 45, TileCache(tmp_path / "cache", "other weights", 45))
    assert ink.seen == 2 * shown


def test_work_that_breaks_off_goes_on_where_it_was(data: Data, tmp_path: Path) -> None:
    ink = Ink()

    def stop(done: int, total: int, note: str = "") -> None:
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        embed_tiles(ink, data, 45, TileCache(tmp_path / "c", "k", 45), progress=stop)
    images = [file.image for file in data.files]
    assert TileCache(tmp_path / "c", "k", 45).missing(images) == images[2:]


def test_a_file_that_is_gone_is_told_and_the_rest_is_done(data: Data, tmp_path: Path) -> None:
    data.path(data.files[1]).unlink()
    kept = TileCache(tmp_path / "cache", "k", 45)
    failed = embed_tiles(Ink(), data, 45, kept)
    assert list(failed) == [data.files[1].image]
    assert {i for b in kept.blocks([f.image for f in data.files]) for i, _, _ in b.parts} == {
        data.files[0].image, data.files[2].image,
    }  # fmt: skip


def test_a_copy_stands_in_for_a_file_that_is_gone(data: Data, tmp_path: Path) -> None:
    first = data.files[0]
    twin = tmp_path / "twin.png"
    twin.write_bytes(data.path(first).read_bytes())
    data.path(first).unlink()
    both = replace(data, files=(*data.files, File("twin.png", first.image)))
    kept = TileCache(tmp_path / "cache", "k", 45)
    assert embed_tiles(Ink(), both, 45, kept) == {}
    assert kept.missing([file.image for file in both.files]) == []


def test_a_block_that_was_cut_off_is_embedded_again(data: Data, tmp_path: Path) -> None:
    kept = TileCache(tmp_path / "cache", "k", 45)
    embed_tiles(Ink(), data, 45, kept)
    (block,) = kept.folder.glob("*.npy")
    block.write_bytes(block.read_bytes()[:300])
    images = [file.image for file in data.files]
    assert kept.missing(images) == images
    assert list(kept.blocks(images)) == []


def test_a_sheet_that_breaks_off_is_told_and_not_half_kept(tmp_path, monkeypatch) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (300, 300, 3), np.uint8)
    path = tmp_path / "half.png"
    Pillow.fromarray(noise).save(path)
    path.write_bytes(path.read_bytes()[:150_000])
    monkeypatch.setattr("atarimae.predict.source.SHEET_PIXELS", 1000)
    image = glimpse(path)
    file = File("half.png", image.hash)
    data = Data(tmp_path, Version(0, ""), (file,), {image.hash: image}, {})
    kept = TileCache(tmp_path / "cache", "k", 45)
    assert list(embed_tiles(Ink(), data, 45, kept)) == [image.hash]
    assert kept.missing([image.hash]) == [image.hash]


def test_the_level_of_whole_pictures_is_the_picture(data: Data, tmp_path: Path) -> None:
    kept = TileCache(tmp_path / "cache", "k", WHOLE)
    embed_tiles(Ink(), data, WHOLE, kept)
    assert tile_boxes((30, 20), WHOLE) == [Box(0, 0, 30, 20)]
    blocks = list(kept.blocks([file.image for file in data.files]))
    assert [len(block.numbers) for block in blocks] == [3]


def test_a_huge_sheet_has_the_tiles_of_an_ordinary_picture(data, tmp_path, monkeypatch) -> None:
    images = [file.image for file in data.files]
    plain, streamed = (TileCache(tmp_path / "cache", key, 45) for key in ("plain", "streamed"))
    embed_tiles(Ink(), data, 45, plain)
    monkeypatch.setattr("atarimae.predict.source.SHEET_PIXELS", 1000)
    embed_tiles(Ink(), data, 45, streamed)
    (one,), (other,) = plain.blocks(images), streamed.blocks(images)
    assert one.parts == other.parts
    assert (one.table == other.table).all()
