"""Mixing what is near, and nothing that a query may not find: beside naive O(n²) versions."""

import numpy as np
import pytest

from atarimae.tasks.retrieve.rank import expansion
from atarimae.tasks.retrieve.rank.expansion import Augmented, best, expand
from atarimae.tasks.retrieve.rank.view import Asked, Plain, reach

K = 8


def unit(row: np.ndarray) -> np.ndarray:
    return row / np.linalg.norm(row)


def mixed(row: np.ndarray, others: list[np.ndarray], near: list[float], alpha: float) -> np.ndarray:
    weighted = [max(s, 0) ** alpha * other for s, other in zip(near, others, strict=True)]
    return unit(row + np.sum(weighted, axis=0)) if weighted else unit(row)


def ranked(query: np.ndarray, rows: np.ndarray, seen: list[int]) -> list[tuple[float, int]]:
    """Similarity and position, best first."""
    found = query @ rows[seen].T
    return [(float(found[n]), seen[n]) for n in np.argsort(-found, kind="stable")]


def augmented(rows: np.ndarray, seen: list[int], k: int, alpha: float) -> np.ndarray:
    """The gallery as if there were no others than those that are seen."""
    made = rows.astype(np.float64)
    for j in seen:
        near = ranked(rows[j], rows, [other for other in seen if other != j])[:k]
        made[j] = mixed(rows[j], [rows[other] for _, other in near], [s for s, _ in near], alpha)
    return made


@pytest.mark.parametrize("alpha", [0, 1, 3])
def test_query_expansion_agrees_with_a_naive_one(world, alpha: float) -> None:
    match, near = world.plain.search(world.asked, 4)
    made = expand(world.plain, world.asked, match, near, alpha=alpha)
    for i, query in enumerate(world.asked.rows):
        found = ranked(query, world.rows, world.may_see(i))[:4]
        naive = mixed(query, [world.rows[j] for _, j in found], [s for s, _ in found], alpha)
        np.testing.assert_allclose(made.rows[i], naive, atol=1e-5)


@pytest.mark.parametrize("many", [1, 3, 99])
@pytest.mark.parametrize("alpha", [0, 3])
@pytest.mark.parametrize("k", [1, 4])
def test_augmented_gallery_is_found_in_as_a_naive_one_without_what_is_hidden(
    world, k: int, alpha: float, many: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where a gallery is made for each group of so many queries that may find the same."""
    monkeypatch.setattr(expansion, "MANY", many)
    match, near = Augmented(world.plain, k=k, alpha=alpha).search(world.asked, K)
    for i, query in enumerate(world.asked.rows):
        seen = world.may_see(i)
        naive = ranked(query, augmented(world.rows, seen, k, alpha), seen)
        of_position = {j: s for s, j in naive}
        np.testing.assert_allclose(near[i], [s for s, _ in naive[:K]], atol=1e-5)
        np.testing.assert_allclose(near[i], [of_position[j] for j in match[i].tolist()], atol=1e-5)


def test_expansion_in_an_augmented_gallery_mixes_rows_as_the_query_sees_them(world) -> None:
    view = Augmented(world.plain, k=2, alpha=1)
    match, near = view.search(world.asked, 3)
    made = expand(view, world.asked, match, near, alpha=1)
    for i, query in enumerate(world.asked.rows):
        seen = world.may_see(i)
        rows = augmented(world.rows, seen, 2, 1)
        found = ranked(query, rows, seen)[:3]
        naive = mixed(query, [rows[j] for _, j in found], [s for s, _ in found], 1)
        np.testing.assert_allclose(made.rows[i], naive, atol=1e-5)


def test_own_image_in_the_gallery_changes_nothing(world) -> None:
    """Where it is hidden, a query is answered as if it had never been there."""
    if not any(world.asked.ids):
        return
    row, seen = 3, world.may_see(3)
    without = Plain(world.rows[seen], [world.ids[j] for j in seen], [None] * len(seen))
    stranger = Asked(world.asked.rows[[row]], [""], [None])
    for view, other in (
        (world.plain, without),
        (Augmented(world.plain, k=3, alpha=2), Augmented(without, k=3, alpha=2)),
    ):
        match, near = view.search(world.asked, K)
        again, close = other.search(stranger, K)
        assert match[row].tolist() == [seen[j] for j in again[0]]
        np.testing.assert_allclose(near[row], close[0], atol=1e-5)


def test_search_in_blocks_is_the_same(world, monkeypatch: pytest.MonkeyPatch) -> None:
    view = Augmented(world.plain, k=3, alpha=1)
    whole = view.search(world.asked, K)
    monkeypatch.setattr("atarimae.tasks.retrieve.rank.expansion.BLOCK", 7 * len(view))
    for one, other in zip(whole, view.search(world.asked, K), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-6)


def test_gallery_smaller_than_k_is_padded() -> None:
    rows = np.eye(3, 4, dtype=np.float32)
    plain = Plain(rows, ["a", "b", "c"], [None] * 3)
    match, near = Augmented(plain, k=5, alpha=1).search(Asked(rows[:1], ["a"], [None]), 5)
    assert match[0].tolist()[2:] == [-1] * 3
    assert near[0].tolist()[2:] == [-np.inf] * 3
    assert sorted(match[0, :2].tolist()) == [1, 2]


def test_equal_similarities_are_ordered_by_position() -> None:
    match, near = best(np.array([[0.5, 0.7, 0.5, 0.7 + 1e-8]], np.float32), 4)
    assert match.tolist() == [[1, 3, 0, 2]]
    assert near[0, 0] == near[0, 1]


def test_neighbours_are_looked_at_further_than_k() -> None:
    assert all(reach(k) >= 2 * k for k in (1, 10, 100))
