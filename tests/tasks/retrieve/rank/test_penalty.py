"""Penalties, beside naive versions."""

import numpy as np
import pytest

from atarimae.tasks.retrieve.rank.penalty import crowding, rivals
from atarimae.tasks.retrieve.rank.propagation import numbered
from atarimae.tasks.retrieve.rank.view import Hidden, reach

WIDTH = 15


@pytest.mark.parametrize(("k", "weight"), [(1, 1.0), (4, 0.5)])
def test_crowding_agrees_with_a_naive_version(world, k: int, weight: float) -> None:
    plain = world.plain
    match, near = plain.search(world.asked, WIDTH)
    found, close = crowding(
        match, near, plain.nearest(reach(k)), plain.hidden(world.asked), k=k, weight=weight
    )
    for i in range(len(match)):
        scored = []
        for j, s in zip(match[i].tolist(), near[i].tolist(), strict=True):
            others = [world.rows[j] @ world.rows[other] for other in world.may_see(i) if other != j]
            around = np.mean(sorted(others, reverse=True)[:k])
            scored.append((s - weight * (near[i, :k].mean() + around) / 2, j))
        naive = {j: s for s, j in scored}
        np.testing.assert_allclose(close[i], sorted(naive.values(), reverse=True), atol=1e-5)
        np.testing.assert_allclose(close[i], [naive[j] for j in found[i].tolist()], atol=1e-5)


def test_hub_falls_behind() -> None:
    """Row 0 is near to all of a crowd, row 1 to nothing but the query."""
    match, near = np.array([[0, 1]]), np.array([[0.80, 0.79]], np.float32)
    nearest = np.array([[2], [2], [0]]), np.array([[0.9], [0.1], [0.9]], np.float32)
    hidden = _nothing(3)
    found, _ = crowding(match, near, nearest, hidden, k=1, weight=0.5)
    assert found.tolist() == [[1, 0]]


@pytest.mark.parametrize(("k", "weight"), [(1, 1.0), (3, 0.5)])
def test_rivals_agree_with_a_naive_version(world, k: int, weight: float) -> None:
    match, near = world.plain.search(world.asked, WIDTH)
    _, close = rivals(match, near, numbered(world.labels), k=k, weight=weight)
    for i in range(len(match)):
        lists = list(zip(match[i].tolist(), near[i].tolist(), strict=True))
        scored = []
        for j, s in lists:
            label = world.labels[j]
            theirs = [t for o, t in lists if o != j and (not label or world.labels[o] != label)][:k]
            less = np.mean(theirs) if theirs else lists[-1][1]
            scored.append((s - weight * less, j))
        scored.sort(key=lambda one: (-one[0], one[1]))
        np.testing.assert_allclose(close[i], [s for s, _ in scored], atol=1e-5)


def test_where_the_list_has_no_rival_the_last_answer_stands_for_it() -> None:
    match, near = np.array([[0, 1]]), np.array([[0.9, 0.3]], np.float32)
    _, close = rivals(match, near, numbered(["a", "a"]), k=3, weight=1)
    np.testing.assert_allclose(close, [[0.6, 0.0]], atol=1e-6)


def test_nothing_found_stays_nothing() -> None:
    match, near = np.full((1, 3), -1), np.full((1, 3), -np.inf, np.float32)
    nearest = np.zeros((1, 1), np.int64), np.zeros((1, 1), np.float32)
    for found, close in (
        rivals(match, near, numbered(["a"]), k=1, weight=1),
        crowding(match, near, nearest, _nothing(1), k=1, weight=1),
    ):
        assert found.tolist() == [[-1] * 3]
        assert np.isneginf(close).all()


def _nothing(gallery: int):
    none = np.full(gallery, -1)
    return Hidden(none[:1], none[:1], none, none)
