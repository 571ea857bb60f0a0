"""Files are written whole or not at all, also where the disk is full."""

import errno
import json
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from atarimae import files
from atarimae.errors import AtarimaeError

FULL_DISK = """
import json, resource, sys
from pathlib import Path
from atarimae import files
from atarimae.errors import AtarimaeError
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))  # no file may grow further: EFBIG
try:
    files.write(Path(sys.argv[1]), b"x" * 5000)
except AtarimaeError as error:
    print(json.dumps(error.as_dict()))
"""


def test_write_makes_the_folders_it_needs(tmp_path: Path) -> None:
    files.write(tmp_path / "深い" / "place" / "a.txt", "試す")
    assert (tmp_path / "深い" / "place" / "a.txt").read_bytes() == "試す".encode()


def test_full_disk_is_an_error_in_three_parts_and_leaves_the_old_file(tmp_path: Path) -> None:
    target = tmp_path / "a.txt"
    target.write_text("old")
    done = subprocess.run(
        [sys.executable, "-c", FULL_DISK, str(target)], capture_output=True, text=True, check=True
    )
    error = json.loads(done.stdout)
    assert error["what"] == f"{target} can't be written."
    assert "File too large" in error["found"]
    assert error["fix"]
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG])
def test_every_way_of_having_no_room_is_told_alike(number: int) -> None:
    told = pytest.raises(AtarimaeError, match=r"The run can't be written\. .*Free some space")
    with told, files.writing("The run"):
        raise OSError(number, "no room", "a.txt")


def test_other_errors_of_the_system_are_told_in_three_parts_too() -> None:
    with pytest.raises(AtarimaeError) as caught, files.writing("The run"):
        raise PermissionError(errno.EACCES, "Permission denied", "a.txt")
    assert caught.value.as_dict() == {
        "what": "The run can't be written.",
        "found": "Permission denied: a.txt.",
        "fix": "Check its rights and place.",
    }


def test_folder_in_the_place_of_a_file_is_an_error_and_stays(tmp_path: Path) -> None:
    (tmp_path / "a.txt").mkdir()
    with pytest.raises(AtarimaeError, match=r"a\.txt can't be written"):
        files.write(tmp_path / "a.txt", "x")
    assert list(tmp_path.iterdir()) == [tmp_path / "a.txt"]


def test_reader_never_sees_half_a_file(tmp_path: Path) -> None:
    target = tmp_path / "a.txt"
    contents = [letter * 200_000 for letter in "ab"]
    files.write(target, contents[0])

    def rewrite() -> None:
        for turn in range(40):
            files.write(target, contents[turn % 2])

    writer = threading.Thread(target=rewrite)
    writer.start()
    while writer.is_alive():
        assert target.read_text() in contents
    writer.join()


def test_json_is_for_people_too(tmp_path: Path) -> None:
    files.write_json(tmp_path / "a.json", {"because": "ラベルが小さい 🍶"})
    assert (tmp_path / "a.json").read_text("utf-8") == '{\n  "because": "ラベルが小さい 🍶"\n}\n'
    assert files.read_json(tmp_path / "a.json") == {"because": "ラベルが小さい 🍶"}


@pytest.mark.parametrize("content", [None, b"{", b"\xff\xfe", b"[1, 2]", b""])
def test_what_is_no_json_object_is_an_error_that_names_the_file(
    tmp_path: Path, content: bytes | None
) -> None:
    path = tmp_path / "a.json"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(AtarimaeError) as caught:
        files.read_json(path)
    assert caught.value.what == f"{path} can't be read."
    assert caught.value.found
    assert caught.value.fix
