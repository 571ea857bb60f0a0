"""The bytes of a PNG file, of whatever a training loop has for a picture."""

import io
from pathlib import Path
from typing import Protocol, cast, runtime_checkable

import numpy as np
import numpy.typing as npt
from PIL import Image

from atarimae.errors import UsageError

SIGNATURE = b"\x89PNG\r\n\x1a\n"


@runtime_checkable
class Figure(Protocol):
    """What Matplotlib's figures are to us."""

    def savefig(self, fname: object, *, format: str) -> None:
        """Write the figure to a stream."""


@runtime_checkable
class Tensor(Protocol):
    """What PyTorch's tensors are to us: channels come first."""

    def detach(self) -> "Tensor":
        """The same numbers, without a history."""

    def cpu(self) -> "Tensor":
        """The same numbers, in main memory."""

    def __array__(self) -> npt.NDArray[np.generic]: ...


Picture = bytes | str | Path | Image.Image | npt.NDArray[np.generic] | Figure | Tensor


def png(picture: Picture) -> bytes:
    """A PNG file of a picture: its bytes or path, a Pillow image, a figure, an array or tensor.

    Arrays are (height, width), or with 1, 3 or 4 channels at the end; a tensor may have them in
    front. Whole numbers are 0 to 255, others 0 to 1, and truths are black and white.
    """
    if isinstance(picture, Image.Image):
        return _saved(picture)
    if isinstance(picture, bytes):
        return picture if picture.startswith(SIGNATURE) else _saved(_opened(picture))
    if isinstance(picture, str | Path):
        return png(Path(picture).read_bytes())
    if isinstance(picture, Figure):
        stream = io.BytesIO()
        picture.savefig(stream, format="png")
        return stream.getvalue()
    if isinstance(picture, Tensor):
        return _saved(_image(_channels_last(np.asarray(picture.detach().cpu()))))
    if isinstance(picture, np.ndarray):
        return _saved(_image(picture))
    raise UsageError(
        "This is no picture.",
        f"It is a {type(picture).__name__}.",
        "Give PNG bytes, a path, a Pillow image, a Matplotlib figure, an array or a tensor.",
    )


def _image(array: npt.NDArray[np.generic]) -> Image.Image:
    pixels = array[..., 0] if array.ndim == 3 and array.shape[2] == 1 else array
    if pixels.ndim != 2 and not (pixels.ndim == 3 and pixels.shape[2] in (3, 4)):
        raise UsageError(
            "The array is no picture.",
            f"Its shape is {array.shape}.",
            "Give (height, width), or (height, width, channels) with 1, 3 or 4 channels.",
        )
    if pixels.dtype == np.bool_:
        return Image.fromarray(pixels.astype(np.uint8) * 255)
    whole = np.issubdtype(pixels.dtype, np.integer)
    numbers = cast(npt.NDArray[np.float64], pixels.astype(np.float64))
    low, high, top = float(numbers.min()), float(numbers.max()), 255 if whole else 1
    if not (low >= 0 and high <= top):  # also where one is NaN
        raise UsageError(
            "The array is no picture.",
            f"Its numbers go from {low:g} to {high:g}.",
            f"Bring them to 0 to {top}.",
        )
    return Image.fromarray(np.round(numbers * (255 / top)).astype(np.uint8))


def _channels_last(array: npt.NDArray[np.generic]) -> npt.NDArray[np.generic]:
    first = array.ndim == 3 and array.shape[0] in (1, 3, 4) and array.shape[2] not in (1, 3, 4)
    return np.moveaxis(array, 0, -1) if first else array


def _opened(data: bytes) -> Image.Image:
    try:
        return Image.open(io.BytesIO(data))
    except OSError as error:
        raise UsageError(
            "These bytes are no picture.", f"{error}.", "Give those of a PNG."
        ) from None


def _saved(image: Image.Image) -> bytes:
    stream = io.BytesIO()
    known = image.mode in ("1", "L", "LA", "P", "RGB", "RGBA", "I;16")
    (image if known else image.convert("RGB")).save(stream, "PNG")
    return stream.getvalue()
