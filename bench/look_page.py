"""The grid of 100,000 files in a real Chromium: first paint, a filter, a key to the saved label.

The peer is the same page of 1,000 files: what is more than its time is what the data costs. The
workspace is made up: rows in the store, and thumbnails of the first files of each filter.
"""

import hashlib
import statistics
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image as Pillow

from atarimae import workspace as workspaces
from atarimae.store import Row, Store
from atarimae.types import File, Image
from bench.pages import chromium, our_server
from bench.ratio import Ratio

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

FILES, FEW = 100_000, 1_000
CLASSES = 5_000
DRAWN = 2_000  # files with a thumbnail
ROUNDS, KEYS = 5, 40
PAINT, FILTER, KEY = 1_000.0, 300.0, 50.0  # ms that are allowed
GIVEN = frozenset({"split", "source"})

# From the page's own clock: until the tiles in sight have their pictures.
PAINTED = """total => {
  const tiles = [...document.querySelectorAll('.tile')];
  const seen = tiles.filter(tile => tile.getBoundingClientRect().top < innerHeight);
  const drawn = seen.length && seen.every(tile => tile.querySelector('img')?.naturalWidth > 0);
  const counted = document.getElementById('count')?.textContent === total;
  return drawn && counted ? performance.now() : null;
}"""
# Choose a split, until the count and the captions are those of what was found.
FILTERED = """async ([split, total, first]) => {
  const select = document.querySelector('select[name=split]');
  const began = performance.now();
  select.value = split;
  select.dispatchEvent(new Event('input', { bubbles: true }));
  const there = () => document.getElementById('count').textContent === total
    && document.querySelector('.tile')?.title === first;
  while (!there()) await new Promise(requestAnimationFrame);
  return performance.now() - began;
}"""
# Press a number key, until the page has heard that the label is saved.
LABELLED = """async () => {
  const toast = document.getElementById('toast');
  toast.textContent = '';
  const began = performance.now();
  const key = { key: '2', code: 'Digit2', bubbles: true, cancelable: true };
  const saved = new Promise(done => new MutationObserver((_, watcher) => {
    if (toast.textContent.includes('labelled')) { watcher.disconnect(); done(); }
  }).observe(toast, { childList: true, subtree: true }));
  document.activeElement.dispatchEvent(new KeyboardEvent('keydown', key));
  await saved;
  return performance.now() - began;
}"""


def measure(files: int = FILES) -> list[Ratio]:
    """Medians in milliseconds; a browser without cache for each first paint."""
    with chromium() as browser:
        with _served(files) as address:
            ours = _times(browser, address, files)
        with _served(FEW) as address:
            few = _times(browser, address, FEW)
    note = f"{files:,} files of {CLASSES:,} classes; the peer is the same page of {FEW:,} files"
    names = ("first paint of the images", "a filter", "a key to the saved label")
    return [
        Ratio(name, mine, theirs, "ms", f"ours ≤ {most:g} ms", most, note)
        for name, mine, theirs, most in zip(names, ours, few, (PAINT, FILTER, KEY), strict=True)
    ]


def _times(browser: "Browser", address: str, files: int) -> tuple[float, float, float]:
    paints = [_painted(browser, address, files) for _ in range(1 + ROUNDS)][1:]
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    page.goto(address)
    _until_painted(page, files)
    val = files // 4
    asked = [
        ["val", f"{val:,} of {files:,} files", _path(0)],
        ["train", f"{files - val:,} of {files:,} files", _path(1)],
    ]
    filters = [page.evaluate(FILTERED, one) for one in asked * (ROUNDS // 2 + 1)]
    page.locator(".tile").first.focus()
    page.locator("#choices button").nth(1).wait_for()
    keys = [page.evaluate(LABELLED) for _ in range(KEYS)]
    page.close()
    return statistics.median(paints), statistics.median(filters), statistics.median(keys)


def _painted(browser: "Browser", address: str, files: int) -> float:
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    try:
        page.goto(address, wait_until="commit")
        return _until_painted(page, files)
    finally:
        page.close()


def _until_painted(page: "Page", files: int) -> float:
    return float(page.wait_for_function(PAINTED, arg=f"{files:,} files").json_value())


@contextmanager
def _served(files: int) -> Iterator[str]:
    with tempfile.TemporaryDirectory() as folder:
        workspace = workspaces.create(Path(folder) / "space", "retrieve")
        Store(workspace).record(_rows(files), by="bench")
        _thumbnails(workspace.cache / "thumbnails" / "256", files)
        with our_server(workspace.root) as address:
            yield address


def _rows(files: int) -> Iterator[Row]:
    for number in range(files):
        image = Image(_hash(number), 640, 480, "JPEG", 50_000 + number)
        split, source = "train" if number % 4 else "val", f"蔵元 {number % 50}"
        file = File(_path(number), image.hash, split, source=source)
        yield Row(file, image, (f"銘柄 {number % CLASSES}",), GIVEN)


def _thumbnails(folder: Path, files: int) -> None:
    stream = BytesIO()
    Pillow.linear_gradient("L").convert("RGB").save(stream, "WEBP", quality=82)
    in_order = sorted(range(files), key=lambda number: (number % 100, number))
    for number in in_order[:DRAWN]:
        place = folder / _hash(number)[:2] / f"{_hash(number)}.webp"
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(stream.getvalue())


def _path(number: int) -> str:
    return f"写真/{number % 100:02}/{number:06}.jpg"


def _hash(number: int) -> str:
    return hashlib.sha256(str(number).encode()).hexdigest()


if __name__ == "__main__":
    for ratio in measure(*map(int, sys.argv[1:])):
        print(ratio.line())
