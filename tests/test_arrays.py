"""What we write, safetensors reads, and the other way round; nothing is held in one piece."""

import subprocess
import sys

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from atarimae import arrays
from atarimae.errors import AtarimaeError

SOME = {
    "rows": np.arange(600, dtype=np.float32).reshape(100, 6),
    "番号": np.arange(7, dtype=np.int64),
    "odd": np.array([1, 2, 3], np.uint8),
    "mask": np.array([True, False]),
    "half": np.ones((2, 0, 3), np.float16),
    "one": np.float64(2.5) * np.ones(()),
    "turned": np.arange(12, dtype=np.float32).reshape(3, 4).T,
}


def same(found, expected):
    assert set(found) == set(expected)
    for name, rows in expected.items():
        assert found[name].dtype == rows.dtype
        np.testing.assert_array_equal(found[name], rows)


@pytest.mark.parametrize("block", [1 << 26, 24], ids=["", "in small blocks"])
def test_safetensors_reads_what_was_written_and_so_do_we(tmp_path, block, monkeypatch):
    monkeypatch.setattr(arrays, "BLOCK", block)
    path = tmp_path / "some.safetensors"
    arrays.write(path, SOME)
    same(load_file(path), SOME)
    same(arrays.read(path), SOME)


def test_what_safetensors_wrote_is_read(tmp_path):
    written = {name: np.ascontiguousarray(rows) for name, rows in SOME.items() if name != "one"}
    save_file(written, tmp_path / "some.safetensors")
    same(arrays.read(tmp_path / "some.safetensors"), written)
    arrays.write(tmp_path / "none.safetensors", {})
    assert arrays.read(tmp_path / "none.safetensors") == {}


def test_who_has_read_a_file_keeps_it_when_another_takes_its_place(tmp_path):
    path = tmp_path / "some.safetensors"
    arrays.write(path, {"rows": np.zeros(5)})
    before = arrays.read(path)["rows"]
    arrays.write(path, {"rows": np.ones(3)})
    np.testing.assert_array_equal(before, np.zeros(5))
    with pytest.raises(ValueError, match="read-only"):
        before[0] = 1


@pytest.mark.parametrize("size", [0, 4, 60, 1_000])
def test_a_file_that_is_cut_off_is_refused(tmp_path, size):
    path = tmp_path / "some.safetensors"
    arrays.write(path, SOME)
    path.write_bytes(path.read_bytes()[:size])
    with pytest.raises(AtarimaeError, match=r"can't be read.*make it anew"):
        arrays.read(path)


@pytest.mark.skipif(sys.platform != "linux", reason="/proc tells the peak")
def test_writing_takes_no_copy_and_reading_no_memory(tmp_path):
    program = """
import re, sys
from pathlib import Path
import numpy as np
from atarimae import arrays
def held(name):  # memory of our own, without pages of files, in MB
    return int(re.search(name + r":\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) // 1024
rows = np.ones((100_000, 256), np.float32)
before = held("RssAnon")
Path("/proc/self/clear_refs").write_text("5")
arrays.write(Path(sys.argv[1]), {"rows": rows})
wrote = held("VmHWM") - before
read = arrays.read(Path(sys.argv[1]))["rows"]
float(read.sum())
print(wrote, held("RssAnon") - before)
"""
    words = [sys.executable, "-c", program, str(tmp_path / "rows.safetensors")]
    said = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    wrote, read = map(int, said.split())
    assert wrote < 70  # MB, of which libraries' files are most; the rows are 98
    assert read < 10
