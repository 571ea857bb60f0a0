"""Weights of members are chosen by MRR as a naive loop counts it."""

from pathlib import Path

import numpy as np
import pytest

from atarimae.tasks.retrieve.joining import weights
from atarimae.types import Data, File, Label, Version


def data(labels, roles=None, sources=None) -> Data:
    roles = roles or ["both"] * len(labels)
    sources = sources or [None] * len(labels)
    files = tuple(
        File(f"{n}.png", f"image {n}", role=roles[n], source=sources[n]) for n in range(len(labels))
    )
    named = {
        f"image {n}": (Label(f"image {n}", name),) if name else () for n, name in enumerate(labels)
    }
    return Data(Path(), Version(1, ""), files, {}, named)


def rows(n: int, d: int, seed: int):
    return np.random.default_rng(seed).normal(size=(n, d)).astype(np.float32)


def naive(known: Data, members, counts) -> float:
    """One query after the other, on cosines in float64."""
    found = []
    units = [one.astype(np.float64) / np.linalg.norm(one, axis=1, keepdims=True) for one in members]
    for q, asked in enumerate(known.files):
        if asked.role == "gallery" or known.label(asked) is None:
            continue
        near = []
        for g, file in enumerate(known.files):
            mine = asked.source and asked.source == file.source
            if file.role == "query" or file.image == asked.image or mine:
                continue
            total = sum(c * (u[q] @ u[g]) for c, u in zip(counts, units, strict=True))
            near.append((-total, known.label(file) == known.label(asked)))
        ranked = [right for _, right in sorted(near)]
        if True in ranked:
            found.append(1 / (1 + ranked.index(True)))
    return float(np.mean(found))


def test_mrr_is_that_of_a_naive_loop() -> None:
    labels = ["a", "a", "a", "b", "b", "c", "c", "c", None, "d"]
    known = data(
        labels, roles=["both", "query", "gallery"] * 3 + ["both"],
        sources=["x", "x", None, "y", "z", "y", "z", "", "x", None],
    )  # fmt: skip
    members = [rows(10, 6, 0), rows(10, 3, 1)]
    labelled = known.where(lambda file: known.label(file) is not None)
    kept = [row for row, name in enumerate(labels) if name]
    for counts in ([1, 0], [0, 1], [2, 3]):
        gallery = weights._Gallery(known, members, 100)
        ranks = gallery.reciprocal_ranks(np.array(counts, float))
        expected = naive(labelled, [one[kept] for one in members], counts)
        assert ranks.mean() == pytest.approx(expected, abs=1e-6)


def test_member_that_knows_nothing_is_left_out() -> None:
    labels = [f"class {n // 4}" for n in range(80)]
    centres = rows(20, 16, 2)
    good = centres[np.arange(80) // 4] + 0.3 * rows(80, 16, 3)
    told = weights.chosen([(data(labels), [rows(80, 16, 4), good])])
    assert sum(told) == pytest.approx(1)
    assert told[1] > 0.9


def test_members_that_know_different_things_are_both_taken() -> None:
    """Each sees one of two halves of what tells classes apart."""
    labels = [f"class {n // 4}" for n in range(80)]
    which = np.arange(80) // 4
    halves = [rows(5, 8, 5)[which % 5], rows(4, 8, 6)[which // 5]]
    members = [half + 0.1 * rows(80, 8, 7 + n) for n, half in enumerate(halves)]
    told = weights.chosen([(data(labels), members)])
    assert min(told) > 0.1


def test_choice_is_the_same_every_time_and_in_any_order_of_files() -> None:
    labels = [f"class {n // 4}" for n in range(40)]
    members = [rows(40, 8, 11), rows(40, 8, 12)]
    known = data(labels)
    once = weights.chosen([(known, members)])
    order = np.random.default_rng(0).permutation(40)
    turned = Data(Path(), known.version, tuple(known.files[n] for n in order), {}, known.labels)
    assert weights.chosen([(turned, [one[order] for one in members])]) == once


def test_sample_takes_whole_classes() -> None:
    known = data([f"class {n % 30}" for n in range(300)])
    kept = weights._sample(known, 100)
    assert len(kept) == 100
    names = {known.label(known.files[row]) for row in kept}
    assert len(names) == 10
