"""Outputs on disk: computed once by whichever process comes first, gone without harm."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from atarimae.predict.cache import Cache
from atarimae.types import Floats

RED, BLUE = "ab" * 32, "cd" * 32


def numbers(*values: float) -> Floats:
    return np.array(values, np.float32)


def test_what_was_kept_is_there(tmp_path: Path) -> None:
    cache = Cache(tmp_path, "key")
    cache.put({RED: numbers(1, 2), BLUE: numbers(3, 4)})
    found = cache.get([BLUE, RED, "ef" * 32])
    assert list(found) == [BLUE, RED]
    np.testing.assert_array_equal(found[RED], [1, 2])
    np.testing.assert_array_equal(found[BLUE], [3, 4])


def test_two_caches_of_one_folder_see_each_others_blocks(tmp_path: Path) -> None:
    first, second = Cache(tmp_path, "key"), Cache(tmp_path, "key")
    assert first.get([RED]) == second.get([RED]) == {}
    first.put({RED: numbers(1)})
    second.put({BLUE: numbers(2)})
    for cache in (first, second):
        assert {name: row.tolist() for name, row in cache.get([RED, BLUE]).items()} == {
            RED: [1], BLUE: [2],
        }  # fmt: skip


def test_another_predictor_sees_nothing(tmp_path: Path) -> None:
    Cache(tmp_path, "one").put({RED: numbers(1)})
    assert Cache(tmp_path, "other").get([RED]) == {}


def test_rows_may_have_any_shape(tmp_path: Path) -> None:
    rows = np.arange(24, dtype=np.float32).reshape(2, 3, 4)
    Cache(tmp_path, "key").put({RED: rows[0], BLUE: rows[1]})
    np.testing.assert_array_equal(Cache(tmp_path, "key").get([BLUE])[BLUE], rows[1])


def test_nothing_to_keep_writes_nothing(tmp_path: Path) -> None:
    Cache(tmp_path, "key").put({})
    assert not list(tmp_path.iterdir())


def test_block_without_its_names_is_not_there(tmp_path: Path) -> None:
    Cache(tmp_path, "key").put({RED: numbers(1)})
    (names,) = tmp_path.rglob("*.txt")
    names.unlink()
    assert Cache(tmp_path, "key").get([RED]) == {}


def test_names_without_their_block_are_not_there(tmp_path: Path) -> None:
    Cache(tmp_path, "key").put({RED: numbers(1)})
    Cache(tmp_path, "key").put({BLUE: numbers(2)})
    next(tmp_path.rglob("*.npy")).unlink()
    assert len(Cache(tmp_path, "key").get([RED, BLUE])) == 1


@pytest.mark.parametrize("left", [0, 20, 130])
def test_truncated_block_is_not_there(tmp_path: Path, left: int) -> None:
    Cache(tmp_path, "key").put({RED: numbers(1, 2)})
    (block,) = tmp_path.rglob("*.npy")
    block.write_bytes(block.read_bytes()[:left])
    assert Cache(tmp_path, "key").get([RED]) == {}


def test_deleted_cache_is_empty(tmp_path: Path) -> None:
    Cache(tmp_path, "key").put({RED: numbers(1)})
    for path in tmp_path.rglob("*.*"):
        path.unlink()
    assert Cache(tmp_path, "key").get([RED]) == {}


FULL = """
import json, resource, sys
from pathlib import Path
import numpy as np
from atarimae.errors import AtarimaeError
from atarimae.predict.cache import Cache
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))  # no file may grow further: EFBIG
try:
    Cache(Path(sys.argv[1]), "key").put({"ab" * 32: np.zeros(5000, np.float32)})
except AtarimaeError as error:
    print(json.dumps(error.as_dict()))
"""


def test_full_disk_is_an_error_in_three_parts_and_leaves_nothing(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", FULL, str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "can't be written" in json.loads(done.stdout)["what"]
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
