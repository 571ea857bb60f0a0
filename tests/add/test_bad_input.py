"""Files and folders that can't be read: refused in three parts, and the rest goes in."""

import os
import struct
import tempfile
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from atarimae import workspace
from atarimae.add import add
from atarimae.store import Refusal, Store


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def bomb(width: int, height: int) -> bytes:
    """A PNG's header, and not one pixel."""
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


def refusal(ws, folder: Path) -> Refusal:
    """Of the one bad file in a folder, beside one good file."""
    report = add(ws, [folder])
    assert report.added == 1
    (found,) = report.refused
    assert Store(ws).refusals() == [found]
    assert len(Store(ws).data()) == 1
    return found


def test_truncated_jpeg(ws, tmp_path, paint):
    paint("photos/good.png")
    bad = paint("photos/bad.jpg", quality=95)
    bad.write_bytes(bad.read_bytes()[:-200])
    found = refusal(ws, tmp_path / "photos")
    assert found.file == "../photos/bad.jpg"
    assert found.found.startswith("The file is cut off")
    assert found.fix


def test_text_named_png(ws, tmp_path, paint):
    paint("photos/good.png")
    (tmp_path / "photos/bad.png").write_text("hello world, I am text")
    assert refusal(ws, tmp_path / "photos").found == (
        "It is not an image: it begins with 'hello world,'."
    )


def test_png_that_declares_ten_gigapixels(ws, tmp_path, paint):
    paint("photos/good.png")
    (tmp_path / "photos/bad.png").write_bytes(bomb(100_000, 100_000))
    assert refusal(ws, tmp_path / "photos").found == (
        "It declares 100,000 × 100,000 pixels; the limit is 2,000,000,000 in all."
    )


def test_png_that_declares_a_sheet_and_holds_nothing(ws, tmp_path, paint):
    paint("photos/good.png")
    (tmp_path / "photos/bad.png").write_bytes(bomb(40_000, 40_000))
    assert "The file is" in refusal(ws, tmp_path / "photos").found


def test_the_limit_is_a_setting(tmp_path, paint):
    ws = workspace.create(tmp_path / "small", "retrieve")
    settings = ws.root / "atarimae.toml"
    settings.write_text('task = "retrieve"\n[add]\nmax_pixels = 500\n')
    report = add(workspace.open_(ws.root), [paint("photos/a.png")])
    assert [r.found for r in report.refused] == [
        "It declares 32 × 24 pixels; the limit is 500 in all."
    ]


def test_zero_bytes(ws, tmp_path, paint):
    paint("photos/good.png")
    (tmp_path / "photos/bad.jpg").touch()
    assert refusal(ws, tmp_path / "photos").found == "The file is empty (0 bytes)."


def test_another_picture_format_is_named(ws, tmp_path, paint):
    paint("photos/good.png")
    (tmp_path / "photos/bad.heic").write_bytes(b"\0\0\0\x18ftypheic" + bytes(100))
    assert "HEIC" in refusal(ws, tmp_path / "photos").found


def test_a_pipe_is_not_waited_for(ws, tmp_path, paint):
    paint("photos/good.png")
    os.mkfifo(tmp_path / "photos/bad.png")
    assert "pipe" in refusal(ws, tmp_path / "photos").found


def test_a_link_to_nowhere(ws, tmp_path, paint):
    paint("photos/good.png")
    (tmp_path / "photos/bad.png").symlink_to("nowhere.png")
    assert refusal(ws, tmp_path / "photos").found == "There is no such file."


@pytest.fixture
def nobody() -> Iterator[Path]:
    """A folder of a person with no rights but their own: root may read everything."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o777)
        if os.geteuid() != 0:
            yield Path(folder)
            return
        os.seteuid(65534)
        try:
            yield Path(folder)
        finally:
            os.seteuid(0)


def test_unreadable_folder_and_unreadable_file(nobody):
    ws = workspace.create(nobody / "ws", "retrieve")
    for name in ("open/good.png", "open/shut.png", "closed/bad.png"):
        path = nobody / "photos" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(bomb(1, 1) if name != "open/good.png" else GOOD)
    (nobody / "photos/open/shut.png").chmod(0)
    (nobody / "photos/closed").chmod(0)
    report = add(ws, [nobody / "photos"])
    (nobody / "photos/closed").chmod(0o755)
    assert report.added == 1
    assert {(r.file, r.found) for r in report.refused} == {
        ("../photos/closed", "The folder can't be listed: permission denied."),
        ("../photos/open/shut.png", "No right to read it."),
    }


GOOD = (
    b"\x89PNG\r\n\x1a\n"
    + chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0))
    + chunk(b"IDAT", zlib.compress(b"\0\0"))
    + chunk(b"IEND", b"")
)
