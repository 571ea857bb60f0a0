"""`atarimae --help` beside a Python that does nothing, each as a process of its own."""

import statistics
import subprocess
import sys
import time
from pathlib import Path

from bench.ratio import Ratio

ROUNDS = 11
TARGET = "ours ≤ 0.3 s where Python takes 0.02 s"


def measure() -> list[Ratio]:
    """Seconds from the call to the exit, in turns, medians of 11 after one that warms up."""
    ours = [str(Path(sys.executable).with_name("atarimae")), "--help"]
    nothing = [sys.executable, "-c", "pass"]
    taken = [(_seconds(ours), _seconds(nothing)) for _ in range(1 + ROUNDS)][1:]
    help_, python = (statistics.median(side) for side in zip(*taken, strict=True))
    most = max(0.3, 0.3 / 0.02 * python)
    note = "a process each"
    return [Ratio("atarimae --help / python -c pass", help_, python, "s", TARGET, most, note)]


def _seconds(command: list[str]) -> float:
    began = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - began


if __name__ == "__main__":
    for ratio in measure():
        print(ratio.line())
