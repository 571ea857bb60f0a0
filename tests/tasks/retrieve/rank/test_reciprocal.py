"""k-reciprocal re-ranking agrees with dense recomputations, and sees nothing that is hidden."""

import numpy as np
import pytest

from atarimae.tasks.retrieve.rank.reciprocal import Known, rerank
from atarimae.tasks.retrieve.rank.view import Asked, Plain


def squared(rows):
    """All squared distances, exact ties and a zero diagonal included."""
    rows = rows.astype(np.float64)
    distance = np.maximum(2 - 2 * (rows @ rows.T).astype(np.float32).astype(np.float64), 0)
    np.fill_diagonal(distance, 0)
    return distance


def ranks_of(distance):
    """Each row's nodes by distance, itself first."""
    distance = distance.copy()
    np.fill_diagonal(distance, -1)
    return np.argsort(distance, axis=1, kind="stable")


def published(queries, gallery, k1=20, k2=6, blend=0.3):
    """The distances (n, m) of the paper's dense method: everything of everything at once."""
    n, total = len(queries), len(queries) + len(gallery)
    raw = squared(np.concatenate([queries, gallery]))
    original = raw / raw.max(axis=1, keepdims=True)
    ranks = ranks_of(raw)

    def reciprocal(i, k):
        near = ranks[i, : k + 1]
        return {int(j) for j in near if i in ranks[j, : k + 1]}

    weights = np.zeros((total, total))
    for i in range(total):
        core = reciprocal(i, k1)
        members = set(core)
        for j in core:
            half = reciprocal(j, round(k1 / 2))
            if 3 * len(half & core) > 2 * len(half):
                members |= half
        members = sorted(members)
        weights[i, members] = np.exp(-original[i, members])
        weights[i] /= weights[i].sum()
    averaged = np.stack([weights[ranks[i, :k2]].mean(axis=0) for i in range(total)])
    shared = np.stack([np.minimum(averaged[i], averaged).sum(axis=1) for i in range(n)])
    distance = (1 - blend) * (1 - shared / (2 - shared)) + blend * original[:n]
    return distance[:, n:]


def seen(queries, gallery, hides, k1, k2, blend, transductive):
    """The distances (n, m) by definition, one query at a time; inf for what is hidden.

    `hides` (n, n + m) says which queries and gallery rows are hidden from each query.
    """
    n = len(queries)
    nodes = np.concatenate([queries, gallery]) if transductive else gallery
    hides = hides if transductive else hides[:, n:]
    first, size = (n if transductive else 0), len(nodes)
    raw = squared(nodes)
    far, ranks = raw.max(axis=1), ranks_of(raw)
    lists, halves = ranks[:, : k1 + 1], ranks[:, : round(k1 / 2) + 1]
    half_sets = [{int(j) for j in halves[i] if i in halves[j]} for i in range(size)]

    def spread(core, half_sets, distance, most):
        members = set(core)
        for j in core:
            if 3 * len(half_sets[j] & core) > 2 * len(half_sets[j]):
                members |= half_sets[j]
        row = np.zeros(size + 1)
        for j in members:
            row[j] = np.exp(-distance[j] / most)
        return row / row.sum()

    cores = [{int(j) for j in lists[i] if i in lists[j]} for i in range(size)]
    weights = np.stack([spread(cores[i], half_sets, raw[i], far[i]) for i in range(size)])
    distances = np.full((n, len(gallery)), np.inf)
    for q in range(n):
        own = q if transductive else size
        to = 2 - 2 * (nodes.astype(float) @ queries[q].astype(float)).astype(np.float32)
        to = np.append(np.maximum(to, 0).astype(float), 0)
        to[own] = 0
        hidden = np.append(hides[q], False)
        hidden[own] = False
        near = [int(j) for j in np.argsort(to[:size], kind="stable") if not hidden[j] and j != own]
        near = near[:k1]
        last = np.sort(raw, axis=1)[:, k1]
        core = {j for j in near if (own in lists[j] if transductive else to[j] <= last[j] + 2e-6)}
        visible = [{i for i in half if not hidden[i]} for half in half_sets] + [set()]
        fresh = spread(core | {own}, visible, to, to[:size].max())
        masked = np.where(hidden[None], 0, weights)
        masked /= np.maximum(masked.sum(axis=1, keepdims=True), 1e-300)
        mine = np.mean([fresh, *(masked[j] for j in near[: k2 - 1])], axis=0)
        for g in range(len(gallery)):
            if not hidden[first + g]:
                kept = [j for j in ranks[first + g, :k2] if not hidden[j]]
                shared = np.minimum(mine, masked[kept].mean(axis=0)).sum()
                jaccard = 1 - shared / (2 - shared)
                distances[q, g] = (1 - blend) * jaccard + blend * to[first + g] / to[:size].max()
    return distances


def same(found, distances, k):
    """Equal ranks but for distances that are equal to six digits, and equal similarities."""
    match, similarity = found
    order = np.argsort(distances, axis=1, kind="stable")[:, :k]
    expected = np.take_along_axis(distances, order, 1)
    np.testing.assert_allclose(similarity[:, : order.shape[1]], 1 - expected, atol=3e-6)
    got = np.take_along_axis(np.where(np.isfinite(distances), distances, 9), match, 1)
    np.testing.assert_allclose(got[match >= 0], expected[np.isfinite(expected)], atol=3e-6)
    return np.mean(match[:, : order.shape[1]] == np.where(np.isfinite(expected), order, -1))


@pytest.mark.parametrize(
    ("k1", "k2", "blend"), [(20, 6, 0.3), (7, 1, 0.01), (9, 3, 1.0), (80, 8, 0.1)]
)
def test_ranks_are_those_of_the_published_dense_method(clustered, k1, k2, blend):
    queries, gallery = clustered(30, seed=1), clustered(70, seed=2)
    found = rerank(Asked(queries), Plain(gallery), 30, k1=k1, k2=k2, blend=blend)
    assert same(found, published(queries, gallery, k1, k2, blend), 30) == 1


def test_the_definition_below_is_the_published_one_where_nothing_is_hidden(clustered):
    queries, gallery = clustered(20, seed=1), clustered(50, seed=2)
    hides = np.zeros((20, 70), bool)
    np.testing.assert_allclose(
        seen(queries, gallery, hides, 8, 3, 0.3, True), published(queries, gallery, 8, 3), atol=1e-9
    )


@pytest.mark.parametrize("transductive", [True, False])
@pytest.mark.parametrize("sources", [0, 3, 40])
def test_own_image_and_own_source_are_hidden(clustered, transductive, sources):
    gallery = clustered(90, seed=3)
    queries = np.concatenate([gallery[:25], clustered(15, seed=4)])
    rng = np.random.default_rng(5)
    ids = [f"{i}" for i in range(90)], [*(f"{i}" for i in range(25)), *["new"] * 10, *[None] * 5]
    vendors = [f"{s}" for s in rng.integers(0, sources, 90)] if sources else [None] * 90
    theirs = vendors[:25] + (
        [f"{s}" for s in rng.integers(0, sources, 15)] if sources else [None] * 15
    )
    same_id = np.array([[bool(a) and a == b for b in [*ids[1], *ids[0]]] for a in ids[1]])
    same_source = np.array([[bool(a) and a == b for b in [*theirs, *vendors]] for a in theirs])
    hides = same_id | same_source
    asked, plain = Asked(queries, ids[1], theirs), Plain(gallery, ids[0], vendors)
    if transductive:
        found = rerank(asked, plain, 20, k1=8, k2=4)
    else:
        found = Known(plain, k1=8, k2=4).rerank(asked, 20)
    distances = seen(queries, gallery, hides, 8, 4, 0.3, transductive)
    assert same(found, distances, 20) == 1


@pytest.mark.parametrize("transductive", [True, False])
def test_a_hidden_row_has_no_weight_at_all(clustered, transductive):
    """Where lists hold all rows, so that it takes no place, it might as well not be there."""
    queries, gallery = clustered(12, seed=6), clustered(40, seed=7)
    furthest = squared(np.concatenate([queries, gallery]))[:, 12:].argmax(axis=1)  # set the scale
    others = [row for row in range(40) if row not in furthest]
    sources = ["shop" if row in others[:10] else None for row in range(40)]
    left = np.flatnonzero([source is None for source in sources])
    settings = {"k1": 200, "k2": 1, "blend": 0.3}

    def answers(rows, names):
        plain = Plain(rows, None, names)
        if not transductive:
            asked = Asked(queries, None, ["shop"] * 12)
            return Known(plain, **settings).rerank(asked, 30)
        return rerank(Asked(queries, None, ["shop"] + [None] * 11), plain, 30, **settings)

    with_shop, without = answers(gallery, sources), answers(gallery[left], [None] * 30)
    asked = slice(0, 1 if transductive else 12)
    np.testing.assert_array_equal(with_shop[0][asked], left[without[0][asked]])


def test_a_query_that_comes_later_is_ranked_alone(clustered):
    queries, gallery = clustered(12, seed=1), clustered(80, seed=2)
    sources = [f"{row % 5}" for row in range(80)]
    known = Known(Plain(gallery, None, sources), k1=8, k2=3)
    match, similarity = known.rerank(Asked(queries, None, sources[:12]), 10)
    for row in range(12):
        alone = known.rerank(Asked(queries[row : row + 1], None, [sources[row]]), 10)
        np.testing.assert_array_equal(alone[0][0], match[row])
        np.testing.assert_allclose(alone[1][0], similarity[row], atol=1e-6)


def test_other_queries_change_an_answer_of_the_transductive_form(clustered):
    queries, gallery = clustered(60, seed=1), clustered(80, seed=2)
    _, together = rerank(Asked(queries), Plain(gallery), 10)
    _, alone = rerank(Asked(queries[:1]), Plain(gallery), 10)
    assert not np.allclose(together[0], alone[0], atol=1e-3)


@pytest.mark.parametrize("transductive", [True, False])
def test_ties_fewer_than_k_none_and_nan(clustered, transductive):
    def answers(queries, gallery, k, theirs=None, sources=None):
        asked, plain = Asked(queries, None, theirs), Plain(gallery, None, sources)
        if transductive:
            return rerank(asked, plain, k, k1=4, k2=2)
        return Known(plain, k1=4, k2=2).rerank(asked, k)

    rows = clustered(20, seed=5)
    match, similarity = answers(rows[:4], rows, 30)
    assert (match[:, 20:] == -1).all()
    assert (similarity[:, 20:] == -np.inf).all()
    assert np.sort(match[:, :20], axis=1).tolist() == [list(range(20))] * 4
    assert (np.diff(similarity[:, :20]) <= 0).all()
    all_equal = np.repeat(rows[:1], 12, axis=0)
    tied = answers(all_equal[:2], all_equal, 5)
    for positions, near in zip(*tied, strict=True):
        assert [*np.lexsort((positions, -near))] == [0, 1, 2, 3, 4]
    assert answers(rows[:0], rows, 5)[0].shape == (0, 5)
    assert (answers(rows, rows[:0], 5)[0] == -1).all()
    hidden = answers(rows, rows, 5, ["a"] * 20, ["a"] * 20)
    assert (hidden[0] == -1).all()
    assert answers(rows[:1], rows[:1], 3)[0].tolist() == [[0, -1, -1]]
    assert answers(rows[:1], rows[:1], 3, ["a"], ["a"])[0].tolist() == [[-1, -1, -1]]
    rows[3] = np.nan
    match, _ = answers(rows[2:4], rows, 20)
    assert (match[1] == -1).all()
    assert sorted(match[0]) == [-1, *(row for row in range(20) if row != 3)]
