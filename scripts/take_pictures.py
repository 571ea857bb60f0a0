"""Take the pictures of the README: `python scripts/take_pictures.py demo docs/pictures`.

Needs a finished demo workspace, Playwright, and Debian's chromium, fonts-noto-cjk and
fonts-noto-color-emoji.
"""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, sync_playwright

PORT = 7899
WIDTH, HEIGHT = 1280, 800


def main(workspace: Path, out: Path) -> None:
    """The page and the report, each as a PNG of a small palette."""
    out.mkdir(parents=True, exist_ok=True)
    with _page() as page, _look(workspace) as address:
        page.goto(address)
        page.wait_for_load_state("networkidle")
        _keep(page, out / "look.png")
        page.goto((workspace / "report.html").resolve().as_uri())
        page.wait_for_load_state("load")
        _keep(page, out / "report.png")


@contextmanager
def _look(workspace: Path) -> Iterator[str]:
    """The page's address, while its server runs."""
    command = [sys.executable, "-m", "atarimae.cli", "-C", str(workspace), "look"]
    server = subprocess.Popen(
        [*command, "--port", str(PORT), "--no-browser"], stderr=subprocess.PIPE, text=True
    )
    try:
        assert server.stderr is not None
        server.stderr.readline()  # the address: it answers from now on
        yield f"http://127.0.0.1:{PORT}/"
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
    picture.quantize(128, method=Image.Quantize.MEDIANCUT).save(path, optimize=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
