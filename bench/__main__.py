"""`python -m bench [NAME …]`: every ratio, one after another, as a Markdown table on stdout.

What takes many minutes runs by its name alone.
"""

import importlib
import os
import platform
import re
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from atarimae.predict.graph import cores
from bench.ratio import Ratio

NAMES = (
    "add",
    "duplicates",
    "embedding",
    "first_score",
    "index",
    "logging",
    "look_page",
    "losses",
    "metrics",
    "pages",
    "quality",
    "reranking",
    "scoring",
    "search",
    "start",
    "tiles",
    "training",
    "tuner",
)
APART = ("edits", "map", "million", "report", "streaming", "wrong_labels")  # by name alone
CONTEST = "contest"  # by name alone, with options of its own
LIBRARIES = ("numpy", "onnxruntime", "faiss-cpu", "torch", "timm", "Pillow", "SQLAlchemy")
FLAGS = ("avx2", "avx512f", "avx512_bf16", "avx512_vnni", "amx_bf16", "amx_int8")


def main(names: Sequence[str]) -> int:
    """Run the named benchmarks, all of them where none is named."""
    if names[:1] == [CONTEST]:
        from bench.contest import command

        return command.main(names[1:])
    if unknown := [name for name in names if name not in NAMES + APART]:
        there = ", ".join((*NAMES, *APART, CONTEST))
        print(f"No benchmark '{unknown[0]}'; there are {there}.", file=sys.stderr)
        return 2
    load = os.getloadavg()[0]
    ratios = [ratio for name in names or NAMES for ratio in _measured(name)]
    print("\n".join(table(ratios)))
    print(f"\n{machine()}; load before {load:.1f}; {datetime.now(UTC):%Y-%m-%d %H:%M} UTC")
    return 0


def table(ratios: Sequence[Ratio]) -> list[str]:
    """The lines of a Markdown table, and what each row says of its conditions below it."""
    head = ["| name | ours | peer | ratio | target | met |", "|---|---:|---:|---:|---|---|"]
    rows = [
        f"| {r.name} | {r.ours:.3g} {r.unit} | {r.peer:.3g} {r.unit} | {r.value:.2f}× "
        f"| {r.target} | {'yes' if r.met else 'no'} |"
        for r in ratios
    ]
    return [*head, *rows, "", *(f"- {r.name}: {r.note}" for r in ratios)]


def machine() -> str:
    """The processor, its cores and flags, memory, Python, and the libraries' versions."""
    libraries = ", ".join(f"{name} {version(name)}" for name in LIBRARIES)
    said = _read("/proc/cpuinfo")
    flags = set(_first(r"^flags\s*: (.*)$", said).split())
    wide = ", ".join(flag for flag in FLAGS if flag in flags) or "no AVX2 or wider"
    kilobytes = int(_first(r"^MemTotal:\s*(\d+)", _read("/proc/meminfo")) or 0)
    processor = _first(r"^model name\s*: (.*)$", said) or platform.processor()
    return (
        f"{processor}, {os.cpu_count()} cores of which {cores()} are used, a thread each ({wide}), "
        f"{kilobytes / 2**20:.0f} GiB; {platform.system()} {platform.release()}, "
        f"Python {platform.python_version()}; {libraries}"
    )


def _measured(name: str) -> list[Ratio]:
    print(f"{name} …", end=" ", file=sys.stderr, flush=True)
    began = time.perf_counter()
    ratios: list[Ratio] = importlib.import_module(f"bench.{name}").measure()
    print(f"{time.perf_counter() - began:.0f} s", file=sys.stderr)
    return ratios


def _read(path: str) -> str:
    """A file of the Linux kernel; empty where there is none."""
    return Path(path).read_text() if Path(path).exists() else ""


def _first(pattern: str, said: str) -> str:
    found = re.search(pattern, said, re.MULTILINE)
    return found[1] if found else ""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
