"""A pyramid's full level is the picture, each level below it half of that; whole, or not there."""

import hashlib
import os
import signal
import subprocess
import sys
import threading
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
import pyvips
from PIL import Image as Pillow

from atarimae.errors import AtarimaeError
from atarimae.look import pyramid, tiles
from atarimae.predict.source import open_source
from atarimae.tidy.leftovers import half_written
from atarimae.types import Data, File, Image, Version
from atarimae.workspace import Workspace

WIDE, HIGH = 700, 530  # two tiles by two, the last ones cut
RANDOM = np.random.default_rng(0)
NOISE = RANDOM.integers(0, 256, (HIGH, WIDE, 3), dtype=np.uint8)
GREY = NOISE[:, :, 0]
ALPHA = np.dstack([NOISE, np.flipud(GREY)])
PICTURES = {
    "1-bit PNG": (Pillow.fromarray(GREY).convert("1"), "PNG"),
    "1-bit TIFF": (Pillow.fromarray(GREY).convert("1"), "TIFF"),
    "grey": (Pillow.fromarray(GREY), "PNG"),
    "palette": (Pillow.fromarray(NOISE).convert("P"), "PNG"),
    "colour": (Pillow.fromarray(NOISE), "TIFF"),
    "alpha": (Pillow.fromarray(ALPHA), "PNG"),
    "grey alpha": (Pillow.fromarray(ALPHA).convert("LA"), "PNG"),
    "CMYK": (Pillow.fromarray(ALPHA, "CMYK"), "TIFF"),
    "16 bits": (Pillow.fromarray(GREY.astype(np.uint16) * 200), "TIFF"),
    "16-bit PNG": (Pillow.fromarray(GREY.astype(np.uint16) * 200), "PNG"),
    "float": (Pillow.fromarray(GREY.astype(np.float32) / 300), "TIFF"),
    "BMP": (Pillow.fromarray(NOISE), "BMP"),
    "GIF": (Pillow.fromarray(NOISE).convert("P"), "GIF"),
    "WebP": (Pillow.fromarray(NOISE), "WEBP"),
}
ROUNDED = ("alpha", "grey alpha", "float")  # where libvips and Pillow may round apart


def quiet(_share):
    pass


@pytest.fixture
def streamed(monkeypatch):
    """Pictures are as huge ones are, but without loss."""
    monkeypatch.setattr(pyramid, "LARGE", 0)
    monkeypatch.setattr(pyramid, "DENSE", 99)


class Space:
    """A folder with one picture, and the data that says so."""

    def __init__(self, root):
        self.workspace = Workspace(root, "colour")

    def put(self, picture, format_, **options):
        stream = BytesIO()
        more = {"lossless": True} if format_ == "WEBP" else {}
        picture.save(stream, format_, **more, **options)
        return self.write(stream.getvalue(), format_)

    def write(self, content, format_, size=None):
        (self.workspace.root / "図 1.x").write_bytes(content)
        size = size or open_source(content).size
        image = Image(hashlib.sha256(content).hexdigest(), *size, format_, len(content))
        files = (File("図 1.x", image.hash),)
        self.data = Data(self.workspace.root, Version(0, ""), files, {image.hash: image}, {})
        return content

    def make(self):
        return pyramid.make(self.workspace, self.data, self.data.files, quiet)

    def made(self):
        """What lies in the cache, dotted files too."""
        return [file for file in (self.workspace.cache / "tiles").rglob("*") if file.is_file()]


@pytest.fixture
def space(tmp_path):
    return Space(tmp_path)


def level(path, number, size):
    """A whole level, put together from its tiles."""
    whole = Pillow.new("RGB", size)
    for y in range(0, size[1], pyramid.TILE):
        for x in range(0, size[0], pyramid.TILE):
            found = tiles.read(path, (number, x // pyramid.TILE, y // pyramid.TILE))
            whole.paste(Pillow.open(BytesIO(found.content)).convert("RGB"), (x, y))
    return np.asarray(whole).astype(int)


@pytest.mark.parametrize("name", PICTURES)
def test_the_full_level_is_the_picture_as_it_is_read_everywhere_else(space, streamed, name):
    expected = open_source(space.put(*PICTURES[name])).pixels()
    shown = level(space.make(), 10, (WIDE, HIGH))

    assert np.abs(shown - expected).max() <= (name in ROUNDED)


def test_so_it_is_for_a_picture_of_usual_size(space):
    for picture in PICTURES.values():
        expected = open_source(space.put(*picture)).pixels()

        assert np.array_equal(level(space.make(), 10, (WIDE, HIGH)), expected)


@pytest.mark.parametrize("number", range(2, 9))
def test_it_is_upright_whatever_exif_says(space, streamed, number):
    exif = Pillow.Exif()
    exif[0x0112] = number
    source = open_source(space.put(Pillow.fromarray(NOISE), "TIFF", exif=exif))

    path = space.make()
    assert np.array_equal(level(path, 10, source.size), source.pixels())
    assert space.made() == [path]


def test_a_jpeg_stays_near_its_pixels(space, streamed):
    smooth = Pillow.fromarray(NOISE).resize((9, 7)).resize((WIDE, HIGH), Pillow.Resampling.BICUBIC)
    content = space.put(smooth, "JPEG", quality=95)
    path = space.make()
    off = np.abs(level(path, 10, (WIDE, HIGH)) - open_source(content).pixels())

    assert off.mean() < 1
    assert tiles.read(path, (10, 0, 0)).kind == "image/jpeg"


@pytest.mark.parametrize(("pixels", "kind"), [(NOISE, "jpeg"), (NOISE // 128 * 128, "png")])
def test_a_huge_picture_that_hardly_compresses_has_jpegs(space, monkeypatch, pixels, kind):
    monkeypatch.setattr(pyramid, "LARGE", 0)
    space.put(Pillow.fromarray(pixels), "PNG")

    assert tiles.read(space.make(), (10, 1, 1)).kind == f"image/{kind}"


def test_each_level_is_the_mean_of_four_pixels_of_the_one_above(space, streamed):
    space.put(Pillow.fromarray(NOISE), "PNG")
    path = space.make()
    below, above = level(path, 9, (350, 265)), level(path, 10, (WIDE, HIGH))
    mean = above.reshape(265, 2, 350, 2, 3).mean((1, 3))

    assert np.abs(below - mean).max() <= 1
    assert tiles.read(path, (0, 0, 0)) is not None
    for nowhere in ((11, 0, 0), (10, 2, 0), (10, 0, 2), (-1, 0, 0), (9, 1, 0)):
        assert tiles.read(path, nowhere) is None


@pytest.mark.parametrize("held", [0, 1 << 20], ids=["by its handle", "from memory"])
def test_a_sheet_is_read_by_its_handle_or_from_memory(space, streamed, monkeypatch, held):
    monkeypatch.setattr(pyramid, "_held", lambda image: held)
    space.put(Pillow.fromarray(NOISE), "TIFF")

    assert np.array_equal(level(space.make(), 10, (WIDE, HIGH)), NOISE)


def test_a_file_that_is_written_to_meanwhile_makes_none(space, streamed):
    space.put(Pillow.fromarray(NOISE), "TIFF")
    path = space.workspace.root / "図 1.x"

    def told(share):
        if path.stat().st_mtime_ns != 0:
            os.utime(path, ns=(0, 0))  # as whoever writes into it leaves another time

    with pytest.raises(AtarimaeError, match="its content is another by now"):
        pyramid.make(space.workspace, space.data, space.data.files, told)
    assert not space.made()


def test_many_cores_take_no_more_memory(space, streamed, monkeypatch):
    before = pyvips.concurrency_get()
    try:
        pyvips.concurrency_set(64)
        space.put(Pillow.fromarray(NOISE), "TIFF")
        space.make()
        assert pyvips.concurrency_get() == pyramid.THREADS
        pyvips.concurrency_set(1)  # as whoever sets VIPS_CONCURRENCY wants it
        pyramid.make(space.workspace, space.data, space.data.files, quiet)
        assert pyvips.concurrency_get() == 1
    finally:
        pyvips.concurrency_set(before)


def test_a_file_whose_content_is_another_by_now_makes_none(space):
    space.put(Pillow.fromarray(NOISE), "PNG")
    Pillow.fromarray(255 - NOISE).save(space.workspace.root / "図 1.x", "PNG")

    with pytest.raises(AtarimaeError, match="its content is another by now"):
        space.make()
    assert not space.made()


def test_a_picture_that_is_cut_off_makes_none(space, streamed):
    whole = space.put(Pillow.fromarray(NOISE), "PNG")
    space.write(whole[:-30_000], "PNG", (WIDE, HIGH))

    with pytest.raises(AtarimaeError, match=r"図 1\.x can't be read"):
        space.make()
    assert not space.made()


def test_two_makers_at_once_leave_one_whole_pyramid(space, streamed):
    space.put(Pillow.fromarray(NOISE), "PNG")
    meet = threading.Barrier(2)
    makers = [threading.Thread(target=lambda: (meet.wait(), space.make())) for _ in range(2)]
    for one in makers:
        one.start()
    for one in makers:
        one.join()

    (path,) = space.made()
    assert np.array_equal(level(path, 10, (WIDE, HIGH)), NOISE)


MAKE = """
import os, resource, signal, sys
sys.path[:0] = sys.argv[3:]
from pathlib import Path
from PIL import Image as Pillow
from test_pyramid import NOISE, Space, pyramid
place, how = sys.argv[1:3]
pyramid.LARGE = 0
space = Space(Path(place))
space.put(Pillow.fromarray(NOISE), "PNG")
def told(share):
    if share > 0.5 and how == "killed":
        os.kill(os.getpid(), signal.SIGKILL)
if how == "full":
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
pyramid.make(space.workspace, space.data, space.data.files, told)
"""


def process(space, how):
    """A maker in a process of its own, that does not come to its end."""
    words = [sys.executable, "-c", MAKE, str(space.workspace.root), how, str(Path(__file__).parent)]
    return subprocess.run(words, capture_output=True, text=True, check=False)


@pytest.mark.long
def test_a_killed_maker_leaves_nothing_half_and_what_it_leaves_is_swept(space):
    assert process(space, "killed").returncode == -signal.SIGKILL
    (left,) = space.made()
    assert left.name.startswith(".")
    os.utime(left, (1_700_000_000, 1_700_000_000))
    assert list(half_written(space.workspace)) == [left]


@pytest.mark.long
def test_a_full_disk_is_said_and_leaves_nothing(space):
    said = process(space, "full")

    assert "can't be written" in said.stderr
    assert "Free some space" in said.stderr
    assert not space.made()
