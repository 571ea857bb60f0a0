"""Reading pictures: every format and mode to upright 8-bit RGB, and sheets without much memory."""

import hashlib
import io
import struct
import subprocess
import sys
import zlib
from pathlib import Path

import numpy as np
import pytest
import pyvips
from PIL import Image

from atarimae.errors import AtarimaeError
from atarimae.predict.rgb import turn
from atarimae.predict.sheet import Sheet
from atarimae.predict.source import examine, open_source
from atarimae.types import Box

NOISE = np.random.default_rng(0).integers(0, 255, (24, 32, 3), dtype=np.uint8)
NOISE.flags.writeable = False


def written(picture: Image.Image, format_: str, **options: object) -> bytes:
    file = io.BytesIO()
    picture.save(file, format_, **options)
    return file.getvalue()


def noise(format_: str, **options: object) -> bytes:
    return written(Image.fromarray(NOISE), format_, **options)


# Formats


@pytest.mark.parametrize(
    ("format_", "options"),
    [
        ("PNG", {}),
        ("BMP", {}),
        ("TIFF", {}),
        ("TIFF", {"compression": "tiff_lzw"}),
        ("WEBP", {"lossless": True}),
    ],
)
def test_lossless_formats_give_the_same_pixels(tmp_path, format_, options):
    path = tmp_path / "x"  # the content decides, not the name
    path.write_bytes(noise(format_, **options))
    source = open_source(path)
    assert source.size == (32, 24)
    assert np.array_equal(source.pixels(), NOISE)
    assert examine(path).format == format_


def test_jpeg_is_what_pillow_decodes():
    data = noise("JPEG")
    assert np.array_equal(open_source(data).pixels(), np.asarray(Image.open(io.BytesIO(data))))


def test_first_frame_of_a_gif():
    frames = [Image.new("RGB", (4, 4), colour) for colour in ("red", "blue")]
    data = written(frames[0], "GIF", save_all=True, append_images=frames[1:])
    assert open_source(data).pixels()[0, 0].tolist() == [255, 0, 0]


def test_first_page_of_a_tiff():
    pages = [Image.new("RGB", (4, 4), colour) for colour in ("red", "blue")]
    data = written(pages[0], "TIFF", save_all=True, append_images=pages[1:])
    assert open_source(data).pixels()[0, 0].tolist() == [255, 0, 0]


def test_examine_gives_hash_size_and_bytes(tmp_path):
    data = noise("PNG")
    (tmp_path / "a.png").write_bytes(data)
    image = examine(tmp_path / "a.png")
    assert (image.hash, image.width, image.height, image.format, image.bytes) == (
        hashlib.sha256(data).hexdigest(), 32, 24, "PNG", len(data),
    )  # fmt: skip


# Modes


def test_transparency_is_laid_on_white():
    rgba = np.zeros((1, 3, 4), np.uint8)
    rgba[0, :, 3] = 0, 128, 255  # black: unseen, half seen, seen
    for mode in ("RGBA", "LA"):
        data = written(Image.fromarray(rgba).convert(mode), "PNG")
        assert open_source(data).pixels()[0, :, 0].tolist() == [255, 127, 0]


def test_a_transparent_palette_entry_is_white():
    picture = Image.new("P", (2, 1))
    picture.putpalette([0, 0, 0, 200, 0, 0])
    picture.putpixel((1, 0), 1)
    data = written(picture, "PNG", transparency=0)
    assert open_source(data).pixels()[0].tolist() == [[255, 255, 255], [200, 0, 0]]


@pytest.mark.parametrize("format_", ["PNG", "TIFF"])
def test_16_bit_grey_keeps_its_high_byte(format_):
    values = np.array([[0, 255, 256, 32768, 65535]], np.uint16)
    data = written(Image.fromarray(values), format_)
    assert open_source(data).pixels()[0, :, 1].tolist() == [0, 0, 1, 128, 255]


@pytest.mark.parametrize("transparent", [False, True])
def test_16_bit_colour_keeps_its_high_byte(transparent):
    data = png_16_bit_rgb([(0, 256, 65535), (32768, 0, 512)], transparent)
    assert open_source(data).pixels()[0].tolist() == [[0, 1, 255], [128, 0, 2]]


def png_16_bit_rgb(pixels: list[tuple[int, int, int]], transparent: bool) -> bytes:
    """By hand, as Pillow writes none; `transparent` names a colour that is not there."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        crc = struct.pack(">I", zlib.crc32(kind + body))
        return struct.pack(">I", len(body)) + kind + body + crc

    row = b"\0" + b"".join(struct.pack(">HHH", *pixel) for pixel in pixels)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", struct.pack(">IIBBBBB", len(pixels), 1, 16, 2, 0, 0, 0))
        + (chunk(b"tRNS", struct.pack(">HHH", 4000, 5000, 60000)) if transparent else b"")
        + chunk(b"IDAT", zlib.compress(row))
        + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (np.array([[0, 0.5, 1]], np.float32), [0, 128, 255]),  # 0 to 1
        (np.array([[0, 100, 255]], np.float32), [0, 100, 255]),  # 8 bits
        (np.array([[0, 25700, 65535]], np.int32), [0, 100, 255]),  # 16 bits
        (np.array([[-1000, 0, 1000]], np.float32), [0, 128, 255]),  # its own range
        (np.array([[np.nan, 1, 0]], np.float32), [0, 255, 0]),
    ],
)
def test_32_bit_values_are_scaled_by_the_range_that_holds_them(values, expected):
    assert open_source(written(Image.fromarray(values), "TIFF")).pixels()[0, :, 0].tolist() == (
        expected
    )


def test_1_bit_is_black_and_white():
    data = written(Image.fromarray(np.array([[0, 255]], np.uint8)).convert("1"), "PNG")
    assert open_source(data).pixels()[0].tolist() == [[0, 0, 0], [255, 255, 255]]


@pytest.mark.parametrize("format_", ["JPEG", "TIFF"])
def test_cmyk(format_):
    """A CMYK JPEG by Pillow is inverted as Adobe's are."""
    picture = Image.new("CMYK", (16, 16), (0, 255, 255, 0))  # magenta and yellow: red
    red = open_source(written(picture, format_)).pixels()[8, 8].tolist()
    assert red == pytest.approx([255, 0, 0], abs=3)


# EXIF


@pytest.mark.parametrize("number", range(1, 9))
@pytest.mark.parametrize("format_", ["PNG", "TIFF", "WEBP"])
def test_exif_orientation_is_applied(tmp_path, number, format_):
    exif = Image.Exif()
    exif[0x0112] = number
    path = tmp_path / "x"
    path.write_bytes(noise(format_, exif=exif, **({"lossless": True} if format_ == "WEBP" else {})))
    upright = np.asarray(turned(number))
    source = open_source(path)
    assert source.size == upright.shape[1::-1]
    assert np.array_equal(source.pixels(), upright)
    image = examine(path)
    assert (image.width, image.height) == upright.shape[1::-1]


def turned(number: int) -> Image.Image:
    """The table of the EXIF standard."""
    ways = Image.Transpose
    way = {
        2: ways.FLIP_LEFT_RIGHT, 3: ways.ROTATE_180, 4: ways.FLIP_TOP_BOTTOM, 5: ways.TRANSPOSE,
        6: ways.ROTATE_270, 7: ways.TRANSVERSE, 8: ways.ROTATE_90,
    }.get(number)  # fmt: skip
    picture = Image.fromarray(NOISE)
    return picture if way is None else picture.transpose(way)


@pytest.mark.filterwarnings("ignore:Corrupt EXIF")
def test_broken_exif_does_not_refuse_a_picture():
    data = noise("JPEG", exif=b"Exif\0\0II*\0\xff\xff\xff\xff" + bytes(8))
    assert open_source(data).size == (32, 24)


# Reductions and regions


def test_a_large_jpeg_is_reduced_and_stays_twice_as_large_as_asked():
    data = written(Image.new("L", (1000, 900), 7), "JPEG")
    source = open_source(data)
    assert source.pixels(100).shape == (225, 250, 3)
    assert source.pixels(300).shape == (900, 1000, 3)
    assert source.size == (1000, 900)
    assert source.pixels().shape == (900, 1000, 3)


def test_a_large_jpeg_that_lies_on_its_side_is_reduced_upright():
    exif = Image.Exif()
    exif[0x0112] = 6
    data = written(Image.new("L", (1000, 900), 7), "JPEG", exif=exif)
    assert open_source(data).pixels(100).shape == (250, 225, 3)


def test_region_is_rounded_outwards_and_cut_at_the_edge():
    source = open_source(noise("PNG"))
    assert np.array_equal(source.region(Box(2.5, 3.9, 10.1, 5)), NOISE[3:5, 2:11])
    assert np.array_equal(source.region(Box(-5, 20, 100, 100)), NOISE[20:])
    assert source.region(Box(50, 50, 60, 60)).size == 0


# What can't be read


@pytest.mark.parametrize("format_", ["JPEG", "PNG", "WEBP", "BMP", "TIFF", "GIF"])
def test_a_cut_off_file_is_found(tmp_path, format_):
    path = tmp_path / "x"
    path.write_bytes(noise(format_)[:-300])
    with pytest.raises(AtarimaeError) as error:
        examine(path)
    assert "The file is" in error.value.found
    with pytest.raises(AtarimaeError):
        open_source(path).pixels()


@pytest.mark.parametrize(
    ("data", "found"),
    [
        (b"", "empty"),
        (b"%PDF-1.7", "a PDF"),
        (b"\0\0\0\x20ftypavif", "HEIC or AVIF"),
        (b"hello", "not an image"),
        (b"\x89PNG\r\n\x1a\n", "The file is"),
        (b"\xff\xd8\xff", "The file is"),
        (b"GIF89a", "The file is"),
        (b"RIFF\0\0\0\0WEBP", "The file is"),
        (b"II*\0", "The file is"),
        (b"BM", "The file is"),
    ],
)
def test_what_is_no_picture_says_what_it_is(data, found):
    with pytest.raises(AtarimaeError, match="The picture can't be read") as error:
        open_source(data).pixels()
    assert found in error.value.found
    assert error.value.fix


def test_a_missing_file_and_a_folder(tmp_path):
    with pytest.raises(AtarimaeError, match="no such file"):
        open_source(tmp_path / "a.png")
    with pytest.raises(AtarimaeError, match="a folder"):
        open_source(tmp_path)


@pytest.mark.parametrize("format_", ["JPEG", "PNG", "WEBP", "BMP", "TIFF", "GIF"])
def test_more_pixels_than_allowed_are_refused_before_they_are_decoded(format_):
    with pytest.raises(AtarimaeError, match="declares 32 × 24 pixels; the limit is 700"):
        open_source(noise(format_), max_pixels=700)
    assert open_source(noise(format_), max_pixels=768).size == (32, 24)


@pytest.mark.parametrize("lossless", [False, True])
def test_the_size_of_a_webp_is_known_before_its_canvas_is_allocated(monkeypatch, lossless):
    data = noise("WEBP", lossless=lossless)
    monkeypatch.setattr("PIL._webp.WebPAnimDecoder", lambda *_: pytest.fail("allocated"))
    with pytest.raises(AtarimaeError, match="declares 32 × 24"):
        open_source(data, max_pixels=700)


def test_pillows_own_limit_is_left_alone_and_does_not_count(tmp_path, monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)
    assert open_source(noise("PNG")).pixels().shape == (24, 32, 3)
    assert Image.MAX_IMAGE_PIXELS == 100


# Sheets


@pytest.fixture(scope="module")
def sheet(tmp_path_factory) -> Path:
    """120 megapixels: red grows to the right, green downwards."""
    path = tmp_path_factory.mktemp("sheets") / "a[0].jpg"  # vips would read an option there
    ramps = pyvips.Image.xyz(12_000, 10_000)
    right, down = ramps[0] * (255 / 12_000), ramps[1] * (255 / 10_000)
    picture = right.bandjoin([down, 99]).cast("uchar").copy(interpretation="srgb")
    path.write_bytes(picture.jpegsave_buffer(Q=95))
    return path


EXAMINE = """
import sys
from pathlib import Path
import pyvips
from atarimae.predict.source import examine, open_source
from atarimae.types import Box
def peak():
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmHWM")).split()[1]) // 1024
before = peak()
path = Path(sys.argv[1])
image = examine(path)
assert (image.width, image.height) == (12_000, 10_000)
source = open_source(path)
assert 448 <= min(source.pixels(224).shape[:2]) < 900
assert source.region(Box(9_000, 9_000, 9_100, 9_100)).shape == (100, 100, 3)
print(peak() - before)
"""


def test_a_sheet_is_verified_reduced_and_cut_in_little_memory(sheet):
    done = subprocess.run(
        [sys.executable, "-c", EXAMINE, str(sheet)], capture_output=True, text=True, check=True
    )
    assert int(done.stdout) < 120  # MiB; decoded whole it is 343


def test_a_sheet_reduced_and_cut_shows_the_same_picture(sheet):
    source = open_source(sheet)
    assert isinstance(source, Sheet)
    small = source.pixels(200)
    assert min(small.shape[:2]) >= 400
    height, width = small.shape[:2]
    assert small[height // 4, width // 2].tolist() == pytest.approx([127, 63, 99], abs=3)
    for box in (Box(6_000, 2_500, 6_010, 2_510), Box(6_000, 100, 6_004, 104), Box(0, 0, 2, 2)):
        expected = [box.x0 * 255 / 12_000, box.y0 * 255 / 10_000, 99]
        assert source.region(box)[0, 0].tolist() == pytest.approx(expected, abs=3)


def test_a_cut_off_sheet_is_found(sheet, tmp_path):
    path = tmp_path / "cut.jpg"
    path.write_bytes(sheet.read_bytes()[:-20_000])
    with pytest.raises(AtarimaeError, match="The file is"):
        examine(path)


@pytest.mark.parametrize("number", [1, 3, 5, 6, 7, 8])
def test_regions_of_a_turned_sheet_are_those_of_the_upright_picture(number):
    exif = Image.Exif()
    exif[0x0112] = number
    source = Sheet(noise("TIFF", exif=exif), "x", "TIFF")
    upright = turn(NOISE, number)
    assert source.size == upright.shape[1::-1]
    assert np.array_equal(source.pixels(), upright)
    for top in (0, 3, 10, 9):  # downwards, then back
        part = source.region(Box(2, top, 17, top + 6))
        assert np.array_equal(part, upright[top : top + 6, 2:17])


@pytest.mark.parametrize(
    "picture",
    [
        Image.fromarray(NOISE[:, :, 0]),
        Image.fromarray(NOISE[:, :, 0]).convert("1"),
        Image.fromarray(np.dstack([NOISE, NOISE[:, :, 0]])),
        Image.fromarray(np.dstack([NOISE, NOISE[:, :, 0]]), "CMYK"),
        Image.fromarray(NOISE[:, :, 0].astype(np.uint16) * 200),
        Image.fromarray(NOISE[:, :, 0].astype(np.float32) / 300),
    ],
    ids=["grey", "1-bit", "RGBA", "CMYK", "16-bit", "float"],
)
def test_a_sheet_reads_every_mode_as_an_ordinary_picture_does(picture):
    data = written(picture, "TIFF")
    ordinary = open_source(data).pixels().astype(int)
    sheet = Sheet(data, "x", "TIFF")
    assert np.abs(sheet.pixels() - ordinary).max() <= 1
    assert np.abs(sheet.region(Box(0, 5, 32, 9)) - ordinary[5:9]).max() <= 1


def test_a_sheet_in_a_format_that_cannot_stream_is_refused():
    with pytest.raises(AtarimaeError, match="BMP of over 100 megapixels"):
        Sheet(b"BM", "x", "BMP")
