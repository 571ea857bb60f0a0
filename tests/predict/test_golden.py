"""Golden images say at which step two predictors part."""

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from atarimae.errors import AtarimaeError
from atarimae.predict import golden
from atarimae.types import Array, Batch, Pixels, Source


class Mean:
    """Every second pixel, its mean colour times `gain`, and that plus `shift`."""

    cached = 1
    reads = None
    key = "mean"

    def __init__(self, every: int = 2, gain: float = 1.0, shift: float = 0.0) -> None:
        self.every, self.gain, self.shift = every, gain, shift

    def windows(self, source: Source) -> Pixels:
        return source.pixels()[:: self.every]

    @property
    def steps(self) -> Mapping[str, Callable[[Batch], Batch]]:
        return {
            "embed": lambda batch: [self.gain * np.asarray(x).mean((0, 1)) for x in batch],
            "move": lambda batch: [np.asarray(x) + self.shift for x in batch],
        }


@pytest.fixture
def recorded(tmp_path: Path) -> Path:
    """Eight pictures, of which the first six become golden."""
    paths = []
    for number in range(8):
        noise = np.random.default_rng(number).integers(0, 255, (6, 5, 3), dtype=np.uint8)
        paths.append(tmp_path / f"絵{number}.PNG")
        Image.fromarray(noise).save(paths[-1])
    golden.record(Mean(), paths, tmp_path / "golden", max_pixels=1000)
    return tmp_path / "golden"


def test_pictures_are_kept_byte_for_byte(recorded: Path) -> None:
    kept = golden.pictures(recorded)
    assert [path.name for path in kept] == [f"{number}.png" for number in range(6)]
    for number, path in enumerate(kept):
        assert path.read_bytes() == (recorded.parent / f"絵{number}.PNG").read_bytes()


def test_ten_pictures_come_in_order_of_number(tmp_path: Path) -> None:
    for number in (10, 2, 1):
        (tmp_path / f"{number}.png").touch()
    assert [path.stem for path in golden.pictures(tmp_path)] == ["1", "2", "10"]


def test_same_predictor_does_not_diverge(recorded: Path) -> None:
    assert golden.first_divergence(Mean(), recorded) is None


@pytest.mark.parametrize(
    ("changed", "step"),
    [
        (Mean(every=3), "resize"),
        (Mean(gain=1.01), "embed"),
        (Mean(shift=1.0), "move"),
        (Mean(gain=1.01, shift=1.0), "embed"),  # the first of the two
        (Mean(gain=1.00001), None),  # another processor rounds differently
        (Mean(gain=float("nan")), "embed"),
    ],
)
def test_first_step_that_differs_is_named(recorded: Path, changed: Mean, step: str | None) -> None:
    assert golden.first_divergence(changed, recorded) == step


def test_replaced_picture_is_a_matter_of_decoding(recorded: Path) -> None:
    (recorded / "5.png").write_bytes((recorded / "0.png").read_bytes())
    assert golden.first_divergence(Mean(), recorded) == "decode"


def test_one_pixel_shows(recorded: Path) -> None:
    with Image.open(recorded / "3.png") as opened:
        pixels = np.asarray(opened).copy()
    pixels[1, 1, 1] ^= 1  # in a row that `windows` leaves out
    Image.fromarray(pixels).save(recorded / "3.png")
    assert golden.first_divergence(Mean(), recorded) == "decode"


def test_missing_picture_shows(recorded: Path) -> None:
    (recorded / "5.png").unlink()
    assert golden.first_divergence(Mean(), recorded) == "decode"


def test_step_that_is_new_is_named(recorded: Path) -> None:
    class More(Mean):
        @property
        def steps(self) -> Mapping[str, Callable[[Batch], Batch]]:
            return {**super().steps, "normalise": lambda batch: batch}

    assert golden.first_divergence(More(), recorded) == "normalise"


def test_step_that_can_not_run_on_changed_input_does_not_hide_the_change(recorded: Path) -> None:
    class Fixed(Mean):
        """Reads three rows, as was recorded, and nothing else: a graph of fixed size."""

        @property
        def steps(self) -> Mapping[str, Callable[[Batch], Batch]]:
            def embed(batch: Batch) -> Batch:
                if any(len(x) != 3 for x in batch):
                    raise RuntimeError("Got invalid dimensions for input")
                return [np.asarray(x).mean((0, 1)) for x in batch]

            return {**super().steps, "embed": embed}

    assert golden.first_divergence(Fixed(), recorded) is None
    assert golden.first_divergence(Fixed(every=3), recorded) == "resize"


def test_nothing_recorded_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(AtarimaeError, match="There is nothing to compare with"):
        golden.first_divergence(Mean(), tmp_path)


def test_few_pictures_are_enough(tmp_path: Path) -> None:
    Image.new("RGB", (4, 4), "red").save(tmp_path / "a.png")
    golden.record(Mean(), [tmp_path / "a.png"], tmp_path / "golden", max_pixels=1000)
    assert golden.first_divergence(Mean(), tmp_path / "golden") is None


def test_trace_holds_every_step_in_order(recorded: Path) -> None:
    trace: dict[str, list[Array]] = golden.steps(Mean(), recorded)
    assert list(trace) == ["decode", "resize", "embed", "move"]
    assert {name: values[0].shape for name, values in trace.items()} == {
        "decode": (6, 5, 3), "resize": (3, 5, 3), "embed": (3,), "move": (3,),
    }  # fmt: skip
