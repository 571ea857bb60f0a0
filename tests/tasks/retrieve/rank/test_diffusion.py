"""Diffusion agrees with a dense solve, one query at a time."""

import numpy as np
import pytest

from atarimae.predict.search import search
from atarimae.tasks.retrieve.rank.diffusion import Known, rerank
from atarimae.tasks.retrieve.rank.view import Asked, Plain


def dense(queries, gallery, hidden, neighbours, seeds, gamma=3.0, alpha=0.99, reach=1000):
    """(n, m) scores from all pairs and a linear solve: -inf for what is hidden."""
    m = len(gallery)
    cosines = (gallery.astype(np.float64) @ gallery.T.astype(np.float64)).astype(np.float32)
    np.fill_diagonal(cosines, 9)
    lists = np.argsort(-cosines, axis=1, kind="stable")[:, 1 : neighbours + 1]
    near = np.zeros((m, m), bool)
    np.put_along_axis(near, lists, True, 1)
    edges = np.where(near & near.T, np.maximum(cosines.astype(np.float64), 0) ** gamma, 0)
    scores = np.full((len(queries), m), -np.inf)
    for q, query in enumerate(queries.astype(np.float64)):
        cosine = (gallery @ query).astype(np.float32).astype(np.float64)
        visible = [g for g in np.argsort(-cosine, kind="stable") if not hidden[q, g]]
        scores[q, visible] = cosine[visible] - 2
        rows = visible[:reach]
        graph = edges[np.ix_(rows, rows)]
        degree = graph.sum(axis=1)
        scale = np.divide(1, np.sqrt(degree), where=degree > 0, out=np.zeros(len(rows)))
        given = np.where(np.arange(len(rows)) < seeds, np.maximum(cosine[rows], 0) ** gamma, 0)
        system = np.eye(len(rows)) - alpha * scale[:, None] * graph * scale
        flow = (1 - alpha) * np.linalg.solve(system, given)
        reached = flow > 1e-6 * flow.max()
        scores[q, np.array(rows)[reached]] = flow[reached]
    return scores


def same(found, scores, k):
    match, similarity = found
    order = np.argsort(-scores, axis=1, kind="stable")[:, :k]
    expected = np.take_along_axis(scores, order, 1)
    np.testing.assert_allclose(similarity, expected, atol=2e-6, rtol=1e-4)
    return np.mean(match == np.where(np.isfinite(expected), order, -1))


@pytest.mark.parametrize(
    "settings",
    [
        {"neighbours": 10, "seeds": 5},
        {"neighbours": 4, "seeds": 3},
        {"neighbours": 30, "seeds": 10, "gamma": 1.0, "alpha": 0.8},
        {"neighbours": 12, "seeds": 5, "reach": 40},
    ],
    ids=["all joined", "much that nothing flows to", "other settings", "the nearest 40 alone"],
)
def test_a_dense_solve_gives_the_same_ranks(clustered, settings):
    queries, gallery = clustered(30, seed=1), clustered(120, seed=2)
    hidden = np.zeros((30, 120), bool)
    asked, plain = Asked(queries), Plain(gallery)
    found = rerank(asked, plain, 60, **settings)
    assert same(found, dense(queries, gallery, hidden, **settings), 60) > 0.999
    assert (
        same(
            rerank(asked, plain, 20, **settings),
            dense(queries, gallery, hidden, **settings),
            20,
        )
        == 1
    )


def test_hidden_rows_are_out_of_the_graph(clustered):
    gallery = clustered(120, seed=3)
    queries = np.concatenate([gallery[:20], clustered(10, seed=4)])
    ids = [f"{i}" for i in range(120)], [*(f"{i}" for i in range(20)), *[None] * 10]
    sources = [f"{i % 3}" for i in range(120)], [f"{i % 4}" for i in range(30)]
    hidden = np.array([[a == b for b in ids[0]] for a in ids[1]])
    hidden |= np.array([[a == b for b in sources[0]] for a in sources[1]])
    asked, plain = Asked(queries, ids[1], sources[1]), Plain(gallery, ids[0], sources[0])
    found = rerank(asked, plain, 20, neighbours=12, seeds=5)
    assert same(found, dense(queries, gallery, hidden, 12, 5), 20) == 1


def test_each_query_is_answered_alone(clustered):
    queries, gallery = clustered(12, seed=1), clustered(80, seed=2)
    known = Known(Plain(gallery), neighbours=8)
    match, similarity = known.rerank(Asked(queries), 10)
    for row in range(12):
        alone = known.rerank(Asked(queries[row : row + 1]), 10)
        np.testing.assert_array_equal(alone[0][0], match[row])
        # Rows that are searched together are multiplied in another order than one alone.
        np.testing.assert_allclose(alone[1][0], similarity[row], rtol=1e-6)


def test_similarity_flows_along_a_chain_that_cosine_does_not_see():
    angles = np.radians([0, 20, 40, 60, 80, -45])  # the last is nearer to the query than the 60s
    gallery = np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)
    query = gallery[:1]
    plain, _ = search(query, gallery, 6)
    match, _ = rerank(Asked(query), Plain(gallery), 6, neighbours=2, seeds=1)
    assert plain[0].tolist() == [0, 1, 2, 5, 3, 4]
    assert match[0].tolist()[-1] == 5


def test_ties_fewer_than_k_and_none(clustered):
    twice = np.repeat(clustered(10, seed=5), 2, axis=0)
    match, similarity = rerank(Asked(twice[:4]), Plain(twice), 30, neighbours=4, seeds=2)
    assert (match[:, 20:] == -1).all()
    assert (similarity[:, 20:] == -np.inf).all()
    assert np.sort(match[:, :20], axis=1).tolist() == [list(range(20))] * 4
    assert match[:, :2].tolist() == [[0, 1], [0, 1], [2, 3], [2, 3]]
    assert rerank(Asked(twice[:0]), Plain(twice), 5)[0].shape == (0, 5)
    assert (rerank(Asked(twice), Plain(twice[:0]), 5)[0] == -1).all()
    nothing = rerank(Asked(twice, None, ["a"] * 20), Plain(twice, None, ["a"] * 20), 5)
    assert (nothing[0] == -1).all()
    one = Plain(twice[:1], ["own"])
    assert rerank(Asked(twice[:1]), one, 3)[0].tolist() == [[0, -1, -1]]
    assert rerank(Asked(twice[:1], ["own"]), one, 3)[0].tolist() == [[-1, -1, -1]]


def test_what_points_away_is_not_joined_and_given_nothing_whatever_the_power():
    gallery = np.array([[1, 0], [0.8, 0.6], [-1, 0], [-0.8, 0.6]], np.float32)
    _, similarity = rerank(Asked(gallery[:1]), Plain(gallery), 4, gamma=0, neighbours=3, seeds=4)
    assert (similarity[0] >= 0).tolist() == [True, True, False, False]
