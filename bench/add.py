"""`add` against a bare parallel loop that reads, hashes and decodes the same files."""

import hashlib
import io
import statistics
import tempfile
import time
import zipfile
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from functools import partial
from importlib.resources import files
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from atarimae import workspace
from atarimae.add import add
from bench.ratio import Ratio

IMAGES = 5_000
REPEATS = 7
WORKERS = 2
CHUNK = 50


def main() -> None:
    for ratio in measure():
        print(ratio.line())


def measure() -> list[Ratio]:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        paths = pictures(root / "pictures")
        peers = {"threads": threads, "processes": processes}
        ours: list[float] = []
        bare: dict[str, list[float]] = {name: [] for name in peers}
        for repeat in range(REPEATS):
            turns: list[tuple[list[float], Callable[[], object]]] = [
                (ours, partial(ours_adds, root / "pictures", root / f"ws{repeat}")),
                *((bare[name], partial(run, paths)) for name, run in peers.items()),
            ]
            for times, run in turns if repeat % 2 else reversed(turns):
                times.append(seconds(run))
        name = min(bare, key=lambda name: statistics.median(bare[name]))
        note = f"{len(paths):,} images; the peer is {WORKERS} {name}, the faster kind"
        peer = statistics.median(bare[name])
        return [Ratio("add", statistics.median(ours), peer, "s", "≤ 1.2×", 1.2 * peer, note)]


def ours_adds(folder: Path, root: Path) -> None:
    report = add(workspace.create(root, "retrieve"), [folder])
    assert report.added == IMAGES, report.as_dict()


def threads(paths: Sequence[Path]) -> None:
    with ThreadPoolExecutor(WORKERS) as pool:
        bare_loop(pool, paths)


def processes(paths: Sequence[Path]) -> None:
    with ProcessPoolExecutor(WORKERS, mp_context=get_context("fork")) as pool:
        bare_loop(pool, paths)


def bare_loop(pool: Executor, paths: Sequence[Path]) -> None:
    chunks = [paths[i : i + CHUNK] for i in range(0, len(paths), CHUNK)]
    read = [item for chunk in pool.map(read_chunk, chunks) for item in chunk]
    assert len(read) == len(paths)


def read_chunk(paths: Sequence[Path]) -> list[tuple[str, tuple[int, int]]]:
    results = []
    for path in paths:
        data = path.read_bytes()
        image = Image.open(io.BytesIO(data))
        image.load()
        results.append((hashlib.sha256(data).hexdigest(), image.size))
    return results


def pictures(folder: Path) -> list[Path]:
    """5,000 files: the demo's, where there are so many, and drawn ones to fill up."""
    (folder / "drawn").mkdir(parents=True)
    archive = Path(str(files("atarimae"))) / "demo" / "emoji.zip"
    if archive.exists():
        with zipfile.ZipFile(archive) as emoji:
            names = [n for n in emoji.namelist() if n.endswith((".webp", ".png"))]
            emoji.extractall(folder, names[:IMAGES])
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    for number in range(len(paths), IMAGES):
        paths.append(folder / "drawn" / f"{number}.{'webp' if number % 2 else 'png'}")
        draw(number, paths[-1])
    return paths


def draw(number: int, path: Path) -> None:
    random = np.random.default_rng(number)
    picture = Image.new("RGB", (128, 128), "white")
    pen = ImageDraw.Draw(picture)
    for x, y, size, *colour in random.integers(0, 255, (8, 6)).tolist():
        pen.ellipse([x // 2, y // 2, x // 2 + size // 4, y // 2 + size // 4], fill=tuple(colour))
    picture.save(path)


def seconds(run: Callable[[], object]) -> float:
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
