"""Two adds at once, a process that dies, a disk that is full: real processes, one real store."""

import subprocess
import sys
from pathlib import Path

from atarimae.add import add
from atarimae.store import Store

ADD = """
import sys
from pathlib import Path
from atarimae import workspace
from atarimae.add import add
{before}
add(workspace.open_(Path(sys.argv[1])), [Path(name) for name in sys.argv[2:]])
"""
DIE = """
import os, signal
from sqlalchemy import Engine, event
@event.listens_for(Engine, "after_cursor_execute")
def die(connection, cursor, statement, *_):
    if statement.startswith("INSERT INTO files"):
        os.kill(os.getpid(), signal.SIGKILL)
"""
FULL = """
import resource
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))  # what a full disk does: no byte more
"""


def start(root: Path, *folders: Path, before: str = "") -> subprocess.Popen[bytes]:
    script = ADD.format(before=before)
    return subprocess.Popen(
        [sys.executable, "-c", script, str(root), *map(str, folders)], stderr=subprocess.PIPE
    )


def test_two_adds_at_once(ws, tmp_path, paint):
    for number in range(60):
        paint(f"photos/{'abc'[number % 3]}/{number}.png", number)
    first = start(ws.root, tmp_path / "photos/a", tmp_path / "photos/b")
    second = start(ws.root, tmp_path / "photos/b", tmp_path / "photos/c")
    said = [process.communicate()[1].decode() for process in (first, second)]
    assert [first.returncode, second.returncode] == [0, 0], said
    paths = [file.path for file in Store(ws).data().files]
    assert len(paths) == len(set(paths)) == 60


def test_a_process_that_dies_while_recording_leaves_the_store_as_it_was(ws, tmp_path, paint):
    paint("before/a.png", 1)
    paint("photos/b.png", 2)
    add(ws, [tmp_path / "before"])
    before = Store(ws).data()
    process = start(ws.root, tmp_path / "photos", before=DIE)
    process.communicate()
    assert process.returncode == -9
    assert Store(ws).data() == before
    assert add(ws, [tmp_path / "photos"]).added == 1


def test_a_full_disk_leaves_the_store_as_it_was(ws, tmp_path, paint):
    paint("before/a.png", 1)
    add(ws, [tmp_path / "before"])
    before = Store(ws).data()
    paint("photos/0.png")
    for number in range(400):
        (tmp_path / f"photos/{number}-{'long' * 40}.png").hardlink_to(tmp_path / "photos/0.png")
    process = start(ws.root, tmp_path / "photos", before=FULL)
    _, said = process.communicate()
    assert process.returncode == 1, said
    assert Store(ws).data() == before
    assert add(ws, [tmp_path / "photos"]).added == 401
