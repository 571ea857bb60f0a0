"""What several tests share: pictures of our own making, a browser, a third party's task."""

import fcntl
import json
import os
import shutil
import struct
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms, ImageDraw

from atarimae import workspace
from atarimae.add import add
from atarimae.workspace import Workspace

THIRD_PARTY = Path(__file__).parent / "third_party"
sys.path.insert(0, str(THIRD_PARTY))
# Processes that are started see the third party's task as well.
os.environ["PYTHONPATH"] = os.pathsep.join(
    [str(THIRD_PARTY), *filter(None, [os.environ.get("PYTHONPATH")])]
)

COLOURS = {
    "赤 red": (200, 30, 30),
    "緑 green": (30, 160, 40),
    "青 blue": (30, 60, 200),
    "🟡 yellow": (220, 200, 20),
    "紫 purple": (130, 30, 160),
    "黒 black": (20, 20, 20),
    "橙 orange": (240, 130, 20),
    "桃 pink": (250, 150, 190),
}


def draw(path: Path, colour: tuple[int, int, int], seed: int, size: int = 64) -> Path:
    """A picture of one colour's things: a few shapes, where the seed puts them."""
    random = np.random.default_rng(seed)
    picture = Image.new("RGB", (size, size), "white")
    pen = ImageDraw.Draw(picture)
    for _ in range(4):
        x, y = random.integers(0, size // 2, 2).tolist()
        shade = tuple(int(c * random.uniform(0.8, 1.0)) for c in colour)
        pen.ellipse((x, y, x + size // 2, y + size // 2), fill=shade)
    path.parent.mkdir(parents=True, exist_ok=True)
    picture.save(path)
    return path


def draw_classes(folder: Path, each: int = 6, classes: int = 8) -> Path:
    """A folder with a sub-folder a class."""
    for number, (name, colour) in enumerate(list(COLOURS.items())[:classes]):
        for i in range(each):
            draw(folder / name / f"絵{i} 🍶.png", colour, seed=100 * number + i)
    return folder


@pytest.fixture(scope="session")
def draw_photos() -> Callable[[Path], Path]:
    """Draws what `photos` holds into a folder."""
    return draw_classes


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Eight classes of six pictures each, with Japanese and emoji in every name."""
    return draw_classes(tmp_path / "写真 photos")


@pytest.fixture(scope="session")
def bare_python() -> str:
    """A Python with atarimae and without torch, made by the set-up of `make test`."""
    found = os.environ.get("ATARIMAE_BARE")
    if not found or not Path(found).exists():
        pytest.skip("No environment without torch: run the tests with 'make test'.")
    return found


@pytest.fixture(scope="session")
def browser() -> Iterator[object]:
    """Debian's Chromium, headless."""
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("No chromium here: apt-get install chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        opened = play.chromium.launch(
            executable_path=chromium, args=["--headless=new", "--no-sandbox", "--disable-gpu"]
        )
        yield opened
        opened.close()


# One small run, fitted and shipped once by the command line, for the tests that only read it.


Said = dict[str, tuple[str, str]]


@dataclass(frozen=True)
class Walked:
    """The whole path on 50 pictures: 42 in the gallery, and in val 8 plain queries, 2 unknown."""

    workspace: Path
    run: str
    bundle: Path
    photos: Path  # inside the workspace: a folder a class
    said: dict[str, subprocess.CompletedProcess[str]]  # by command, with --json

    def copy(self, to: Path) -> Path:
        """A workspace of one's own to tamper with; what can be computed again is left out."""
        return Path(
            shutil.copytree(self.workspace, to, ignore=lambda _, names: {"cache"} & {*names})
        )


@pytest.fixture(scope="session")
def walked(tmp_path_factory: pytest.TempPathFactory) -> Walked:
    """Five classes to train with, three to validate with, as labels.csv says.

    Walked once in a run of the tests: where several processes share it, the others wait for the
    first, and each has a copy, since there are tests that ship from it.
    """
    mine = tmp_path_factory.mktemp("walked")
    if "PYTEST_XDIST_WORKER" not in os.environ:
        return _told(mine, _walk(mine))
    first = tmp_path_factory.getbasetemp().parent / "walked"
    with first.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not first.with_suffix(".json").exists():
            first.with_suffix(".json").write_text(json.dumps(_walk(first)))
    shutil.copytree(first, mine, dirs_exist_ok=True)
    said = first.with_suffix(".json").read_text().replace(str(first), str(mine))
    return _told(mine, json.loads(said))


def _told(folder: Path, said: Said) -> Walked:
    """The walk in a folder, by what its commands said."""
    space, run = folder / "場所 space", json.loads(said["fit"][0])["id"]
    done = {name: subprocess.CompletedProcess([name], 0, *both) for name, both in said.items()}
    return Walked(space, run, folder / "包み bundle", space / "photos", done)


def _walk(folder: Path) -> Said:
    """What each command wrote to stdout and stderr."""
    space, bundle = folder / "場所 space", folder / "包み bundle"
    said = {"init": atarimae("init", space)}
    photos = draw_classes(space / "photos")
    rows = ["file,label,split,role"]
    for number, name in enumerate(COLOURS):
        for i, path in enumerate(sorted((photos / name).iterdir())):
            split = "train" if number < 5 else "val"
            role = "query" if split == "val" and i < 2 else "gallery" if i == 5 else "both"
            rows.append(f"{path.relative_to(space)},{name},{split},{role}")
    for i in range(2):  # of no class, and not square, so that a changed resize shows
        path = draw(photos / "0" / f"{i}.png", (128, 128, 128), seed=900 + i)
        Image.open(path).crop((0, 0, 64, 40)).save(path)
        rows.append(f"{path.relative_to(space)},,val,query")
    (space / "labels.csv").write_text("\n".join(rows), encoding="utf-8")
    said["add"] = atarimae("-C", space, "add", space / "labels.csv")
    settings = [
        "image_size=32", "whiten=pca", "projection=16", "epochs=2", "classes_per_batch=4",
    ]  # fmt: skip
    changes = [word for change in settings for word in ("--set", change)]
    said["fit"] = atarimae("-C", space, "fit", "--because", "試す", *changes)
    run = json.loads(said["fit"].stdout)["id"]
    said["ship"] = atarimae("-C", space, "ship", run, "--out", bundle)
    return {name: (done.stdout, done.stderr) for name, done in said.items()}


def atarimae(*words: object) -> subprocess.CompletedProcess[str]:
    """One command with --json in a process of its own, that ends well."""
    done = subprocess.run(
        [sys.executable, "-m", "atarimae", *map(str, words), "--json"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done


@pytest.fixture(scope="session")
def unseen(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A CSV of pictures that no bundle has seen: two of each class, and two of none."""
    folder = tmp_path_factory.mktemp("unseen") / "新しい new"
    rows = ["file,label"]
    for number, (name, colour) in enumerate([*COLOURS.items(), ("", (128, 128, 128))]):
        for i in range(2):
            path = draw(folder / "a b" / f"{number} {i}.png", colour, seed=5000 + 10 * number + i)
            rows.append(f"{path.relative_to(folder)},{name}")
    (folder / "queries.csv").write_text("\n".join(rows), encoding="utf-8")
    return folder / "queries.csv"


@pytest.fixture
def ask() -> Callable[[str, Path], dict[str, object]]:
    """POSTs one picture as a multipart form, and gives the answer."""

    def ask(endpoint: str, picture: Path) -> dict[str, object]:
        edge = "---edge"
        name = 'Content-Disposition: form-data; name="image"; filename="a.png"'
        head, end = f"--{edge}\r\n{name}\r\n\r\n", f"\r\n--{edge}--\r\n"
        body = head.encode() + picture.read_bytes() + end.encode()
        form = {"Content-Type": f"multipart/form-data; boundary={edge}"}
        request = urllib.request.Request(endpoint, body, form)
        with urllib.request.urlopen(request, timeout=20) as reply:
            value: dict[str, object] = json.load(reply)
        return value

    return ask


@pytest.fixture
def space(tmp_path: Path, photos: Path) -> Workspace:
    made = workspace.create(tmp_path / "ws", "retrieve")
    add(made, [photos])
    return made


@pytest.fixture
def small():
    """A recipe of the task, small enough for a test, with some settings changed."""
    from atarimae import task as tasks

    def made(**settings: object):
        quick = {"image_size": 32, "projection": 16, "epochs": 4, "classes_per_batch": 3}
        return tasks.load("retrieve").recipe.of({**quick, **settings})

    return made


@pytest.fixture
def colours(tmp_path: Path, photos: Path) -> Workspace:
    """The same pictures for a third party's task, whose fits take no time."""
    made = workspace.create(tmp_path / "色", "colour")
    add(made, [photos])
    return made


@pytest.fixture(scope="session")
def wide_gamut() -> bytes:
    """A colour profile with the primaries of Adobe RGB (1998), made of Pillow's sRGB."""
    made = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    primaries = {
        b"rXYZ": (0.60974, 0.31111, 0.01947),
        b"gXYZ": (0.20528, 0.62567, 0.06087),
        b"bXYZ": (0.14919, 0.06322, 0.74457),
    }
    for number in range(int.from_bytes(made[128:132], "big")):
        name, at, _ = struct.unpack_from(">4sII", made, 132 + 12 * number)
        if name in primaries:  # the type and four bytes of nothing stand before the numbers
            struct.pack_into(">3i", made, at + 8, *(round(65536 * x) for x in primaries[name]))
    return bytes(made)
