"""An index of 1,000,000 images of 512 numbers: `python -m bench million`, by its name alone.

Each kind is built in a process of its own from rows on disk, and with it its recall by filter is
measured; then images are added, as `index --add` does. HNSW takes long to build. `python -m
bench.million 100000 ivfpq` does less: so many images, and the kinds that are named.
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from atarimae import bundle
from atarimae.types import File, Floats, Index
from bench.index import CENTRES, SPREAD, WIDTH
from bench.ratio import Ratio

IMAGES, KINDS, ADDED = 1_000_000, ("exact", "hnsw", "ivfpq"), 1_000
SOURCES = 5  # each has a fifth of the images: a filter by one is left to the backend
BLOCK = 1 << 14
GIB = 2**30

# Private memory is what is not a page of a file: those of the rows go when somebody needs the room.
PROGRAM = """
import json, re, sys, threading, time
from pathlib import Path
import faiss, numpy as np
from atarimae import bundle
from atarimae.predict.index import ROWS, Catalogue, Wish, chosen
from bench.index import _alternate
from bench.million import more
from bench.peak import peak

folder, kind = Path(sys.argv[1]), sys.argv[2]
most, over = 0, threading.Event()

def watch():
    global most
    while not over.wait(0.05):
        said = Path("/proc/self/status").read_text()
        most = max(most, 1024 * int(re.search(r"RssAnon:\\s+(\\d+)", said)[1]))

def told(done, total, note=""):
    print(f"{kind}: {note} {done} of {total}", file=sys.stderr, flush=True)

threading.Thread(target=watch, daemon=True).start()
index, steps = bundle.read_index(folder / "rows"), {}

def step(name, began):
    global most
    steps[name] = [time.perf_counter() - began, most, peak()]
    most = 0
    Path("/proc/self/clear_refs").write_text("5")

began = time.perf_counter()
found = chosen(index, Wish(kind), progress=told)
step("build", began)
began = time.perf_counter()
found.catalogue.save(folder / kind, found.about(Wish(kind)))
step("save", began)
recall, tried = [one.as_dict() for one in found.recall], [one.effort for one in found.tried]
if kind == "exact":
    queries = np.array(index.arrays[ROWS][:: len(index) // 200])
    flat = faiss.IndexFlatIP(queries.shape[1])
    flat.add(index.arrays[ROWS])
    times = _alternate(
        lambda: found.catalogue.search(queries, 20), lambda: flat.search(queries, 20), rounds=3
    )
    del flat
else:
    times = []
del found
began = time.perf_counter()
opened = Catalogue.opened(bundle.read_index(folder / kind))
opened.add(more(len(index)))
opened.save(folder / f"{kind} and more")
step("add", began)
over.set()
print(json.dumps([steps, recall, tried[-1:], times]))
"""


@dataclass(frozen=True)
class Built:
    """By step (build, save, add): seconds, the most private memory, the most with files' pages."""

    steps: dict[str, tuple[float, int, int]]
    recall: list[dict[str, object]]
    effort: list[int]
    times: list[float]  # of the exact search and a bare FAISS search


def measure(images: int = IMAGES, kinds: Sequence[str] = KINDS) -> list[Ratio]:
    """Private memory beside the rows' bytes, and exact search beside FAISS."""
    ratios = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _write(folder / "rows", images)
        for kind in kinds:
            ratios += _ratios(kind, images, _built(folder, kind))
    return ratios


def more(images: int) -> Index:
    """Images that are not there yet."""
    return _known(images, ADDED, np.concatenate(list(_blocks(ADDED, 2))))


def _ratios(kind: str, images: int, built: Built) -> list[Ratio]:
    rows = images * WIDTH * 4 / GIB
    spent = ", ".join(
        f"{name} {seconds:.0f} s, {private / GIB:.2f} GiB ({whole / GIB:.2f} with pages of files)"
        for name, (seconds, private, whole) in built.steps.items()
    )
    recall = "; ".join(
        f"{one['filter']}: {one['recall']:.4f}, {one['milliseconds']:.1f} ms"
        for one in built.recall
    )
    effort = f"effort {built.effort[0]}; " if built.effort else ""
    note = f"{images:,} × {WIDTH}; {effort}{spent}; recall@20 by filter: {recall or 'exact'}"
    most = max(private for _, private, _ in built.steps.values()) / GIB
    name = f"index at size, {kind}, private memory / rows"
    found = [Ratio(name, most, rows, "GiB", "none", float("inf"), note)]
    if built.times:
        ours, bare = built.times
        size = f"200 queries at once × {images:,} × {WIDTH}, rows memory-mapped"
        name = "index at size, exact / FAISS flat search"
        found.append(Ratio(name, ours, bare, "s", "≤ 1.1×", 1.1 * bare, size))
    return found


def _built(folder: Path, kind: str) -> Built:
    (folder / kind).mkdir()
    (folder / f"{kind} and more").mkdir()
    words = [sys.executable, "-c", PROGRAM, str(folder), kind]
    done = subprocess.run(words, stdout=subprocess.PIPE, text=True, check=True)
    return Built(*json.loads(done.stdout.splitlines()[-1]))


def _write(folder: Path, images: int) -> None:
    folder.mkdir()
    rows = np.lib.format.open_memmap(folder / "rows.npy", "w+", np.float32, (images, WIDTH))
    start = 0
    for block in _blocks(images, 0):
        rows[start : start + len(block)] = block
        start += len(block)
    bundle.write_index(folder, _known(0, images, rows))
    (folder / "rows.npy").unlink()


def _known(first: int, count: int, rows: Floats) -> Index:
    numbers = range(first, first + count)
    files = tuple(
        File(f"photos/{n:07d}.jpg", f"{n:064x}", source=f"shop {n % SOURCES}") for n in numbers
    )
    return Index(files, tuple(f"class {n % CENTRES}" for n in numbers), {"embedding": rows})


def _blocks(images: int, seed: int) -> Iterator[Floats]:
    """Unit vectors around the centres of `bench.index`, a block at a time."""
    centres = np.random.default_rng(0).normal(size=(CENTRES, WIDTH)).astype(np.float32)
    rng = np.random.default_rng((0, seed))
    for start in range(0, images, BLOCK):
        n = min(BLOCK, images - start)
        rows = SPREAD * rng.standard_normal((n, WIDTH), np.float32)
        rows += centres[rng.integers(0, CENTRES, n)]
        yield np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)


if __name__ == "__main__":
    words = sys.argv[1:]
    size = int(words.pop(0)) if words else IMAGES
    for ratio in measure(size, words or KINDS):
        print(ratio.line())
