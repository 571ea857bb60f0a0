"""The map: PCA and neighbours beside scikit-learn's, and 100,000 points in Chromium.

What is drawn has no peer here: it stands beside a hundredth of the points.
"""

import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from atarimae.look.projection import neighbours, pca
from atarimae.predict.unit import unit
from atarimae.types import Floats
from bench.ratio import Ratio

POINTS, FEW = 100_000, 1_000
WIDE = 128  # numbers of an embedding
ARRANGED = 5_000
GROUPS = 50
ROUNDS = 3
# Draws the points in twenty colours; gives seconds until they are drawn, and of ten zoom steps.
DRAW = """async (count) => {
    const { Plot } = await import("/look/plot.js");
    const box = document.createElement("div");
    box.style = "position: fixed; inset: 0; background: white";
    document.body.replaceChildren(box);
    const nothing = () => {};
    const plot = new Plot(box, { hovered: nothing, opened: nothing, lassoed: nothing });
    const frame = () => new Promise((over) => requestAnimationFrame(() => setTimeout(over)));
    const places = Float32Array.from({ length: 2 * count }, (_, at) => Math.sin(at * at) + at % 7);
    const shade = Int16Array.from({ length: count }, (_, number) => number % 20);
    const palette = Array.from({ length: 20 }, (_, at) => `hsl(${18 * at} 60% 50%)`);
    await frame();
    const began = performance.now();
    plot.show(places);
    plot.draw(shade, palette, new Set());
    await frame();
    const drawn = performance.now();
    for (let step = 0; step < 10; step++) {
        plot.go(0.9);
        await frame();
    }
    return [(drawn - began) / 1000, (performance.now() - drawn) / 10000];
}"""


def measure() -> list[Ratio]:
    """Medians of 3; the same rows for both sides."""
    from sklearn.decomposition import PCA
    from sklearn.manifold import TSNE

    rows = _rows(POINTS)
    ours = _median(lambda: pca(rows))
    theirs = _median(lambda: PCA(2, svd_solver="covariance_eigh").fit_transform(rows))
    some = rows[:ARRANGED]
    arranged = _seconds(lambda: neighbours(some))
    peer = _seconds(lambda: TSNE(init="pca", random_state=0).fit_transform(some))
    with _page() as draw:
        few, few_step = draw(FEW)
        many, step = draw(POINTS)
    size = f"{POINTS:,} × {WIDE}"
    return [
        Ratio("PCA of a map / scikit-learn's", ours, theirs, "s", "≤ 1 s", 1.0, size),
        Ratio("neighbours of a map / scikit-learn's t-SNE", arranged, peer, "s", "not slower", peer,
              f"{ARRANGED:,} × {WIDE}; ours with the search of neighbours, on one thread"),
        Ratio(f"{POINTS:,} points in Chromium / {FEW:,}", many, few, "s", "≤ 1 s", 1.0,
              "until drawn, in 20 colours, without a GPU"),
        Ratio("a zoom step of them", step, few_step, "s", "≤ 0.1 s", 0.1, "the same"),
    ]  # fmt: skip


def _rows(count: int) -> Floats:
    random = np.random.default_rng(0)
    centres = random.normal(size=(GROUPS, WIDE))
    rows = centres[np.arange(count) % GROUPS] + 0.7 * random.normal(size=(count, WIDE))
    return unit(rows.astype(np.float32))


@contextmanager
def _page() -> Iterator[Callable[[int], tuple[float, float]]]:
    """Draws so many points on the page of a workspace without any."""
    import uvicorn
    from playwright.sync_api import sync_playwright

    from atarimae import look, workspace
    from atarimae.look.app import listen

    with tempfile.TemporaryDirectory() as folder, sync_playwright() as play:
        app = look.create_app(workspace.create(Path(folder), "retrieve"))
        server = uvicorn.Server(uvicorn.Config(app, log_level="error"))
        socket = listen("127.0.0.1", 0)
        thread = threading.Thread(target=server.run, args=([socket],))
        thread.start()
        browser = play.chromium.launch(
            executable_path="/usr/bin/chromium",
            args=["--headless=new", "--no-sandbox", "--disable-gpu"],
        )
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        page.goto(f"http://127.0.0.1:{socket.getsockname()[1]}/map")
        yield lambda count: tuple(page.evaluate(DRAW, count))
        browser.close()
        server.should_exit = True
        thread.join()
        socket.close()


def _median(call: Callable[[], object]) -> float:
    return statistics.median(_seconds(call) for _ in range(ROUNDS))


def _seconds(call: Callable[[], object]) -> float:
    began = time.perf_counter()
    call()
    return time.perf_counter() - began
