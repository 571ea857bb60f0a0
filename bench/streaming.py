"""Peak memory of scoring 100,000 queries in a gallery of 1,000,000: `python -m bench streaming`.

26 trillion multiply-adds without sources, and as many with large ones: some ten minutes each on two
cores, so it runs by its name alone, and prints how far it is.
`python -m bench.streaming 2000` asks with 2,000 queries, which shows the same memory.
"""

import json
import subprocess
import sys
import tempfile
from dataclasses import dataclass

from bench.ratio import Ratio

QUERIES, GALLERY, WIDTH = 100_000, 1_000_000, 256
GIB = 2**30
MOST = 4.0  # GiB
LARGE = 7  # sources, of 142,857 images each: none can be fetched and dropped

# Index, search, scores and intervals as a run has them, from embeddings that lie on disk. The
# search goes query block by query block here so that its progress can be told.
PROGRAM = """
import json, sys, time
from dataclasses import replace
from pathlib import Path
import faiss, numpy as np
from atarimae import task as tasks
from atarimae.predict import search
from atarimae.score.intervals import interval
from atarimae.task import Context
from atarimae.types import Data, File, Label, Rows, Version
from bench.peak import peak

queries, gallery, width, sources = map(int, sys.argv[1:5])
shape, random = (queries + gallery, width), np.random.default_rng(0)
rows = np.lib.format.open_memmap(sys.argv[5], "w+", np.float32, shape)
for start in range(0, len(rows), 4096):
    some = random.standard_normal((min(4096, len(rows) - start), width), dtype=np.float32)
    rows[start : start + 4096] = some / np.linalg.norm(some, axis=1, keepdims=True)
rows.flush()
rows = np.asarray(np.load(sys.argv[5], mmap_mode="r"))
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
    context = Context(retrieve.index(Rows(rows), data), {"threshold": 0.1})
    found = retrieve.finish(Rows(rows), data, context)
    return [interval(score) for score in retrieve.score(found, data, context)]

plain, done, began = search.fetched, 0, time.perf_counter()

def told(order, asked, *rest):
    global done
    found = plain(order, asked, *rest)
    done += len(asked)
    if done % 4096 == 0 or done >= queries:
        spent = (time.perf_counter() - began) / 60
        print(f"{done:,} of {queries:,} queries, {spent:.1f} min", file=sys.stderr, flush=True)
    return found

around = slice(queries - 50, queries + 50)
judged(rows[around], replace(data, files=files[around]))  # libraries load and make room
search.fetched, done = told, 0
Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew
status = Path("/proc/self/status").read_text().split()
before, began = 1024 * int(status[status.index("VmRSS:") + 1]), time.perf_counter()
scores = judged(rows, data)
seconds = time.perf_counter() - began
print(json.dumps([before, peak(), seconds, {s.metric: s.value for s in scores}]))
"""


@dataclass(frozen=True)
class Peak:
    """Bytes in memory before scoring (records of files, libraries), and at most."""

    before: int
    most: int
    seconds: float
    scores: dict[str, float]


def peak(queries: int, gallery: int, width: int, sources: int = 0, *, quiet: bool = True) -> Peak:
    """Scoring in a process of its own; on Linux. `sources` are as many, taken in turns.

    The most counts the pages of the embeddings' file that are in memory, too.
    """
    with tempfile.TemporaryDirectory() as folder:
        words = map(str, (queries, gallery, width, sources, f"{folder}/rows.npy"))
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM, *words],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE if quiet else None, text=True,
            check=False,
        )  # fmt: skip
    if done.returncode:
        raise RuntimeError((done.stderr or "It failed; see above.")[-2000:])
    return Peak(*json.loads(done.stdout.splitlines()[-1]))


def measure(queries: int = QUERIES) -> list[Ratio]:
    """Peak memory beside that of the embeddings, in GiB: without sources, and with large ones."""
    return [_measured(queries, sources) for sources in (0, LARGE)]


def _measured(queries: int, sources: int) -> Ratio:
    found = peak(queries, GALLERY, WIDTH, sources, quiet=False)
    inputs = (queries + GALLERY) * WIDTH * 4
    about = f"{sources} sources of {GALLERY // sources:,} images" if sources else "no sources"
    note = (
        f"{queries:,} × {GALLERY:,} × {WIDTH}, {about}, k = 20, in {found.seconds / 60:.1f} min; "
        f"peer: the embeddings alone, which are memory-mapped; libraries and the files' records "
        f"take {found.before / GIB:.2f} GiB; all pairs would be "
        f"{queries * GALLERY * 4 / GIB:,.0f} GiB; MRR@20 {found.scores['mrr@20']:.5f}, "
        f"mAP@20 {found.scores['map@20']:.5f} (random rows)"
    )
    row = f"peak memory of scoring, {about} / embeddings"
    return Ratio(row, found.most / GIB, inputs / GIB, "GiB", f"≤ {MOST:g} GiB", MOST, note)


if __name__ == "__main__":
    for ratio in measure(*map(int, sys.argv[1:])):
        print(ratio.line())
