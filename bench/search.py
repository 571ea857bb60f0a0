"""One question over HTTP beside its bare parts: decode, resize and ONNX Runtime, nothing else."""

import http.client
import io
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import cast
from urllib.parse import urlsplit

import numpy as np
import onnxruntime as ort
from PIL import Image

from atarimae import bundle, watch
from atarimae.predict.graph import cores
from atarimae.task import Model
from atarimae.types import File, Index
from bench.ratio import Ratio

GALLERY, SIZE, WIDTH = 10_000, 224, 512
ROUNDS, BLOCK, WARM_UP = 200, 50, 10  # questions; without a pause; and before each block
TARGET = "≤ peer + 5 ms"
SERVE = (
    "import sys, pathlib; from atarimae import serve; serve.run(pathlib.Path(sys.argv[1]), port=0)"
)


def measure() -> list[Ratio]:
    """The median milliseconds of `POST /search` on a kept-alive connection, and of the parts."""
    photo = _photo()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "bundle"
        _ship(folder)
        bare = _bare(folder / "embed.onnx", photo)
        with _served(folder) as url:
            line = http.client.HTTPConnection(urlsplit(url).netloc)
            ours, peer = _alternate(lambda: _ask(line, photo), bare)
            line.close()
            functions = _functions(url)
    note = (
        f"{ours - peer:+.1f} ms; gallery of {GALLERY:,} × {WIDTH}, {SIZE} px EfficientNet-Lite0, "
        f"640×480 JPEG of {len(photo) // 1024} KiB, kept-alive, {ROUNDS} each in blocks, "
        f"{cores()} threads; medians in the server: {functions}"
    )
    row = "/search / bare decode + resize + ONNX Runtime"
    return [Ratio(row, ours, peer, "ms", TARGET, peer + 5, note)]


def _ship(folder: Path) -> None:
    """A bundle of the default recipe with a gallery of random unit vectors."""
    import torch

    from atarimae.tasks.retrieve.network.model import Features, Head, export
    from atarimae.tasks.retrieve.recipe import RetrieveRecipe

    recipe = RetrieveRecipe.of({"image_size": SIZE, "projection": WIDTH})
    example = torch.zeros(2, SIZE, SIZE, 3, dtype=torch.uint8)
    graph = export(Features(recipe), example, folder / "embed.onnx")
    head = export(Head(1280, recipe), torch.zeros(2, 1280), folder / "project.onnx")
    settings = {"image_size": SIZE, "fit": recipe.fit, "steps": ["embed", "project"]}
    graphs = {"embed": graph, "project": head}
    bundle.write_model(Model(folder, graphs, settings, {}, {"threshold": 0.5}))
    rows = np.random.default_rng(0).normal(size=(GALLERY, WIDTH)).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    files = tuple(
        File(f"photos/{n:05d}.jpg", f"{n:064x}", source=f"vendor {n % 4}") for n in range(GALLERY)
    )
    labels = tuple(f"class {n // 4}" for n in range(GALLERY))
    bundle.write_index(folder, Index(files, labels, {"embedding": rows}))
    bundle.seal(folder, {"task": "retrieve", "run": "bench"})


def _photo() -> bytes:
    """A JPEG of 640×480 px with the detail of a photograph, more or less."""
    coarse = np.random.default_rng(1).integers(0, 255, (60, 80, 3), np.uint8)
    stream = io.BytesIO()
    Image.fromarray(coarse).resize((640, 480), Image.Resampling.BICUBIC).save(stream, "JPEG")
    return stream.getvalue()


def _bare(graph: Path, photo: bytes) -> Callable[[], object]:
    options = ort.SessionOptions()
    options.intra_op_num_threads = cores()
    session = ort.InferenceSession(str(graph), options, providers=["CPUExecutionProvider"])

    def once() -> object:
        picture = Image.open(io.BytesIO(photo)).convert("RGB")
        small = picture.resize((SIZE, SIZE * 3 // 4), Image.Resampling.BICUBIC)
        square = Image.new("RGB", (SIZE, SIZE), "white")
        square.paste(small, (0, SIZE // 8))
        return session.run(None, {"input": np.asarray(square)[None]})

    return once


def _ask(line: http.client.HTTPConnection, photo: bytes) -> None:
    head = b'--B\r\nContent-Disposition: form-data; name="image"; filename="a.jpg"\r\n\r\n'
    headers = {"Content-Type": "multipart/form-data; boundary=B"}
    line.request("POST", "/search", head + photo + b"\r\n--B--\r\n", headers)
    response = line.getresponse()
    said = response.read()
    if response.status != 200:
        raise RuntimeError(f"/search said {response.status}: {said[:300]!r}")


def _alternate(*ways: Callable[[], object]) -> list[float]:
    """The median milliseconds of each way, in blocks that take turns: all meet the same machine,
    each with its own data in the processor's caches, as a service under load has.
    """
    taken: list[list[float]] = [[] for _ in ways]
    for _ in range(ROUNDS // BLOCK):
        for way, milliseconds in zip(ways, taken, strict=True):
            time.sleep(0.5)  # ONNX Runtime's threads spin on for a moment: not on our time
            block = []
            for _ in range(WARM_UP + BLOCK):
                began = time.perf_counter()
                way()
                block.append((time.perf_counter() - began) * 1000)
            milliseconds += block[WARM_UP:]
    return [statistics.median(milliseconds) for milliseconds in taken]


def _functions(url: str) -> str:
    """Where the server's time went, as it counts it itself."""
    latency = cast(dict[str, dict[str, dict[str, float]]], watch.snapshot([url])["sum"])["latency"]
    return ", ".join(f"{name} {quantiles['p50']:.1f} ms" for name, quantiles in latency.items())


@contextmanager
def _served(folder: Path) -> Iterator[str]:
    server = subprocess.Popen(
        [sys.executable, "-c", SERVE, str(folder)], stderr=subprocess.PIPE, text=True
    )
    try:
        assert server.stderr
        said = server.stderr.readline()
        if not said.startswith("http"):
            raise RuntimeError(said + server.stderr.read())
        yield said.split()[0]
    finally:
        server.terminate()
        server.wait(20)


if __name__ == "__main__":
    for ratio in measure():
        print(ratio.line())
