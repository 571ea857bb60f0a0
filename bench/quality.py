"""The checks of quality beside cleanvision: seconds on the same files, and planted cases missed.

cleanvision (Apache-2.0 since 0.3.7) runs as a program of its own, in the environment of the peers.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from importlib.resources import files
from pathlib import Path

import numpy as np
from PIL import Image, ImageEnhance, ImageFilter

from atarimae import workspace
from atarimae.add import add
from atarimae.look.checks import Beside, quality, stored
from atarimae.predict.graph import cores
from atarimae.store import Store
from atarimae.survey import Surveyor
from atarimae.survey import quality as pixels
from bench.collage import emoji
from bench.ratio import Ratio

SMALL, LARGE, ROUNDS = 2000, 400, 3
FASTER = 3.0
FINE = 240  # sound photographs among the planted cases
TAGS = range(1, 9)  # EXIF orientations
# cleanvision's kinds, and the check of ours that has to find what it finds.
KINDS = {
    "dark": "dark images",
    "light": "bright images",
    "blurry": "blurred images",
    "low_information": "images with little in them",
    "odd_size": "images of an odd size",
    "odd_aspect_ratio": "images of an odd shape",
    "grayscale": "grey among colour",
}
PEER = """
import contextlib, io, json, sys, time
from cleanvision import Imagelab
with contextlib.redirect_stdout(io.StringIO()):
    began = time.perf_counter()
    lab = Imagelab(data_path=sys.argv[1])
    lab.find_issues({kind: {} for kind in sys.argv[3:]}, n_jobs=int(sys.argv[2]), verbose=False)
    seconds = time.perf_counter() - began
found = {kind: [str(p) for p in lab.issues.index[lab.issues[f"is_{kind}_issue"]]]
         for kind in sys.argv[3:]}
print(json.dumps({"seconds": seconds, "found": found}))
"""

Draw = Callable[[Image.Image, np.random.Generator], Image.Image]


def measure() -> list[Ratio]:
    """Seconds in turns, medians of 3, and the planted cases; nothing is cached."""
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        small, large = _small(root / "small"), _large(root / "large")
        return [
            _speed("the demo's pictures", small, root),
            _speed("photographs of 2 megapixels", large, root),
            _missed(root),
        ]


def _speed(what: str, folder: Path, root: Path) -> Ratio:
    taken: dict[str, list[float]] = {"ours": [], "theirs": []}
    for number in range(ROUNDS):
        taken["ours"].append(_ours(folder, root / f"{folder.name}-{number}")[0])
        taken["theirs"].append(_theirs(folder)[0])
    ours, theirs = (statistics.median(seconds) for seconds in taken.values())
    count = len(list(folder.iterdir()))
    note = (
        f"{count:,} files, {count / ours:.0f} and {count / theirs:.0f} a second, {cores()} "
        f"processes each; all of cleanvision's kinds but duplicates, and all of our checks of "
        "quality, which are more; ours hashes each file to see that it is what was added"
    )
    target = f"≤ {1 / FASTER:.2f}× ({FASTER:g} times as fast)"
    return Ratio(
        f"quality of {what} / cleanvision", ours, theirs, "s", target, theirs / FASTER, note
    )


def _missed(root: Path) -> Ratio:
    """How many planted cases it finds, and how many of these we don't."""
    folder = root / "planted"
    cases = _plant(folder)
    ours, theirs = _ours(folder, root / "planted-ours")[1], _theirs(folder)[1]
    both = {kind: theirs[kind] & names for kind, names in cases.items()}
    missed = {kind: sorted(both[kind] - ours[KINDS[kind]]) for kind in cases}
    found = sum(map(len, both.values()))
    fine = {path.name for path in folder.iterdir()} - set().union(*cases.values())
    alarms = [
        sum(len(said[kind] & fine) for kind in kinds)
        for said, kinds in ((ours, KINDS.values()), (theirs, KINDS))
    ]
    of_ours = sum(len(ours[KINDS[kind]] & names) for kind, names in cases.items())
    worst = "; ".join(f"{kind}: {', '.join(names)}" for kind, names in missed.items() if names)
    note = (
        f"{len(cases)} kinds × {len(TAGS)} EXIF orientations among {FINE} sound photographs: it "
        f"finds {found} of {sum(map(len, cases.values()))}, we {of_ours}; of the sound ones it "
        f"finds fault with {alarms[1]}, we with {alarms[0]}{'; missed: ' * bool(worst)}{worst}"
    )
    lost = float(sum(map(len, missed.values())))
    return Ratio("planted cases missed / found by cleanvision", lost, float(found), "cases",
                 "0 of what it finds", 0.0, note)  # fmt: skip


def _ours(folder: Path, root: Path) -> tuple[float, dict[str, set[str]]]:
    """Seconds for the survey and the checks, and by check the names of the files."""
    space = workspace.create(root, "retrieve")
    add(space, [folder])
    data = Store(space).data()
    began = time.perf_counter()
    known = Surveyor(space, (pixels.measure,))
    checks = (*quality.checks, *stored.checks)
    found = {check.name: check.find(data, Beside(surveyor=known)) for check in checks}
    seconds = time.perf_counter() - began
    names = {
        check: {Path(path).name for finding in findings for path in finding.files}
        for check, findings in found.items()
    }
    return seconds, names


def _theirs(folder: Path) -> tuple[float, dict[str, set[str]]]:
    """Seconds that its process takes after it was imported, and by kind the names of the files."""
    python = os.environ.get("ATARIMAE_PEERS")
    if not python or not Path(python).exists():
        raise RuntimeError("ATARIMAE_PEERS names no Python with cleanvision: 'make bench'.")
    done = subprocess.run(
        [python, "-c", PEER, str(folder), str(cores()), *KINDS],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        raise RuntimeError(done.stderr[-2000:])
    said = json.loads(done.stdout.splitlines()[-1])
    return said["seconds"], {k: {Path(p).name for p in paths} for k, paths in said["found"].items()}


def _small(folder: Path) -> Path:
    folder.mkdir()
    for name, content in list(emoji().items())[:SMALL]:
        (folder / name).write_bytes(content)
    return folder


def _large(folder: Path) -> Path:
    folder.mkdir()
    for number, photo in enumerate(_photographs(LARGE, 1)):
        photo.resize((1632, 1224), Image.Resampling.BICUBIC).save(folder / f"{number}.jpg")
    return folder


def _photographs(count: int, seed: int) -> Sequence[Image.Image]:
    """Parts of the two photographs that scikit-learn ships, 320 × 240 px."""
    random = np.random.default_rng(seed)
    shipped = files("sklearn.datasets") / "images"
    known = [Image.open(str(shipped / name)).convert("RGB") for name in ("china.jpg", "flower.jpg")]
    found: list[Image.Image] = []
    while len(found) < count:
        whole = known[len(found) % 2]
        left = int(random.integers(0, whole.width - 320))
        top = int(random.integers(0, whole.height - 240))
        found.append(whole.crop((left, top, left + 320, top + 240)))
    return found


def _dark(photo: Image.Image, random: np.random.Generator) -> Image.Image:
    return ImageEnhance.Brightness(photo).enhance(float(random.uniform(0.08, 0.25)))


def _light(photo: Image.Image, random: np.random.Generator) -> Image.Image:
    white = Image.new("RGB", photo.size, "white")
    return Image.blend(photo, white, float(random.uniform(0.94, 0.99)))


def _blurry(photo: Image.Image, random: np.random.Generator) -> Image.Image:
    return photo.filter(ImageFilter.GaussianBlur(float(random.uniform(3, 12))))


def _empty(photo: Image.Image, random: np.random.Generator) -> Image.Image:
    colour = tuple(int(level) for level in random.integers(60, 200, 3))
    return Image.new("RGB", photo.size, colour)


def _sized(photo: Image.Image, random: np.random.Generator) -> Image.Image:
    factor = float(random.choice([1 / 12, 1 / 8, 8, 12]))
    size = (round(photo.width * factor), round(photo.height * factor))
    return photo.resize(size, Image.Resampling.BICUBIC)


def _strip(photo: Image.Image, random: np.random.Generator) -> Image.Image:
    share = float(random.uniform(0.1, 0.3))
    if random.random() < 0.5:
        return photo.crop((0, 0, photo.width, round(photo.width * share)))
    return photo.crop((0, 0, round(photo.height * share), photo.height))


def _grey(photo: Image.Image, random: np.random.Generator) -> Image.Image:
    return photo.convert("L").convert("RGB") if random.random() < 0.5 else photo.convert("L")


DRAWN: dict[str, Draw] = {
    "dark": _dark, "light": _light, "blurry": _blurry, "low_information": _empty,
    "odd_size": _sized, "odd_aspect_ratio": _strip, "grayscale": _grey,
}  # fmt: skip


def _plant(folder: Path) -> dict[str, set[str]]:
    """Each kind in each EXIF orientation, among sound photographs; by kind the names."""
    folder.mkdir()
    random = np.random.default_rng(0)
    photos = list(_photographs(FINE + len(DRAWN) * len(TAGS), 0))
    cases: dict[str, set[str]] = {kind: set() for kind in DRAWN}
    for number in range(FINE):
        photos.pop().save(folder / f"fine-{number}.jpg", quality=92)
    for kind, draw in DRAWN.items():
        for tag in TAGS:
            name = f"{kind}-{tag}.jpg"
            save_turned(draw(photos.pop(), random), folder / name, tag)
            cases[kind].add(name)
    return cases


# What is stored so that the tag's reader sees the picture upright.
STORED = {
    2: Image.Transpose.FLIP_LEFT_RIGHT, 3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM, 5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90, 7: Image.Transpose.TRANSVERSE, 8: Image.Transpose.ROTATE_270,
}  # fmt: skip


def save_turned(picture: Image.Image, path: Path, tag: int) -> None:
    """A JPEG that shows the picture to those who heed its EXIF orientation."""
    exif = Image.Exif()
    exif[0x0112] = tag
    stored = picture.transpose(STORED[tag]) if tag in STORED else picture
    stored.save(path, quality=92, exif=exif)


if __name__ == "__main__":
    sys.stdout.write("\n".join(ratio.line() for ratio in measure()) + "\n")
