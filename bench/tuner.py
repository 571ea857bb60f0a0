"""100 cheap chains on 5,000 cached embeddings: the tuner beside NumPy, one chain after another.

Whitening, query expansion and database-side augmentation in all combinations; every image asks, and
finds neither itself nor its own source. The peer shares nothing between chains, and does less: it
does not hide a query from the gallery rows that it is mixed into.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import numpy as np

from atarimae import task
from atarimae.ideas import rank as tuner
from atarimae.predict.graph import cores
from atarimae.task import Ranks
from atarimae.tasks.retrieve.whitening import whitened, whitening
from atarimae.types import Bools, Data, File, Floats, Image, Ints, Label, Version
from bench.ratio import Ratio

IMAGES, TRAIN, WIDTH, KEPT, OF_CLASS, VENDORS = 5_000, 2_500, 512, 256, 5, 6
K, BLOCK, SECONDS = 20, 1_000, 60.0
ALIKE = 2e-3  # in MRR@20: training rows are float16 in one, and ties
Mixing = tuple[int, int]  # how many, and the power of their cosine

WHITENINGS = (None, (0.1, 0), (0.3, 0), (0.1, 1))  # shrink, and whether by class
EXPANSIONS: tuple[Mixing, ...] = tuple(product((1, 2, 3, 5), (1, 3)))
BOTH = tuple(((k, 3), (j, 3)) for k in (1, 2, 3, 5) for j in (1, 3))
STEPS: tuple[tuple[Mixing | None, Mixing | None], ...] = (  # dba, aqe
    (None, None),
    *((None, aqe) for aqe in EXPANSIONS),
    *((dba, None) for dba in EXPANSIONS),
    *BOTH,
)


@dataclass(frozen=True)
class Rows:
    """Embeddings of unit length with their classes, each of a class from another vendor."""

    rows: Floats
    classes: Ints

    @property
    def sources(self) -> Ints:
        return np.arange(len(self.rows)) % VENDORS

    def data(self, name: str) -> Data:
        """The files that they would be of."""
        names = [f"{name} {n:05}" for n in range(len(self.rows))]
        files = (
            File(f"{one}.png", one, source=f"vendor {source}")
            for one, source in zip(names, self.sources, strict=True)
        )
        labels = {
            one: (Label(one, f"{name} {of}"),) for one, of in zip(names, self.classes, strict=True)
        }
        images = {one: Image(one, 9, 9, "PNG", 9) for one in names}
        return Data(Path(), Version(0, ""), tuple(files), images, labels)


def measure() -> list[Ratio]:
    """Seconds of both, once: all of a search but the reading of cached embeddings."""
    val, train = _drawn(IMAGES, 0), _drawn(TRAIN, 1)
    chains = tuple(product(WHITENINGS, STEPS))
    began = time.perf_counter()
    ours = _ours(val, train, [_written(*chain) for chain in chains])
    seconds = time.perf_counter() - began
    began = time.perf_counter()
    naive = [_naive(val, train, white, *steps) for white, steps in chains]
    others = time.perf_counter() - began
    pairs = zip(ours, naive, chains, strict=True)
    apart = max(abs(one - other) for one, other, (_, (dba, _)) in pairs if dba is None)
    if apart > ALIKE:
        raise RuntimeError(f"MRR@20 differs by {apart:.2g}: the two are not the same.")
    note = (
        f"{len(chains)} chains, {IMAGES:,} images × {WIDTH} that are queries and gallery, "
        f"{TRAIN:,} training images, {VENDORS} sources, {cores()} threads; MRR@20 from "
        f"{min(ours):.3f} to {max(ours):.3f}, without dba the same to {apart:.1g}"
    )
    return [Ratio("100 cheap chains / NumPy", seconds, others, "s", "≤ 60 s", SECONDS, note)]


def _ours(val: Rows, train: Rows, chains: list[tuple[str, ...]]) -> list[float]:
    """MRR@20 of each chain, as `rank` scores, compares and tells them."""
    chosen = task.load("retrieve")
    assert isinstance(chosen, Ranks)
    learned = chosen.remembered(list(train.rows), train.data("train"))
    ranker = chosen.ranker(list(val.rows), val.data("val"), learned, {})
    found = tuner._Bench([ranker], lambda *_: None, SECONDS, learned=True)
    for chain in chains:
        found.judge(chain)
    for held in tuner._dealt(found.clusters, tuner.FOLDS, 0):
        tuner._Climb(~held).step(found, chains)
    tuner._tried(found, ())
    return [float(found.parts[chain].mean(dtype=np.float64)) for chain in chains]


def _written(
    white: tuple[float, int] | None, steps: tuple[Mixing | None, Mixing | None]
) -> tuple[str, ...]:
    """A chain as a recipe has it."""
    first = [f"whiten:dimension={KEPT},shrink={white[0]},learned={white[1]}"] if white else []
    named = zip(("dba", "aqe"), steps, strict=True)
    return (*first, *(f"{name}:k={step[0]},alpha={step[1]}" for name, step in named if step))


def _naive(
    val: Rows,
    train: Rows,
    white: tuple[float, int] | None,
    dba: Mixing | None,
    aqe: Mixing | None,
) -> float:
    """MRR@20 of one chain, from the embeddings on."""
    rows = val.rows
    if white:
        targets = train.classes.tolist() if white[1] else None
        rows = whitened(rows, whitening(train.rows, targets, KEPT, white[0]))
    queries, gallery = rows, rows
    if dba:
        near = _nearest(rows, rows, dba[0], np.arange(len(rows)))
        gallery = _mixed(rows, rows, *near, dba[1])
    if aqe:
        near = _nearest(queries, gallery, aqe[0], val.sources)
        queries = _mixed(queries, gallery, *near, aqe[1])
    match, _ = _nearest(queries, gallery, K, val.sources)
    right = val.classes[match] == val.classes[:, None]
    return float((right.any(axis=1) / (right.argmax(axis=1) + 1)).mean())


def _nearest(queries: Floats, gallery: Floats, k: int, sources: Ints) -> tuple[Ints, Floats]:
    """The k nearest of other sources, in blocks."""
    match, near = [], []
    for rows, hidden in _blocks(sources):
        found = queries[rows] @ gallery.T
        found[hidden] = -np.inf
        columns = np.argpartition(-found, k, axis=1)[:, :k]
        values = np.take_along_axis(found, columns, 1)
        order = np.argsort(-values, axis=1)
        match.append(np.take_along_axis(columns, order, 1))
        near.append(np.take_along_axis(values, order, 1))
    return np.concatenate(match), np.concatenate(near)


def _blocks(sources: Ints) -> Iterator[tuple[slice, Bools]]:
    for start in range(0, len(sources), BLOCK):
        rows = slice(start, start + BLOCK)
        yield rows, sources[rows, None] == sources


def _mixed(rows: Floats, others: Floats, match: Ints, near: Floats, alpha: int) -> Floats:
    weights = np.maximum(near, 0) ** alpha
    mixed = rows + np.einsum("nk,nkd->nd", weights, others[match])
    return np.asarray(mixed / np.linalg.norm(mixed, axis=1, keepdims=True), np.float32)


def _drawn(count: int, seed: int) -> Rows:
    """Rows around the centres of classes, with a few directions that drown them."""
    random = np.random.default_rng(seed)
    classes = np.arange(count) // OF_CLASS
    loud = 0.3 * np.random.default_rng(9).normal(size=(24, WIDTH))
    rows = random.normal(size=(count // OF_CLASS, WIDTH))[classes]
    rows += 1.6 * random.normal(size=rows.shape) + random.normal(size=(count, 24)) @ loud
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    return Rows(rows.astype(np.float32), classes)


if __name__ == "__main__":
    for ratio in measure():
        print(ratio.line())
