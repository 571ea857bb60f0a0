"""A 190-megapixel drawing: its pyramid's time and memory, its page, and one tile over HTTP.

Tiles are asked for one after another over one connection, all over the sheet and its levels, beside
a bare read of the same bytes from files of their own. The pyramid is made in a process of its own,
beside processes that only decode the sheet: libvips to its last row, and Pillow into memory. The
page opens in a headless Chromium, beside that of a small drawing.
"""

import http.client
import json
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from atarimae import workspace
from atarimae.add import add
from atarimae.look import pyramid, tiles
from atarimae.store import Store
from atarimae.workspace import Workspace
from bench.pages import chromium
from bench.ratio import Ratio

SIZE = (11_589, 16_384)
TILES = 600
SMALL = (1_000, 1_000)
OPENED = 5  # times, a browser without cache each
P95, MAKING, MEMORY, OPENING = 20.0, 6.0, 150.0, 1_000.0  # ms, s, MB and ms that are allowed

# Until the last of the tiles in sight is there, from the page's own clock; another half second asks
# for none.
SHOWN = """async () => {
  const last = () => performance.getEntriesByType('resource')
    .filter(one => one.name.includes('/tile/') && one.responseEnd)
    .reduce((latest, one) => Math.max(latest, one.responseEnd), 0);
  const ready = () => document.querySelector('#annotate[data-ready]');
  while (!ready() || !last() || performance.now() < last() + 500)
    await new Promise(done => setTimeout(done, 50));
  return last();
}"""

# Each prints seconds and MB beyond what the imports took.
TIMED = """
import sys, time
from pathlib import Path
import pyvips
from PIL import Image
from atarimae import workspace
from atarimae.look import pyramid
from atarimae.predict.sheet import Sheet
from atarimae.store import Store
from bench.peak import peak
what, place = sys.argv[1:]
space = workspace.open_(Path(place))
data = Store(space).data()
path = data.path(data.files[0])
Image.MAX_IMAGE_PIXELS = None
pyvips.Image.black(9, 9).avg()
before, began = peak(), time.perf_counter()
if what == "pyramid":
    pyramid.make(space, data, data.files, lambda share: None)
elif what == "vips":
    Sheet(path, "sheet", "PNG").verify()
else:
    Image.open(path).load()
print(time.perf_counter() - began, (peak() - before) / 1e6)
"""


def measure(size: tuple[int, int] = SIZE) -> list[Ratio]:
    """Seconds and MB of the pyramid, and milliseconds of a tile at the 95th percentile."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        space = _added(root / "space", size)
        few = _added(root / "few", SMALL)
        seconds, memory = _process("pyramid", space)
        decoded, _ = _process("vips", space)
        _, held = _process("pillow", space)
        served, bare = _tiles(space, root / "bare")
        opened, small = _opened(space), _opened(few)
    note = f"a line drawing of {size[0]:,} × {size[1]:,} px, 1 bit, PNG"
    return [
        Ratio("a pyramid's time", seconds, decoded, "s", f"ours ≤ {MAKING:g} s", MAKING,
              f"{note}; the peer only decodes it, streamed by libvips"),
        Ratio("a pyramid's memory", memory, held, "MB", f"ours ≤ {MEMORY:g} MB", MEMORY,
              f"{note}; the peer is Pillow, that decodes it into memory"),
        Ratio("a tile over HTTP, p95", served, bare, "ms", f"ours ≤ {P95:g} ms", P95,
              f"{note}, {TILES} tiles of {pyramid.TILE} px; the peer is a bare read of a file"),
        Ratio("the page to its last tile", opened, small, "ms", f"ours ≤ {OPENING:g} ms", OPENING,
              f"{note}, cut into tiles before; the peer is a drawing of {SMALL[0]:,} px a side"),
    ]  # fmt: skip


def _added(root: Path, size: tuple[int, int]) -> Workspace:
    space = workspace.create(root, "retrieve")
    _draw(root / "図面.png", size)
    add(space, [root / "図面.png"])
    return space


def _draw(path: Path, size: tuple[int, int]) -> None:
    """Lines and words all over a sheet, as on an engineering drawing."""
    from PIL import Image, ImageDraw

    seeded = random.Random(0)
    sheet = Image.new("1", size, 1)
    pen = ImageDraw.Draw(sheet)
    for number in range(size[0] * size[1] // 25_000):
        x, y = seeded.randrange(size[0]), seeded.randrange(size[1])
        if number % 2:
            pen.line((x, y, x + seeded.randint(-600, 600), y + seeded.randint(-600, 600)), 0, 3)
        else:
            pen.text((x, y), f"M{seeded.randrange(99)}-{seeded.randrange(999)}", 0)
    sheet.save(path)


def _process(what: str, space: Workspace) -> tuple[float, float]:
    command = [sys.executable, "-c", TIMED, what, str(space.root)]
    said = subprocess.run(command, check=True, capture_output=True, text=True)
    seconds, memory = map(float, said.stdout.split())
    return seconds, memory


def _tiles(space: Workspace, folder: Path) -> tuple[float, float]:
    """The 95th percentiles over HTTP and of bare files, in ms."""
    image = next(iter(Store(space).data().images))
    path, seeded = pyramid.place(space, image), random.Random(0)
    names = seeded.choices(tiles.names(path), k=TILES)
    folder.mkdir()
    for number, name in enumerate(names):
        tile = tiles.read(path, name)
        assert tile is not None, name
        (folder / str(number)).write_bytes(tile.content)
    bare = _p95([lambda n=n: (folder / str(n)).read_bytes() for n in range(TILES)])  # type: ignore[misc]
    with _serving(space) as port:
        line = http.client.HTTPConnection("127.0.0.1", port)

        def get(where: str) -> bytes:
            line.request("GET", where)
            answer = line.getresponse()
            content = answer.read()
            assert answer.status == 200, content
            return content

        assert json.loads(get(f"/api/sheet/{image}"))["share"] == 1
        asked = [f"/tile/{image}/{level}/{x}_{y}" for level, x, y in names]
        return _p95([lambda where=where: get(where) for where in asked]), bare  # type: ignore[misc]


def _p95(calls: list[Callable[[], bytes]]) -> float:
    taken = []
    for call in calls:
        began = time.perf_counter()
        call()
        taken.append(1000 * (time.perf_counter() - began))
    return statistics.quantiles(taken, n=20)[-1]


def _opened(space: Workspace) -> float:
    """The median, in ms; the pyramid is there before."""
    image = next(iter(Store(space).data().images))
    with _serving(space) as port, chromium() as browser:
        taken = []
        for _ in range(1 + OPENED):
            page = browser.new_page(viewport={"width": 1280, "height": 800})
            page.goto(f"http://127.0.0.1:{port}/annotate/{image}")
            taken.append(float(page.evaluate(SHOWN)))
            page.close()
    return statistics.median(taken[1:])


@contextmanager
def _serving(space: Workspace) -> Iterator[int]:
    """The page's port, while its server runs in a process of its own."""
    command = [sys.executable, "-m", "atarimae", "-C", str(space.root), "look", "--no-browser"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as server:
        try:
            assert server.stderr is not None
            yield urlsplit(server.stderr.readline().strip()).port or 0
        finally:
            server.terminate()


if __name__ == "__main__":
    asked = [int(word) for word in sys.argv[1:3]] or SIZE
    for ratio in measure((asked[0], asked[1])):
        print(ratio.line())
