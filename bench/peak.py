"""The most memory that this process has held, or a process with all that it started."""

import re
import threading
from contextlib import suppress
from pathlib import Path
from typing import Self

OFTEN = 0.2  # seconds between two looks


def peak() -> int:
    """Bytes, by Linux's own count (`VmHWM`).

    `ru_maxrss` will not do: a child begins with what its parent held.
    """
    found = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    assert found, "Linux says it of every process"
    return 1024 * int(found[1])


class Watch:
    """Looks at a process and its children from time to time: `most` bytes, shared ones once."""

    def __init__(self, process: int) -> None:
        self.most = 0
        self._process = process
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._over.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._over.wait(OFTEN):
            self.most = max(self.most, sum(_share(one) for one in _family(self._process)))


def _family(process: int) -> list[int]:
    """It, and what it started, and so on."""
    parents: dict[int, list[int]] = {}
    for place in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            said = (place / "stat").read_text().rpartition(")")[2].split()
            parents.setdefault(int(said[1]), []).append(int(place.name))
    found = [process]
    for one in found:
        found += parents.get(one, [])
    return found


def _share(process: int) -> int:
    """Bytes of one, of what it shares with others its share (Linux's `Pss`); 0 where it is gone."""
    with suppress(OSError):
        found = re.search(r"Pss:\s+(\d+) kB", Path(f"/proc/{process}/smaps_rollup").read_text())
        return 1024 * int(found[1]) if found else 0
    return 0
