"""MRR@20 and mAP@20 of 20,000 images: a bare FAISS search, ours, PML's and OML's, time and memory.

Each in a process of its own, in turns, on the same rows and with the same threads.
"""

import json
import os
import statistics
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from bench.ratio import Ratio

IMAGES, WIDTH, CLASSES, ROUNDS = 20_000, 512, 4_000, 3
MOST = 1.3  # times a bare search
PML, OML = "pytorch-metric-learning", "open-metric-learning"

FRAME = """
import json, sys, time
import numpy as np

images, width, classes = map(int, sys.argv[1:])
random = np.random.default_rng(0)
number = random.integers(0, classes, images)
rows = random.standard_normal((classes, width), dtype=np.float32)[number]
rows += 3 * random.standard_normal(rows.shape, dtype=np.float32)
rows /= np.linalg.norm(rows, axis=1, keepdims=True)

def memory():
    status = open("/proc/self/status").read()  # ru_maxrss begins with what the parent held
    return int(status.split("VmHWM:")[1].split()[0]) / 1024

{}
judged(rows[:200], number[:200])
before, began = memory(), time.perf_counter()
found = judged(rows, number)
print(json.dumps([time.perf_counter() - began, memory() - before, found]))
"""
SEARCH = """
import faiss

def judged(rows, number):
    index = faiss.IndexFlatIP(rows.shape[1])
    index.add(rows)
    index.search(rows, 20)
    return {}
"""
OURS = """
from atarimae.predict.search import search
from atarimae.tasks.retrieve.metrics import mean_ap, mrr
from atarimae.tasks.retrieve.ranking import ranking

def judged(rows, number):
    names = [f"photos/{i}.jpg" for i in range(len(rows))]
    labels, sources = [f"class {i}" for i in number], [""] * len(rows)
    match, similarity = search(rows, rows, 20, query_ids=names, gallery_ids=names)
    found = ranking(
        match, similarity, keys=names, query_labels=labels, query_sources=sources, query_ids=names,
        gallery_labels=labels, gallery_sources=sources, gallery_ids=names,
    )
    return {"mrr": mrr(found).value, "map": mean_ap(found).value}
"""
THEIRS = {
    PML: """
import torch
from pytorch_metric_learning.utils.accuracy_calculator import AccuracyCalculator

def judged(rows, number):
    include = ("mean_reciprocal_rank", "mean_average_precision")
    calculator = AccuracyCalculator(include=include, k=20, device=torch.device("cpu"))
    found = calculator.get_accuracy(rows, number)
    return {"mrr": found["mean_reciprocal_rank"], "map": found["mean_average_precision"]}
""",
    OML: """
import torch
from oml.functional.knn import batched_knn
from oml.functional.metrics import calc_retrieval_metrics

def judged(rows, number):
    every = torch.arange(len(rows))
    _, found, there = batched_knn(
        torch.from_numpy(rows), every, every, 20, labels_gt=torch.from_numpy(number)
    )
    told = calc_retrieval_metrics(
        found, there, cmc_top_k=(1,), precision_top_k=(), map_top_k=(20,), verbose=False
    )
    return {"map": float(told["map"][20])}
""",
}


@dataclass(frozen=True)
class Taken:
    """One judgement: seconds, MB above what was there before, and the values."""

    seconds: float
    megabytes: float
    found: dict[str, float]


def measure() -> list[Ratio]:
    """Medians of three; the first row has the target, the others' targets are the peers' own."""
    python = os.environ.get("ATARIMAE_OML", "")
    ways = {"FAISS": (sys.executable, SEARCH), "ours": (sys.executable, OURS)}
    ways[PML] = (sys.executable, THEIRS[PML])
    if Path(python).is_file():
        ways[OML] = (python, THEIRS[OML])
    taken: dict[str, list[Taken]] = {name: [] for name in ways}
    for _ in range(ROUNDS):
        for name, (interpreter, source) in ways.items():
            taken[name].append(_judged(interpreter, source))
    _agree(taken)
    size = f"{IMAGES:,} × {IMAGES:,} × {WIDTH}, k = 20, {CLASSES:,} classes"
    bare, ours = (_seconds(taken[name]) for name in ("FAISS", "ours"))
    missing = "" if OML in ways else f"; {OML} not measured: ATARIMAE_OML names no Python with it"
    row = "MRR@20 and mAP@20 / FAISS flat search"
    first = Ratio(row, ours, bare, "s", f"≤ {MOST}×", MOST * bare, size + missing)
    return [first, *(row for name in (*ways,)[2:] for row in _beside(name, taken, size))]


def _beside(name: str, taken: dict[str, list[Taken]], size: str) -> list[Ratio]:
    what = "MRR@20 and mAP@20" if name == PML else "mAP@20 and CMC@1"
    ours, peer = (_seconds(taken[one]) for one in ("ours", name))
    used = [statistics.median(one.megabytes for one in taken[side]) for side in ("ours", name)]
    note = f"{size}; {name} computes {what}"
    memory = f"{note}; above the rows and labels"
    return [
        Ratio(f"MRR@20 and mAP@20 / {name}", ours, peer, "s", "≤ peer", peer, note),
        Ratio(f"memory of it / {name}", used[0], used[1], "MB", "≤ peer", used[1], memory),
    ]


def _agree(taken: dict[str, list[Taken]]) -> None:
    """MRR is the same number by PML's convention: faster and something else is no result."""
    ours, theirs = (taken[name][0].found["mrr"] for name in ("ours", PML))
    if abs(ours - theirs) > 1e-4:
        raise RuntimeError(f"MRR@20 is {ours:.6f} by ours and {theirs:.6f} by {PML}.")


def _seconds(taken: list[Taken]) -> float:
    return statistics.median(one.seconds for one in taken)


def _judged(interpreter: str, source: str) -> Taken:
    words = map(str, (IMAGES, WIDTH, CLASSES))
    frame = FRAME.replace("{}", source, 1)
    done = subprocess.run(
        [interpreter, "-c", frame, *words], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(done.stderr[-2000:])
    return Taken(*json.loads(done.stdout.splitlines()[-1]))


if __name__ == "__main__":
    for ratio in measure():
        print(ratio.line())
