"""The report on 20,000 images: seconds and peak memory, beside three peers one after another.

Everything is embedded, and nothing has been looked at: the survey of all pixels counts. The peers
are what one would run instead on the same files: cleanvision's checks of quality, imagededup's
PHash, and cleanlab's Datalab on the same embeddings; `ATARIMAE_PEERS` names their Python.
By hand: `python -m bench.report FOLDER` makes the workspace there, and measures it where it is.
"""

import csv
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from contextlib import nullcontext
from importlib.resources import files
from io import BytesIO
from multiprocessing import get_context
from pathlib import Path
from types import ModuleType
from typing import Any
from zipfile import ZipFile

import numpy as np
from PIL import Image, ImageEnhance

from atarimae import api, bundle, look, task, workspace
from atarimae.demo.ideas import MIDDLE
from atarimae.look import checks, document
from atarimae.look.checks import wrong
from atarimae.predict.graph import cores
from atarimae.predict.run import outputs
from atarimae.predict.unit import unit
from atarimae.store import Store
from bench.peak import Watch, peak
from bench.ratio import Ratio

IMAGES = int(os.environ.get("ATARIMAE_BENCH_IMAGES", "20000"))
SECONDS, GIB = 60.0, 1.5
PHOTOS = ("china.jpg", "flower.jpg")
COLUMNS = ("file", "label", "split", "role", "source")

PEER = """
import contextlib, io, json, sys, time, warnings
import numpy as np

if __name__ == "__main__":
    folder, rows, site, workers = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])
    warnings.filterwarnings("ignore")
    sys.path.append(site)
    told = {}
    from cleanvision import Imagelab
    from imagededup.methods import PHash
    from cleanlab import Datalab
    with contextlib.redirect_stdout(io.StringIO()):
        began = time.perf_counter()
        lab = Imagelab(data_path=folder)
        lab.find_issues(n_jobs=workers, verbose=False)
        told["cleanvision"] = time.perf_counter() - began
        began = time.perf_counter()
        method = PHash(verbose=False)
        encodings = method.encode_images(
            image_dir=folder, recursive=True, num_enc_workers=workers
        )
        method.find_duplicates(encoding_map=encodings, num_dist_workers=workers)
        told["PHash"] = time.perf_counter() - began
        given = np.load(rows)
        began = time.perf_counter()
        lab = Datalab({"label": given["labels"]}, label_name="label", verbosity=0)
        lab.find_issues(features=given["rows"])
        told["Datalab"] = time.perf_counter() - began
    print(json.dumps(told))
"""


def measure() -> list[Ratio]:
    """Once: the first report is had once."""
    with tempfile.TemporaryDirectory() as folder:
        return measured(made(Path(folder) / "space"))


def measured(space: Path) -> list[Ratio]:
    """Of a workspace that `made` made. Memory is watched in a run of its own: it takes time."""
    _forget(space)
    most = _report(space, watched=True)["memory"]
    _forget(space)
    first, again = _report(space), _report(space)
    theirs = _peers(space)
    whole = sum(theirs.values())
    size = f"{first['images']:,} images, {first['classes']:,} classes, {cores()} cores"
    stages = ", ".join(f"{name} {seconds:.1f} s" for name, seconds in first["stages"].items())
    note = f"{size}; {first['findings']:,} findings; {stages}; again {again['seconds']:.1f} s"
    peers = ", ".join(f"{name} {seconds:.1f} s" for name, seconds in theirs.items())
    gib = most / 2**30
    return [
        Ratio("report / three peers", first["seconds"], whole, "s", f"ours ≤ {SECONDS:g} s",
              SECONDS, f"{note}; {peers}"),
        Ratio("report, peak memory", gib, GIB, "GiB", f"≤ {GIB:g} GiB", GIB,
              f"{size}; all processes together, what they share counted once"),
    ]  # fmt: skip


def _forget(space: Path) -> None:
    """As if nobody had looked yet."""
    for name in ("survey", "labels"):
        shutil.rmtree(space / "cache" / name, ignore_errors=True)


def _report(space: Path, *, watched: bool = False) -> dict[str, Any]:
    """What a process of its own says that writes the report."""
    words = [sys.executable, "-m", "bench.report", "--child", str(space)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process, \
            Watch(process.pid) if watched else nullcontext() as watch:  # fmt: skip
        said, _ = process.communicate()
    if process.returncode:
        raise RuntimeError("The process that writes the report failed.")
    told: dict[str, Any] = json.loads(said.splitlines()[-1])
    return told | {"memory": max(told["memory"], watch.most if watch else 0)}


def child(space: Path) -> None:
    """Write the report, and print how long each stage took, without those inside it."""
    stages = _Stages()
    stages.told(checks, "beside", "runs and data")
    stages.told(sys.modules["atarimae.survey.surveyor"], "survey", "survey")
    stages.told(sys.modules["atarimae.survey.surveyor"], "pairs", "copies")
    stages.told(wrong, "judged_labels", "wrong labels")
    stages.told(sys.modules["atarimae.look.queue"], "run", "checks")
    stages.told(document, "inlined", "thumbnails")
    began = time.perf_counter()
    found = look.report(workspace.open_(space), space / "bench.html")
    seconds = time.perf_counter() - began
    stages.taken["rest"] = seconds - sum(stages.taken.values())
    counts = {"images": found.counts.images, "classes": found.counts.labels}
    counts |= {"findings": len(found.findings), "memory": peak()}
    print(json.dumps({**counts, "seconds": seconds, "stages": stages.taken}))


class _Stages:
    """Seconds by stage; a stage inside another counts for itself alone."""

    def __init__(self) -> None:
        self.taken: dict[str, float] = {}
        self._inside: list[float] = []

    def told(self, module: ModuleType, function: str, stage: str) -> None:
        """From now on, calls of a module's function count as that stage."""
        call: Callable[..., object] = getattr(module, function)

        def timed(*given: object, **named: object) -> object:
            began = time.perf_counter()
            self._inside.append(0.0)
            try:
                return call(*given, **named)
            finally:
                whole = time.perf_counter() - began
                own = whole - self._inside.pop()
                self.taken[stage] = self.taken.get(stage, 0.0) + own
                if self._inside:
                    self._inside[-1] += whole

        setattr(module, function, timed)


def _peers(space: Path) -> dict[str, float]:
    """Seconds of each, after they were imported."""
    python = os.environ.get("ATARIMAE_PEERS")
    if not python or not Path(python).exists():
        raise RuntimeError("ATARIMAE_PEERS names no Python with the peers: run it by 'make bench'.")
    site = str(Path(np.__file__).parents[1])
    words = [python, "-c", PEER, str(space / "pictures"), str(space / "rows.npz"), site]
    done = subprocess.run([*words, str(cores())], capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr[-2000:])
    told: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return told


# The workspace: the demo's drawings, and as many of them on photographs as are lacking.


def made(space: Path) -> Path:
    """A workspace of `IMAGES` images with a frozen run, whose embeddings of all are cached."""
    opened = api.init(space)
    opened.add(pictures(space / "pictures", IMAGES))
    changes: dict[str, Any] = {**MIDDLE, "whiten": "pca", "epochs": 0}
    run = opened.fit(because="embed", **changes)
    data = Store(opened.folder).data()
    predictor = task.load("retrieve").predictor(bundle.read_model(run.model))
    rows = unit(outputs(predictor, data, cache=opened.folder.cache))
    labels = np.array([data.label(file) or "" for file in data.files])
    there = labels != ""
    np.savez(space / "rows.npz", rows=rows[there], labels=labels[there])
    return space


def pictures(folder: Path, count: int) -> Path:
    """Draw them, a process a core; the table of their labels and splits."""
    folder.mkdir(parents=True)
    with ZipFile(str(files("atarimae") / "demo" / "emoji.zip")) as archive:
        archive.extractall(folder)
    with (folder / "labels.csv").open(encoding="utf-8", newline="") as file:
        drawn = [{name: row[name] for name in COLUMNS} for row in csv.DictReader(file)]
    drawn = drawn[:: -(-3 * len(drawn) // count)]  # a third of them, all that there are at most
    scenes = [
        one | {"file": f"scenes/{number:05}.jpg", "source": "photographs"}
        for number in range(count - len(drawn))
        for one in [drawn[number % len(drawn)]]
    ]
    (folder / "scenes").mkdir()
    jobs = [(folder, number, drawn[number % len(drawn)]["file"]) for number in range(len(scenes))]
    with ProcessPoolExecutor(cores(), mp_context=get_context("fork")) as pool:
        list(pool.map(_scene, jobs, chunksize=64))
    table = folder / "labels.csv"
    with table.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerows([*drawn, *scenes])
    return table


def _scene(job: tuple[Path, int, str]) -> None:
    """One drawing before a blend of two photographs: as a sticker on a window might be seen."""
    folder, number, drawing = job
    random = np.random.default_rng([0, number])
    size = int(random.integers(160, 480)), int(random.integers(160, 400))
    one, other = (_patch(name, size, random) for name in PHOTOS)
    scene = Image.blend(one, other, float(random.uniform(0.3, 0.7)))
    side = int(min(size) * random.uniform(0.4, 0.7))
    thing = Image.open(BytesIO((folder / drawing).read_bytes())).convert("RGBA")
    thing = thing.resize((side, side), Image.Resampling.BICUBIC)
    thing = thing.rotate(float(random.uniform(-15, 15)), Image.Resampling.BICUBIC)
    place = int(random.integers(0, size[0] - side)), int(random.integers(0, size[1] - side))
    scene.paste(thing, place, thing)
    scene = ImageEnhance.Brightness(scene).enhance(float(random.uniform(0.7, 1.2)))
    scene = ImageEnhance.Color(scene).enhance(float(random.uniform(0.6, 1.3)))
    scene.save(folder / "scenes" / f"{number:05}.jpg", quality=int(random.integers(75, 95)))


def _patch(name: str, size: tuple[int, int], random: np.random.Generator) -> Image.Image:
    """A part of a photograph at any angle, in any order of its colours: few are copies of parts."""
    photo = Image.open(str(files("sklearn.datasets") / "images" / name)).convert("RGB")
    photo = Image.merge("RGB", [photo.getchannel(int(band)) for band in random.permutation(3)])
    reach = np.hypot(*size) / 2
    step = random.uniform(0.3, 1) * min(photo.size) / 2 / reach  # pixels of the photograph to one
    x, y = (random.uniform(step * reach, edge - step * reach) for edge in photo.size)
    angle = random.uniform(0, 2 * np.pi)
    across, down = step * np.cos(angle), step * np.sin(angle)
    left = x - (across * size[0] - down * size[1]) / 2
    top = y - (down * size[0] + across * size[1]) / 2
    frame = (across, -down, left, down, across, top)
    return photo.transform(size, Image.Transform.AFFINE, frame, Image.Resampling.BICUBIC)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--child"]:
        child(Path(sys.argv[2]))
    elif sys.argv[1:]:
        place = Path(sys.argv[1])
        for ratio in measured(place if place.exists() else made(place)):
            print(ratio.line())
    else:
        for ratio in measure():
            print(ratio.line())
