"""A picture cut into tiles at every scale: made once, streamed, and kept as one file.

The file is a zip, stored without compression, of Deep Zoom's levels: level N is the whole picture,
each one below it half as large, down to one pixel. Tiles are without loss, but for pictures that
are JPEGs themselves, and for huge ones that hardly compress: photographs, not drawings.
"""

import shutil
import sys
import tempfile
from collections.abc import Callable, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

from atarimae import files
from atarimae.errors import AtarimaeError
from atarimae.look.content import IN_MEMORY, Content, open_verified, written
from atarimae.predict.header import Reading, read_header
from atarimae.predict.sheet import Sheet
from atarimae.predict.source import Picture
from atarimae.types import Data, File, Image
from atarimae.workspace import Workspace

TILE = 512  # px, the side of a tile
LARGE = 8_000_000  # pixels; a larger picture is streamed, and never decoded whole
STREAMED = ("JPEG", "PNG", "TIFF", "WEBP", "GIF")
DENSE = 0.5  # bytes a pixel; a huge file that takes more is no drawing that compresses well
LOSSLESS = ".png[compression=1,keep=none]"
JPEG, FINE = ".jpg[Q=90,keep=none]", ".jpg[Q=95,subsample_mode=off,keep=none]"
THREADS = 4  # more make it no faster (libvips issue 595), and each holds rows of the sheet
FORMAT = f"1-{TILE}"  # another one where the files are no longer as they were

Told = Callable[[float], None]  # is told how much is done, 0 to 1


def place(workspace: Workspace, image: str) -> Path:
    """Where the pyramid of an image lies once it was made."""
    return workspace.cache / "tiles" / FORMAT / image[:2] / f"{image}.zip"


def make(workspace: Workspace, data: Data, found: Sequence[File], told: Told) -> Path:
    """Make the pyramid of the image that lies at `found`; whole, or not at all.

    Raises `AtarimaeError` where no file holds it any more, or it can't be read to its end.
    """
    image = data.images[found[0].image]
    verified = open_verified(data, image, found, _held(image))
    if verified is None:
        raise _another(found[0].path)
    path = place(workspace, image.hash)
    with verified[0] as content, Reading(found[0].path), files.whole(path) as stream:
        before = written(content)
        source = _upright(content, found[0].path, image, workspace.max_pixels, path, told)
        _write(source, stream, _tiles(image), told)
        if written(content) != before:
            raise _another(found[0].path)
    return path


def _another(path: str) -> AtarimaeError:
    return AtarimaeError(
        f"{path} can't be shown.",
        "The file is gone, or its content is another by now.",
        "Put it back as it was, or add it again.",
    )


def _held(image: Image) -> int:
    """Bytes of a file that is read into memory: of one that is streamed none, where that works.

    libvips copies what it is given, so that a sheet of 40 MB would take 80. On other systems than
    Linux a handle's path shares its place in the file.
    """
    return 0 if _is_streamed(image) and sys.platform == "linux" else IN_MEMORY


def _is_streamed(image: Image) -> bool:
    return image.width * image.height > LARGE and image.format in STREAMED


def _tiles(image: Image) -> str:
    """How its tiles are saved, as vips names it."""
    if image.format == "JPEG":
        return JPEG
    pixels = image.width * image.height
    return LOSSLESS if pixels <= LARGE or image.bytes <= DENSE * pixels else FINE


def _upright(content: Content, name: str, image: Image, limit: int, path: Path, told: Told) -> Any:
    """The content as a vips picture, turned as its EXIF says."""
    import pyvips  # 0.15 s that only sheets cost

    pyvips.concurrency_set(min(pyvips.concurrency_get(), THREADS))
    if _is_streamed(image) and not isinstance(content, BytesIO):
        format_, _ = read_header(content, name, limit)
        # By its handle: whatever takes the file's place by now, this is what was hashed.
        sheet = Sheet(Path(f"/dev/fd/{content.fileno()}"), name, format_)
    else:
        read = content.read()
        format_, header = read_header(BytesIO(read), name, limit)
        if not _is_streamed(image):
            return pyvips.Image.new_from_array(Picture(read, name, format_, header).pixels())
        sheet = Sheet(read, name, format_)
    orientation = sheet.facts.orientation
    if orientation <= 2:
        return sheet.stream() if orientation == 1 else sheet.stream().fliphor()
    return _turned(sheet.stream(), orientation, path, told)


def _turned(image: Any, orientation: int, path: Path, told: Told) -> Any:
    """A picture that can't be turned as it streams by: through a file, uncompressed, that goes."""
    import pyvips

    folder = Path(tempfile.mkdtemp(dir=path.parent, prefix=f".{path.stem}.v."))
    try:
        _follow(image, lambda share: told(share / 2))
        image.vipssave(str(folder / "whole.v"))
        return _turn(pyvips.Image.new_from_file(str(folder / "whole.v")), orientation)
    finally:
        shutil.rmtree(folder)  # the picture is open, and stays so


def _turn(image: Any, orientation: int) -> Any:
    """Upright, by EXIF orientation 3 to 8."""
    if orientation >= 5:  # 5 is the mirror along the diagonal, and 6 to 8 follow from it
        image = image.rot90().fliphor()
    down, across = orientation in (3, 4, 7, 8), orientation in (3, 6, 7)
    image = image.flipver() if down else image
    return image.fliphor() if across else image


def _write(image: Any, stream: files.Binary, suffix: str, told: Told) -> None:
    import pyvips

    failed: list[OSError] = []

    def write(block: bytes) -> int:
        try:
            return -1 if stream.closed else stream.write(block)
        except OSError as error:  # a full disk; vips would only say that it could not write
            failed.append(error)
            return -1

    target = pyvips.TargetCustom()
    target.on_write(write)
    _follow(image, told)
    try:
        image.dzsave_target(
            target, basename="t", container="zip", suffix=suffix, tile_size=TILE, overlap=0
        )
    except pyvips.Error:
        if failed:
            raise failed[0] from None
        raise


def _follow(image: Any, told: Told) -> None:
    image.set_progress(True)
    image.signal_connect("eval", lambda _, progress: told(progress.percent / 100))
