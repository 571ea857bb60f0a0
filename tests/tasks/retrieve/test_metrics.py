"""Metrics against cases worked by hand, a naive recomputation, and ranx where conventions meet."""

from math import log2

import numpy as np
import pytest

from atarimae.errors import AtarimaeError
from atarimae.predict.search import search
from atarimae.tasks.retrieve import metrics
from atarimae.tasks.retrieve.ranking import Ranking, ranking, relevance, relevant_counts


def found(relevant, counts, similarity=None, labels=None):
    """A ranking from rows of 0 and 1, padded to k."""
    rows = np.zeros((len(relevant), metrics.K), bool)
    for row, answers in enumerate(relevant):
        rows[row, : len(answers)] = answers
    n = len(relevant)
    first = np.full(n, 0.5) if similarity is None else np.asarray(similarity)
    return Ranking(
        keys=tuple(f"q{i}.png" for i in range(n)),
        labels=tuple(labels or [f"class {i}" for i in range(n)]),
        similarity=np.repeat(first[:, None], metrics.K, axis=1).astype(np.float32),
        relevant=rows,
        counts=np.asarray(counts),
    )


# Docs: the example of docs/metrics.md. q0 finds the four of its class at ranks 1, 3, 5 and 7, q1
# its one at rank 2, q2 has no match in the gallery.
EXAMPLE = found([[1, 0, 1, 0, 1, 0, 1, 0], [0, 1], [0]], [4, 1, 0], [0.7, 0.9, 0.4])


def values(scores):
    return {score.metric: score.value for score in scores}


def test_the_example_of_the_docs():
    gain = [1 / log2(rank + 1) for rank in range(1, 21)]
    assert values(metrics.scores(EXAMPLE, threshold=0.5)) == pytest.approx(
        {
            "mrr@20": (1 + 1 / 2) / 2,
            "recall@1": (1 + 0) / 2,
            "recall@5": 1.0,
            "recall@20": 1.0,
            "map@20": ((1 + 2 / 3 + 3 / 5 + 4 / 7) / 4 + (1 / 2) / 1) / 2,
            "ndcg@20": (sum(gain[0:7:2]) / sum(gain[:4]) + gain[1] / gain[0]) / 2,
            "r-precision": (2 / 4 + 0 / 1) / 2,
            "map@r": ((1 + 2 / 3) / 4 + 0) / 2,
            "gap": (1 / 2) / 2,  # q1's first answer is wrong, and surer than q0's right one
            "open-set mrr@20": (1 + 1 / 2 + 1) / 3,
            "aurc": (1 / 1 + 1 / 2 + 2 / 3) / 3,  # wrong first answers, from q1 to q0 and q2
        }
    )


def test_the_main_metric_comes_first():
    assert metrics.scores(EXAMPLE)[0].metric == "mrr@20"


def test_without_threshold_there_is_no_open_set_score():
    assert "open-set mrr@20" not in values(metrics.scores(EXAMPLE))


def test_queries_without_a_match_are_left_out_and_the_convention_says_so():
    score = metrics.mrr(EXAMPLE)
    assert score.keys == ("q0.png", "q1.png")
    assert score.convention["denominator"] == "queries with a match in the gallery"
    assert score.convention["no match"] == "left out"


def test_the_value_is_the_mean_of_the_parts():
    for score in metrics.scores(EXAMPLE, threshold=0.5):
        assert score.value == pytest.approx(score.parts.mean())
        assert len(score.keys) == len(score.parts) == len(score.clusters)


def test_clusters_are_classes_and_an_unknown_query_stands_alone():
    score = metrics.open_set_mrr(found([[1], [0]], [1, 0], labels=["犬", ""]), 0.1)
    assert score.clusters == ("犬", "q1.png")


def test_what_the_caller_knows_is_added_to_the_convention():
    for score in metrics.scores(EXAMPLE, convention={"gallery": 3}):
        assert score.convention["gallery"] == 3


def test_a_match_beyond_k_counts_nothing():
    late = found([[0] * 19 + [1], [0, 0, 1]], [1, 1])
    assert metrics.mrr(late).parts.tolist() == pytest.approx([1 / 20, 1 / 3])
    assert metrics.mrr(late, 10).parts.tolist() == pytest.approx([0, 1 / 3])


def test_map_divides_by_k_where_more_than_k_are_relevant():
    perfect = found([[1] * 20], [500])
    assert metrics.mean_ap(perfect).value == pytest.approx(1.0)


def test_map_counts_relevant_images_that_were_not_found():
    assert metrics.mean_ap(found([[1]], [4])).value == pytest.approx(1 / 4)


def test_metrics_of_r_answers_are_left_out_where_lists_are_shorter():
    long = found([[1] * 20, [1]], [25, 1])
    assert not {"r-precision", "map@r"} & {*values(metrics.scores(long))}
    with pytest.raises(AtarimaeError) as caught:
        metrics.r_precision(long)
    assert "20 answers a query" in caught.value.what
    assert "q0.png has 25 matches, and 1 of 2 queries" in caught.value.found
    assert caught.value.fix == "Search with k = 25."


def test_metrics_of_r_answers_are_there_where_all_matches_were_found():
    every = found([[1] * 20], [20])
    assert values([metrics.r_precision(every), metrics.map_at_r(every)]) == {
        "r-precision": 1.0, "map@r": 1.0,
    }  # fmt: skip


def test_longer_lists_give_the_metrics_of_r_answers():
    rows = np.zeros((1, 30), bool)
    rows[0, [0, 24]] = True
    ranked = Ranking(("q",), ("a",), np.zeros((1, 30), np.float32), rows, np.array([25]))
    assert metrics.r_precision(ranked).value == pytest.approx(2 / 25)
    assert metrics.map_at_r(ranked).value == pytest.approx((1 + 2 / 25) / 25)
    assert metrics.r_precision(ranked).convention["k"] == "R"


def test_cmc_of_any_match_is_recall():
    assert metrics.cmc(EXAMPLE, 1).value == metrics.recall(EXAMPLE, 1).value == 0.5


@pytest.mark.parametrize("k", [1, 2, 5])
def test_cmc_of_each_match_agrees_with_taking_the_others_out(k):
    rng = np.random.default_rng(k)
    lists = [(rng.random(20) < 0.3).tolist() for _ in range(30)]
    expected = []
    for answers in lists:
        matches = [place for place, hit in enumerate(answers) if hit]
        alone = [sum(not hit for hit in answers[:place]) < k for place in matches]
        expected += [sum(alone) / len(alone)] if alone else []
    each = metrics.cmc(found(lists, [sum(answers) for answers in lists]), k, matches="each")
    assert each.value == pytest.approx(np.mean(expected))


def test_cmc_of_each_match_asks_for_longer_lists_only_where_they_would_tell_more():
    beaten = found([[1] * 10 + [0] * 10], [30])  # ten wrong ones come before the other twenty
    assert metrics.cmc(beaten, 10, matches="each").value == pytest.approx(10 / 30)
    with pytest.raises(AtarimaeError, match="longer lists"):
        metrics.cmc(beaten, 11, matches="each")


def test_no_query_with_a_match_is_an_error_in_three_parts():
    with pytest.raises(AtarimaeError) as caught:
        metrics.mrr(found([[0], [0]], [0, 0]))
    assert "no query has a match" in caught.value.what
    assert "2 queries" in caught.value.found
    assert caught.value.fix


def test_without_a_match_there_is_the_open_set_score_alone_or_nothing():
    nothing = found([[0], [0]], [0, 0])
    assert metrics.scores(nothing) == []
    assert [s.metric for s in metrics.scores(nothing, threshold=0.5)] == ["open-set mrr@20", "aurc"]


@pytest.mark.parametrize(
    ("similarity", "expected"),
    [
        ([0.9, 0.9], (1 + 0) / 2),  # both answered: the unknown one is wrong
        ([0.9, 0.1], (1 + 1) / 2),
        ([0.1, 0.1], (0 + 1) / 2),  # both rejected: the known one is wrong
        ([0.5, 0.5], (1 + 0) / 2),  # at the threshold is not below it
    ],
)
def test_open_set(similarity, expected):
    asked = found([[1], [0]], [1, 0], similarity)
    assert metrics.open_set_mrr(asked, 0.5).value == expected


def test_open_set_says_what_it_would_be_with_nothing_rejected():
    asked = found([[1], [0]], [1, 0], [0.9, 0.1])
    score = metrics.open_set_mrr(asked, 0.5)
    assert (score.value, score.convention["nothing rejected"]) == (1.0, 0.5)


def test_a_query_that_found_nothing_is_rejected():
    assert metrics.rejected(np.array([-np.inf], np.float32), -1.0).all()


# Five drawings of two classes by three vendors, and an unknown query that is not in the gallery.
LABELS = ["cat", "cat", "cat", "dog", "dog"]
SOURCES = ["noto", "twemoji", "noto", "noto", None]
PATHS = ["c0", "c1", "c2", "d0", "d1"]


def counts(labels, sources, paths):
    found = relevant_counts(labels, sources, paths, LABELS, SOURCES, PATHS)
    return found.tolist()


def test_relevant_counts_leave_out_own_file_and_own_source():
    assert counts(LABELS, SOURCES, PATHS) == [1, 2, 1, 1, 1]


def test_relevant_counts_without_sources():
    nothing = [""] * 5
    found = relevant_counts(LABELS, nothing, PATHS, LABELS, nothing, PATHS)
    assert found.tolist() == [2, 2, 2, 1, 1]


def test_relevant_counts_of_queries_from_outside():
    assert counts(["cat", "", "bird", None], [None, None, "noto", ""], ["x", "y", "z", "w"]) == [
        3,
        0,
        0,
        0,
    ]


def test_unlabelled_images_are_never_relevant_to_each_other():
    relevant = relevance(np.array([[0, 1], [1, -1]]), ["", "cat"], ["", "cat"])
    assert relevant.tolist() == [[False, False], [True, False]]


PER_QUERY = (
    "mrr@20", "recall@1", "recall@5", "recall@20", "map@20", "ndcg@20", "r-precision", "map@r",
)  # fmt: skip


def world(seed, n=60, classes=12, sources=4):
    """Queries and gallery in one, with duplicates that tie, some without label or source."""
    rng = np.random.default_rng(seed)
    vectors = rng.integers(-2, 3, (n, 6)).astype(np.float32)
    labels = [f"class {i}" if i else "" for i in rng.integers(0, classes, n)]
    where = [f"vendor {i}" if i else "" for i in rng.integers(0, sources, n)]
    return vectors, labels, where, [f"{i:03}.png" for i in range(n)]


def naive(vectors, labels, sources, paths):
    """Each metric that has a part a query, a query at a time, as a textbook would write it."""
    parts = {name: {} for name in PER_QUERY}
    for q, path in enumerate(paths):
        allowed = [g for g in range(len(paths)) if g != q]
        if sources[q]:
            allowed = [g for g in allowed if sources[g] != sources[q]]
        ranked = sorted(allowed, key=lambda g: (-float(vectors[q] @ vectors[g]), g))
        hits = [bool(labels[q]) and labels[g] == labels[q] for g in ranked]
        if not any(hits):
            continue
        places = [place for place, hit in enumerate(hits[:20], 1) if hit]
        parts["mrr@20"][path] = 1 / places[0] if places else 0
        for k in (1, 5, 20):
            parts[f"recall@{k}"][path] = float(any(hits[:k]))
        precisions = [sum(hits[:place]) / place for place in places]
        there = sum(hits)
        parts["map@20"][path] = sum(precisions) / min(there, 20)
        ideal = sum(1 / log2(place + 1) for place in range(1, min(there, 20) + 1))
        parts["ndcg@20"][path] = sum(1 / log2(place + 1) for place in places) / ideal
        parts["r-precision"][path] = sum(hits[:there]) / there
        within = [precision for place, precision in zip(places, precisions, strict=True) if place <= there]  # fmt: skip  # noqa: E501
        parts["map@r"][path] = sum(within) / there
    return parts


def judged(vectors, labels, sources, paths):
    match, similarity = search(
        vectors, vectors, metrics.K,
        query_ids=paths, gallery_ids=paths, query_sources=sources, gallery_sources=sources,
    )  # fmt: skip
    return ranking(
        match, similarity,
        query_labels=labels, query_sources=sources, keys=paths, query_ids=paths,
        gallery_labels=labels, gallery_sources=sources, gallery_ids=paths,
    )  # fmt: skip


@pytest.mark.parametrize("seed", range(5))
def test_search_and_metrics_agree_with_a_naive_recomputation(seed):
    case = world(seed)
    expected = naive(*case)
    found = {score.metric: score for score in metrics.scores(judged(*case))}
    assert set(found) == {*PER_QUERY, "gap"}
    for score in map(found.get, PER_QUERY):
        assert dict(zip(score.keys, score.parts.tolist(), strict=True)) == pytest.approx(
            expected[score.metric]
        )


def test_agrees_with_ranx_where_conventions_meet(told_by_ranx):
    vectors, labels, sources, paths = world(7)
    ranking = judged(vectors, labels, sources, paths)
    match, _ = search(
        vectors, vectors, metrics.K,
        query_ids=paths, gallery_ids=paths, query_sources=sources, gallery_sources=sources,
    )  # fmt: skip
    asked = np.flatnonzero(ranking.has_match & (ranking.counts <= metrics.K))
    assert len(asked) == ranking.has_match.sum()  # ranx divides by all relevant, also beyond k
    qrels, run = {}, {}
    for q in asked:
        qrels[paths[q]] = {
            paths[g]: 1
            for g in range(len(paths))
            if labels[g] == labels[q] and g != q and not (sources[q] and sources[g] == sources[q])
        }
        # ranx breaks ties its own way: ranks stand in for similarities
        run[paths[q]] = {paths[g]: 1 / (rank + 1) for rank, g in enumerate(match[q]) if g >= 0}
    names = {
        "mrr@20": "mrr@20",
        "hit_rate@1": "recall@1",
        "hit_rate@5": "recall@5",
        "map@20": "map@20",
        "ndcg@20": "ndcg@20",
        "r-precision": "r-precision",
    }
    theirs = told_by_ranx(qrels, run, list(names))
    ours = values(metrics.scores(ranking))
    assert {names[name]: value for name, value in theirs.items()} == pytest.approx(
        {name: ours[name] for name in names.values()}
    )
