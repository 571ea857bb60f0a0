"""Running a predictor over files: what a plain loop would give, each image once."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow

from atarimae.errors import AtarimaeError
from atarimae.predict.run import apply, outputs
from atarimae.predict.source import examine, open_known, open_source
from atarimae.types import Array, Batch, Data, File, Source, Version


class MeanColour:
    """A picture's mean colour, which is kept, and then twice that, which is not."""

    cached = 1
    reads = None

    def __init__(self, key: str = "mean colour") -> None:
        self.key = key
        self.read: list[Source] = []  # every picture that was looked at
        self.batches: list[int] = []  # how many at once

    def windows(self, source: Source) -> Array:
        self.read.append(source)
        return np.asarray(source.pixels().mean((0, 1)), np.float32)

    @property
    def steps(self) -> Mapping[str, Callable[[Batch], Batch]]:
        return {"mean": self._mean, "double": self._double}

    def _mean(self, batch: Batch) -> Batch:
        self.batches.append(len(batch))
        return list(batch)

    def _double(self, batch: Batch) -> Batch:
        return [2 * np.asarray(row) for row in batch]


class Unwilling(MeanColour):
    """The same predictor, if it is never asked for what is dear."""

    def windows(self, source: Source) -> Array:
        raise AssertionError("computed twice")

    def _mean(self, batch: Batch) -> Batch:
        assert not len(batch)
        return batch


def paint(folder: Path, numbers: Sequence[int]) -> Data:
    """One file a number; equal numbers have equal content."""
    files, images = [], {}
    for place, number in enumerate(numbers):
        path = folder / f"{place:03}.png"
        noise = np.random.default_rng(number).integers(0, 255, (4, 6, 3), dtype=np.uint8)
        Pillow.fromarray(noise).save(path)
        image = examine(path)
        images[image.hash] = image
        files.append(File(path.name, image.hash))
    return Data(folder, Version(0, ""), tuple(files), images, {})


def naive(data: Data) -> list[Array]:
    """One picture after the other, without cache, threads or batches."""
    found = []
    for file in data.files:
        mean = open_source(data.path(file)).pixels().mean((0, 1)).astype(np.float32)
        found.append(2 * mean)
    return found


def test_outputs_are_those_of_a_plain_loop(tmp_path: Path) -> None:
    data = paint(tmp_path, [5, 1, 4, 1, 3])
    np.testing.assert_array_equal(outputs(MeanColour(), data), naive(data))


def test_more_files_than_a_batch_come_in_order(tmp_path: Path) -> None:
    data, predictor = paint(tmp_path, range(75)), MeanColour()
    np.testing.assert_array_equal(outputs(predictor, data), naive(data))
    assert predictor.batches == [32, 32, 11]


def test_files_of_one_image_are_computed_once(tmp_path: Path) -> None:
    data, predictor = paint(tmp_path, [1, 2, 1, 1, 2]), MeanColour()
    found = outputs(predictor, data)
    assert len(predictor.read) == 2
    np.testing.assert_array_equal(found, naive(data))


def test_kept_images_are_not_computed_again(tmp_path: Path) -> None:
    data = paint(tmp_path, [1, 2, 3])
    first = outputs(MeanColour(), data, cache=tmp_path / "cache")
    again = outputs(Unwilling(), data, cache=tmp_path / "cache")
    np.testing.assert_array_equal(again, first)
    np.testing.assert_array_equal(again, naive(data))


def test_only_new_images_are_computed(tmp_path: Path) -> None:
    data = paint(tmp_path, [1, 2, 3, 4])
    few = data.where(lambda file: file.path < "002.png")
    outputs(MeanColour(), few, cache=tmp_path / "cache")
    predictor = MeanColour()
    found = outputs(predictor, data, cache=tmp_path / "cache")
    assert len(predictor.read) == 2
    np.testing.assert_array_equal(found, naive(data))


def test_another_key_shares_nothing(tmp_path: Path) -> None:
    data, other = paint(tmp_path, [1, 2]), MeanColour("another size")
    outputs(MeanColour(), data, cache=tmp_path / "cache")
    outputs(other, data, cache=tmp_path / "cache")
    assert len(other.read) == 2


def test_without_a_cache_nothing_is_written(tmp_path: Path) -> None:
    data = paint(tmp_path, [1, 2])
    before = sorted(tmp_path.rglob("*"))
    outputs(MeanColour(), data)
    assert sorted(tmp_path.rglob("*")) == before


def test_no_files_give_no_outputs(tmp_path: Path) -> None:
    assert outputs(MeanColour(), paint(tmp_path, []), cache=tmp_path / "cache") == []


def test_progress_counts_images_and_ends_with_all(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    data = paint(tmp_path, [*range(40), 0, 1])
    outputs(MeanColour(), data, progress=lambda done, total, note="": told.append((done, total)))
    assert told == [(32, 40), (40, 40)]


def test_file_that_is_gone_is_named(tmp_path: Path) -> None:
    data = paint(tmp_path, [1, 2, 3])
    (tmp_path / "001.png").unlink()
    with pytest.raises(AtarimaeError, match=r"001\.png"):
        outputs(MeanColour(), data, cache=tmp_path / "cache")


def test_limit_of_pixels_holds_here_too(tmp_path: Path) -> None:
    with pytest.raises(AtarimaeError, match=r"000\.png"):
        outputs(MeanColour(), paint(tmp_path, [1]), max_pixels=23)  # it has 4 × 6


def test_steps_can_be_taken_in_parts() -> None:
    predictor, batch = MeanColour(), [np.ones(3, np.float32)]
    np.testing.assert_array_equal(apply(predictor, batch), [[2, 2, 2]])
    np.testing.assert_array_equal(apply(predictor, batch, 0, 1), [[1, 1, 1]])
    np.testing.assert_array_equal(apply(predictor, batch, 1), [[2, 2, 2]])


def test_picture_that_changed_since_it_was_added_is_refused(tmp_path: Path) -> None:
    Pillow.new("RGB", (8, 8), "red").save(tmp_path / "a.png")
    known = examine(tmp_path / "a.png")
    Pillow.new("RGB", (8, 8), "blue").save(tmp_path / "a.png")
    with pytest.raises(AtarimaeError, match="is not what was added"):
        open_known(tmp_path / "a.png", known.hash)
