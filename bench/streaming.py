"""Peak memory of scoring 100,000 queries in a gallery of 1,000,000: `python -m bench streaming`.

26 trillion multiply-adds: some ten minutes on two cores, so it runs by its name alone.
"""

import json
import subprocess
import sys
from dataclasses import dataclass

from bench.ratio import Ratio

QUERIES, GALLERY, WIDTH = 100_000, 1_000_000, 256
GIB = 2**30
MOST = 4.0  # GiB

# Index, search, scores and intervals as a run has them, after the inputs are there.
PROGRAM = """
import json, sys, time
from dataclasses import replace
from pathlib import Path
import faiss, numpy as np
from atarimae import task as tasks
from atarimae.score.intervals import interval
from atarimae.task import Context
from atarimae.types import Data, File, Label, Version

queries, gallery, width, sources = map(int, sys.argv[1:])
rows = np.empty((queries + gallery, width), np.float32)
random = np.random.default_rng(0)
for start in range(0, len(rows), 4096):
    some = rows[start : start + 4096]
    random.standard_normal(dtype=np.float32, out=some)
    some /= np.linalg.norm(some, axis=1, keepdims=True)
files = tuple(
    File(
        f"photos/{i:08d}.jpg", f"{i:064x}", "val", "query" if i < queries else "gallery",
        source=f"source {i % sources}" if sources else None,
    )
    for i in range(len(rows))
)
labels = {f.image: (Label(f.image, f"class {i % (gallery // 10)}"),) for i, f in enumerate(files)}
data = Data(Path("."), Version(0, ""), files, {}, labels)
retrieve = tasks.load("retrieve")

def judged(rows, data):
    context = Context(retrieve.index(rows, data), {"threshold": 0.1})
    found = retrieve.finish(rows, data, context)
    return [interval(score) for score in retrieve.score(found, data, context)]

def memory(name):
    lines = Path("/proc/self/status").read_text().splitlines()
    return 1024 * int(next(line for line in lines if line.startswith(name)).split()[1])

around = slice(queries - 50, queries + 50)
judged(rows[around], replace(data, files=files[around]))  # libraries load and make room
Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew
before, began = memory("VmRSS"), time.perf_counter()
scores = judged(rows, data)
seconds = time.perf_counter() - began
print(json.dumps([before, memory("VmHWM"), seconds, len(scores)]))
"""


@dataclass(frozen=True)
class Peak:
    """Bytes in memory before scoring (inputs, records of files, libraries), and at most."""

    before: int
    most: int
    seconds: float


def peak(queries: int, gallery: int, width: int, sources: int = 0) -> Peak:
    """Scoring in a process of its own; on Linux. `sources` are as many, taken in turns."""
    words = map(str, (queries, gallery, width, sources))
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *words], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(done.stderr[-2000:])
    before, most, seconds, _ = json.loads(done.stdout.splitlines()[-1])
    return Peak(before, most, seconds)


def measure() -> list[Ratio]:
    """Peak memory beside that of the inputs, in GiB."""
    found = peak(QUERIES, GALLERY, WIDTH)
    inputs = (QUERIES + GALLERY) * WIDTH * 4
    note = (
        f"{QUERIES:,} × {GALLERY:,} × {WIDTH}, k = 20, in {found.seconds / 60:.1f} min; peer: "
        f"the embeddings alone; libraries and the files' records with them take "
        f"{found.before / GIB:.2f} GiB; all pairs would be {QUERIES * GALLERY * 4 / GIB:,.0f} GiB"
    )
    row = "peak memory of scoring / embeddings"
    return [Ratio(row, found.most / GIB, inputs / GIB, "GiB", f"≤ {MOST:g} GiB", MOST, note)]


if __name__ == "__main__":
    for ratio in measure():
        print(ratio.line())
