"""Copies among 20,000 pictures, beside imagededup's PHash and CNN: how fast, and how well.

`ATARIMAE_PEERS` names the Python that has imagededup; its PyTorch is ours. Its CNN is measured with
random weights where those that it would download are not there: that takes as long. By hand:
`python -m bench.duplicates quality` prints precision and recall by kind of copy.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from atarimae import workspace
from atarimae.add import entries, load
from atarimae.predict.graph import cores
from atarimae.survey import surveyor
from atarimae.survey.alike import alike
from atarimae.survey.hashes import PREVIEW
from atarimae.survey.measure import Records
from atarimae.types import Data, Floats
from bench.planted import KINDS, Planted, emoji, photographs, planted
from bench.ratio import Ratio

IMAGES = int(os.environ.get("ATARIMAE_BENCH_IMAGES", "20000"))
CNN_IMAGES = IMAGES // 10  # its time grows with their number; so many are enough for a ratio
FASTER = 10  # times as fast as the CNN
ALIKE = 2.5  # grey levels of difference, below which two originals are one picture, turned or not

PHASH = """
from imagededup.methods import PHash
method = PHash(verbose=False)
began = time.perf_counter()
encodings = method.encode_images(image_dir=folder, num_enc_workers=workers)
found = method.find_duplicates(encoding_map=encodings, num_dist_workers=workers)
"""
CNN = """
import torch
from imagededup.methods import CNN
from imagededup.utils import CustomModel
from torchvision.models import MobileNet_V3_Small_Weights, mobilenet_v3_small

network = mobilenet_v3_small(weights=None)
features = torch.nn.Sequential(network.features, torch.nn.AdaptiveAvgPool2d(1), torch.nn.Flatten())
as_theirs = MobileNet_V3_Small_Weights.IMAGENET1K_V1.transforms()
model = CustomModel(name="random", model=features.eval(), transform=as_theirs)
method = CNN(verbose=False, model_config=model)
began = time.perf_counter()
encodings = method.encode_images(image_dir=folder)
found = method.find_duplicates(encoding_map=encodings, num_sim_workers=workers)
"""
FRAME = """
import json, sys, time
folder, site, workers = sys.argv[1], sys.argv[2], int(sys.argv[3])
sys.path.append(site)

if __name__ == "__main__":
{}
    seconds = time.perf_counter() - began
    pairs = sorted({{tuple(sorted((one, other))) for one in found for other in found[one]}})
    print(json.dumps({{"seconds": seconds, "pairs": pairs}}))
"""


def measure() -> list[Ratio]:
    """Seconds from files on the disk to all pairs of copies, each with a cold cache.

    That the files were added before, as they must have been, is not counted. Of all measures only
    the previews are made: those of quality have a benchmark of their own.
    """
    with tempfile.TemporaryDirectory() as folder:
        whole, some = Path(folder) / "all", Path(folder) / "some"
        planted(emoji(IMAGES // (len(KINDS) + 1)), whole)
        planted(emoji(CNN_IMAGES // (len(KINDS) + 1)), some)
        wholes, parts, few = _ours(whole, cut=False), _ours(whole, cut=True), _ours(some, cut=False)
        hashes, network = _peer(PHASH, whole)[0], _peer(CNN, some)[0]
    size = f"{IMAGES:,} of the demo's pictures and their copies, {cores()} cores"
    return [
        Ratio(
            "copies, beside pHash", wholes, hashes, "s", "≤ 1×", hashes,
            f"{size}; both find whole pictures, ours in all eight orientations",
        ),
        Ratio(
            "copies and parts, beside pHash", parts, hashes, "s", "≤ 1×", hashes,
            "the same; ours finds those that were cut as well, as 'look' does",
        ),
        Ratio(
            "copies, beside a CNN", few, network, "s", f"≤ {1 / FASTER}×", network / FASTER,
            f"{CNN_IMAGES:,} of them; both find whole pictures, imagededup by embeddings",
        ),
    ]  # fmt: skip


def _ours(folder: Path, *, cut: bool) -> float:
    data = _data(folder)
    with tempfile.TemporaryDirectory() as root:
        looks = surveyor(workspace.create(Path(root) / "ws", "retrieve"))
        began = time.perf_counter()
        rows = looks.only(data, [PREVIEW]).of(PREVIEW)
        alike(rows["grey"], rows["colour"], cut=cut)
        return time.perf_counter() - began


def _data(folder: Path) -> Data:
    return load(entries(folder).entries, folder)[0]


def _peer(source: str, folder: Path) -> tuple[float, list[list[str]]]:
    """Seconds, and the pairs by the files' names."""
    python = os.environ.get("ATARIMAE_PEERS")
    if not python or not Path(python).exists():
        raise RuntimeError(
            "ATARIMAE_PEERS names no Python with imagededup: run it by 'make bench'."
        )
    site = str(Path(np.__file__).parents[1])
    body = "\n".join(f"    {line}" for line in source.strip().splitlines())
    done = subprocess.run(
        [python, "-c", FRAME.format(body), str(folder), site, str(cores())],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        raise RuntimeError(done.stderr[-2000:])
    told = json.loads(done.stdout.splitlines()[-1])
    return told["seconds"], told["pairs"]


# How well: against what was planted.


def quality(originals: int = 1000) -> list[str]:
    """Lines of a Markdown table: precision, and recall by kind of copy, ours and pHash's."""
    lines = [
        f"| pictures | finder | precision | recall | {' | '.join(KINDS)} |",
        "|---|---|---:|---:|" + "---:|" * len(KINDS),
    ]
    for name, pictures in (("emoji", emoji(originals)), ("photographs", photographs())):
        with tempfile.TemporaryDirectory() as folder:
            truth = planted(pictures, Path(folder))
            said = {"atarimae": _our_pairs(truth), "imagededup PHash": _their_pairs(truth)}
            small = _previews(truth)["grey"].astype(np.float32)
        for finder, pairs in said.items():
            lines.append(
                f"| {len(pictures):,} {name} | {finder} | {_figures(truth, pairs, small)} |"
            )
    return lines


def _our_pairs(truth: Planted) -> set[tuple[int, int]]:
    rows = _previews(truth)
    found = alike(rows["grey"], rows["colour"])
    return {(min(one.outer, one.inner), max(one.outer, one.inner)) for one in found}


def _their_pairs(truth: Planted) -> set[tuple[int, int]]:
    number = {path.name: place for place, path in enumerate(truth.paths)}
    _, pairs = _peer(PHASH, truth.paths[0].parent)
    return {tuple(sorted((number[one], number[other]))) for one, other in pairs}  # type: ignore[misc]


def _previews(truth: Planted) -> Records:
    """In the order of the planted files."""
    data = _data(truth.paths[0].parent)
    with tempfile.TemporaryDirectory() as root:
        looks = surveyor(workspace.create(Path(root) / "ws", "retrieve"))
        by_path = {data.path(file): file.image for file in data.files}
        images = [by_path[path.resolve()] for path in truth.paths]
        return looks.only(data, [PREVIEW]).of(PREVIEW, images)


def _figures(truth: Planted, pairs: set[tuple[int, int]], small: Floats) -> str:
    """Precision of all pairs; recall of each original with each of its copies.

    A pair of two originals that are one picture in the first place, turned or mirrored, is
    neither right nor wrong.
    """
    origins = np.array(truth.origins)
    first = {origin: place for place, (origin, kind) in enumerate(
        zip(truth.origins, truth.kinds, strict=True)) if not kind}  # fmt: skip
    right = sum(origins[one] == origins[other] for one, other in pairs)
    wrong = {(one, other) for one, other in pairs if origins[one] != origins[other]}
    wrong = {
        pair for pair in wrong
        if not _one_picture(small[first[origins[pair[0]]]], small[first[origins[pair[1]]]])
    }  # fmt: skip
    recalls = []
    for kind in KINDS:
        copies = [place for place, one in enumerate(truth.kinds) if one == kind]
        hit = [tuple(sorted((first[origins[place]], place))) in pairs for place in copies]
        recalls.append(float(np.mean(hit)))
    numbers = [right / max(right + len(wrong), 1), float(np.mean(recalls)), *recalls]
    return " | ".join(f"{number:.3f}" for number in numbers)


def _one_picture(one: Floats, other: Floats) -> bool:
    """Whether two originals differ by little in one of the eight orientations."""
    ways = [np.rot90(face, turn) for face in (other, other[:, ::-1]) for turn in range(4)]
    return min(float(np.abs(one - way).mean()) for way in ways) < ALIKE


if __name__ == "__main__":
    if sys.argv[1:2] == ["quality"]:
        print("\n".join(quality(*map(int, sys.argv[2:3]))))
    else:
        for ratio in measure():
            print(ratio.line())
