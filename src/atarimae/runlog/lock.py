"""The sign that a run is being written: a lock on a file in its folder.

The system takes the lock away when the process dies, however it dies; a process number would be
given to another process, at the latest after a reboot.
"""

import fcntl
import time
from pathlib import Path
from typing import IO

from atarimae import files
from atarimae.errors import AtarimaeError

NAME = "lock"
TRIES = 5
PAUSE = 0.02  # seconds; whoever looks whether it is held has it for a moment


class Lock:
    """Held from when it is made until it is released."""

    def __init__(self, folder: Path) -> None:
        self._file = _hold(folder)

    def release(self) -> None:
        """Let go, and take the file away."""
        Path(self._file.name).unlink(missing_ok=True)
        fcntl.flock(self._file, fcntl.LOCK_UN)  # also where a forked process has the file open
        self._file.close()


def is_held(folder: Path) -> bool:
    """Whether a process writes the run in this folder."""
    try:
        with (folder / NAME).open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


def _hold(folder: Path) -> IO[bytes]:
    for left in reversed(range(TRIES)):
        with files.writing(f"Run {folder.name}"):
            file = (folder / NAME).open("ab")
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return file
            except BlockingIOError:
                file.close()
        if left:
            time.sleep(PAUSE)
    raise AtarimaeError(
        f"Run {folder.name} is running.", "A process has its folder open.", "Wait until it ends."
    )
