"""k-reciprocal re-ranking of 10,000 images beside the published dense method in NumPy."""

import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import faiss
import numpy as np
import numpy.typing as npt

from atarimae.predict.graph import cores
from atarimae.tasks.retrieve.rank import reciprocal
from atarimae.tasks.retrieve.rank.view import Asked, Plain
from atarimae.types import Floats, Ints
from bench.peak import peak
from bench.ratio import Ratio

QUERIES, GALLERY, WIDTH, CLASSES, ROUNDS = 5_000, 5_000, 512, 1_000, 3
K, K1, K2, BLEND = 20, 20, 6, 0.3
ALIKE = 1e-4  # what float32 may change in a distance
Ranks = npt.NDArray[np.int32]
TENTH = "≤ 0.1×"


def measure() -> list[Ratio]:
    """Seconds and megabytes, a process for each round of each side, in turns; medians."""
    with tempfile.TemporaryDirectory() as name:
        ways = ("ours", "dense")
        taken = [[_run(way, Path(name)) for way in ways] for _ in range(ROUNDS)]
        found = [np.load(Path(name) / f"{way}.npz") for way in ways]
    (ours, our_peak), (dense, dense_peak) = (
        [statistics.median(run[n][what] for run in taken) for what in ("seconds", "megabytes")]
        for n in range(2)
    )
    match, values = ([side[part] for side in found] for part in ("match", "similarity"))
    apart = float(np.abs(values[0] - values[1]).max())
    if apart > ALIKE:
        raise RuntimeError(f"Distances differ by {apart:.2g}: the two are not the same.")
    equal = float((match[0] == match[1]).all(axis=1).mean())
    note = (
        f"{QUERIES:,} queries and {GALLERY:,} gallery images × {WIDTH}, k1 = {K1}, k2 = {K2}, "
        f"{cores()} threads; {equal:.2%} of the lists of {K} are equal, distances to {apart:.1g}"
    )
    return [
        Ratio("k-reciprocal / dense NumPy", ours, dense, "s", TENTH, dense / 10, note),
        Ratio(
            "k-reciprocal, peak memory", our_peak, dense_peak, "MB", TENTH, dense_peak / 10, note
        ),
    ]


def side(way: str, folder: Path) -> None:
    """One round of one side, in this process; the embeddings themselves are not counted."""
    queries, gallery = _embeddings()
    faiss.knn(queries[:100], gallery[:100], 5)  # what it loads and starts is not measured
    before = peak()
    began = time.perf_counter()
    if way == "ours":
        asked, plain = Asked(queries), Plain(gallery)
        found = reciprocal.rerank(asked, plain, K, k1=K1, k2=K2, blend=BLEND)
    else:
        found = dense(queries, gallery)
    seconds = time.perf_counter() - began
    most = peak() - before
    np.savez(folder / f"{way}.npz", match=found[0], similarity=found[1])
    print(json.dumps({"seconds": seconds, "megabytes": most / 1e6}))


def dense(queries: Floats, gallery: Floats) -> tuple[Ints, Floats]:
    """The method as its authors published it in NumPy, told anew: n×n distances, ranks and
    weights in float32, transposed as there, one row at a time (Zhong et al., CVPR 2017).
    """
    rows = np.concatenate([queries, gallery])
    n = len(rows)
    original = np.maximum(2 - 2 * rows @ rows.T, 0)
    original /= original.max(axis=0)
    original = original.T
    ranks = np.argsort(original, axis=1).astype(np.int32)
    weights = np.zeros_like(original)
    for i in range(n):
        core = members = _reciprocal(ranks, i, K1)
        for candidate in core:
            half = _reciprocal(ranks, candidate, round(K1 / 2))
            if len(np.intersect1d(half, core)) > 2 / 3 * len(half):
                members = np.append(members, half)
        members = np.unique(members)
        weight = np.exp(-original[i, members])
        weights[i, members] = weight / weight.sum()
    original = original[: len(queries)]
    averaged = np.zeros_like(weights)
    for i in range(n):
        averaged[i] = weights[ranks[i, :K2]].mean(axis=0)
    del weights, ranks
    holders = [np.flatnonzero(averaged[:, i]) for i in range(n)]
    distance = np.zeros_like(original)
    for i in range(len(queries)):
        shared = np.zeros(n, np.float32)
        for column in np.flatnonzero(averaged[i]):
            those = holders[column]
            shared[those] += np.minimum(averaged[i, column], averaged[those, column])
        distance[i] = 1 - shared / (2 - shared)
    final = ((1 - BLEND) * distance + BLEND * original)[:, len(queries) :]
    match = np.argsort(final, axis=1, kind="stable")[:, :K]
    return match, 1 - np.take_along_axis(final, match, 1)


def _reciprocal(ranks: Ranks, i: int, k: int) -> Ranks:
    near = ranks[i, : k + 1]
    return np.asarray(near[(ranks[near, : k + 1] == i).any(axis=1)])


def _embeddings() -> tuple[Floats, Floats]:
    """Unit vectors around the centres of 1,000 classes, about 10 to a class."""
    rng = np.random.default_rng(0)
    centres = rng.normal(size=(CLASSES, WIDTH))
    of = rng.integers(0, CLASSES, QUERIES + GALLERY)
    rows = centres[of] + rng.normal(size=(len(of), WIDTH))
    rows = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    return rows[:QUERIES], rows[QUERIES:]


def _run(way: str, folder: Path) -> dict[str, float]:
    program = f"import pathlib; from bench import reranking; reranking.side('{way}', pathlib.Path({str(folder)!r}))"  # noqa: E501
    done = subprocess.run(
        [sys.executable, "-c", program], check=True, stdout=subprocess.PIPE, text=True
    )
    said: dict[str, float] = json.loads(done.stdout)
    return said


if __name__ == "__main__":
    for ratio in measure():
        print(ratio.line())
