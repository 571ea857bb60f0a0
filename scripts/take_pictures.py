"""Take the pictures of the README and docs: `python -m scripts.take_pictures demo docs/pictures`.

Names after the folder take those alone: `… docs/pictures map alike`. Needs a finished demo
workspace, Playwright, and Debian's chromium, fonts-noto-cjk and fonts-noto-color-emoji. A further
page is one line in `PICTURES`. The workspace is copied first: some pages show what is labelled,
proposed and written there for the picture.
"""

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from urllib.parse import quote

from bench import drawings
from PIL import Image
from playwright.sync_api import Page, expect, sync_playwright

import atarimae as at
from atarimae.store import Store
from atarimae.types import BOX, TEXT, Box, Label

PORT = 7899
SYMBOLS = ("gate valve 仕切弁", "weld 溶接", "flange フランジ", "check valve 逆止弁")
WRITTEN = "🃏 joker"
DEFINITION = "A playing card with a jester on it, whatever its colours."
WIDTH, HEIGHT = 1280, 800
LARGEST = 150_000  # bytes of one picture
PALETTES = (256, 128, 64, 32)  # colours, the most that are small enough
PATIENCE = 600_000  # ms for a page that works something out first


@dataclass(frozen=True)
class Picture:
    """A page, what it shows once it is ready, and what is done on it before the picture."""

    name: str
    path: str
    until: str = "main"
    act: Callable[[Page], None] | None = None


def _nearest(page: Page) -> None:
    """The images most like the hundredth."""
    page.locator(".tile").nth(12).click()
    page.locator("#detail #alike").click()
    page.wait_for_selector("#near:not([hidden])")


def _lasso(page: Page) -> None:
    """What lies in the upper middle of the map, drawn around by hand."""
    expect(page.locator("#said")).to_contain_text("images, by", timeout=PATIENCE)
    expect(page.locator("#said")).not_to_contain_text("until", timeout=PATIENCE)
    box = page.locator("#plot").bounding_box()
    assert box is not None
    page.keyboard.press("l")
    corners = [(0.40, 0.02), (0.50, 0.04), (0.50, 0.16), (0.44, 0.22), (0.36, 0.15), (0.39, 0.03)]
    places = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in corners]
    page.mouse.move(*places[0])
    page.mouse.down()
    for place in places[1:]:
        page.mouse.move(*place, steps=8)
    page.mouse.up()
    page.keyboard.press("l")
    page.mouse.move(0, 0)
    page.wait_for_selector("#choice:not([hidden])")


def _choosing(page: Page) -> None:
    """Four images are chosen, and a part of a class's name is typed."""
    page.locator(".tile").first.focus()
    for _ in range(4):
        page.keyboard.press("x")
        page.keyboard.press("ArrowRight")
    page.keyboard.press("l")
    page.keyboard.type("button")


def _sheet(page: Page) -> None:
    """The first drawing, with all of its marks in sight."""
    page.locator(".tile").first.click()
    page.locator("#detail a[href^='/annotate/']").click()
    page.wait_for_selector("#stage canvas", timeout=PATIENCE)
    page.wait_for_timeout(2_000)


PICTURES = (
    Picture("look", "/", ".tile img"),
    Picture("alike", "/?split=val", ".tile img", _nearest),
    Picture("map", "/map?kind=neighbours&by=split", "#plot canvas", _lasso),
    Picture("label", "/?split=val", ".tile img", _choosing),
    Picture("copies", "/copies", "main img"),
    Picture("classes", "/gallery", "main img"),
    Picture("sheet", "/?source=drawings", ".tile img", _sheet),
    Picture("review", "/review", "#asked"),
    Picture("guide", f"/guide?class={quote(WRITTEN)}", "main"),
)
REPORT = "report"  # of the report.html in the workspace


def main(workspace: Path, out: Path, names: Collection[str] = ()) -> None:
    """The pages and the report, each as a PNG of a small palette."""
    out.mkdir(parents=True, exist_ok=True)
    with _page() as page, _prepared(workspace) as copy, _look(copy) as address:
        for picture in PICTURES:
            if not names or picture.name in names:
                page.goto(address + picture.path)
                page.wait_for_selector(picture.until, timeout=PATIENCE)
                if picture.act:
                    picture.act(page)
                page.wait_for_load_state("networkidle")
                page.wait_for_timeout(500)  # what fades in is there
                _keep(page, out / f"{picture.name}.png")
        if not names or REPORT in names:
            page.goto((workspace / "report.html").resolve().as_uri())
            page.wait_for_load_state("load")
            _keep(page, out / f"{REPORT}.png")


@contextmanager
def _prepared(workspace: Path) -> Iterator[Path]:
    """A copy with a few drawings that are marked, proposals, and an entry of the guide."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "demo"
        shutil.copytree(workspace, copy)
        space = at.open(copy)
        drawn = drawings.draw(copy / "drawings", 3, 1, seed=0)
        space.add(copy / "drawings")
        files = {file.path: file.image for file in space.data().files}
        labels = [
            Label(files[f"drawings/{one.path.name}"], SYMBOLS[kind % len(SYMBOLS)], BOX, box)
            for one in drawn
            for kind, box in one.symbols
        ]
        labels += [
            Label(label.image, "", TEXT, _beside(label.box)) for label in labels if label.box
        ]
        store = Store(space.folder)
        store.say(labels, action="label", by="花子", why="marked by hand")
        train = [file.image for file in space.data().split("train").files]
        store.label(dict.fromkeys(train[:: len(train) // 60], ()), by="花子")
        space.change(copy / "drawings", source="drawings", split="train")
        space.propose("best", at=0.3)
        space.guide.define(WRITTEN, DEFINITION, by="花子")
        for path in sorted(path for path in files if path.endswith("/1f0cf.webp")):
            space.guide.exhibit(WRITTEN, path, by="花子")
        yield copy


def _beside(box: Box) -> Box:
    """Where the number of a symbol would be written: above it, or below it at the upper edge."""
    top = box.y0 - 20 if box.y0 > 20 else box.y1 + 4
    return Box(box.x0, top, box.x1, top + 16)


@contextmanager
def _look(workspace: Path) -> Iterator[str]:
    """The page's address, while its server runs."""
    command = [sys.executable, "-m", "atarimae", "-C", str(workspace), "look"]
    server = subprocess.Popen(
        [*command, "--port", str(PORT), "--no-browser"], stderr=subprocess.PIPE, text=True
    )
    try:
        assert server.stderr is not None
        server.stderr.readline()  # the address: it answers from now on
        yield f"http://127.0.0.1:{PORT}"
    finally:
        server.terminate()
        server.wait()


@contextmanager
def _page() -> Iterator[Page]:
    with sync_playwright() as play:
        browser = play.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox"]
        )
        yield browser.new_page(viewport={"width": WIDTH, "height": HEIGHT})
        browser.close()


def _keep(page: Page, path: Path) -> None:
    picture = Image.open(BytesIO(page.screenshot())).convert("RGB")
    for colours in PALETTES:
        picture.quantize(colours, Image.Quantize.MEDIANCUT, kmeans=2).save(path, optimize=True)
        if path.stat().st_size <= LARGEST:
            return


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3:])
