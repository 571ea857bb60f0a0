"""Recall is what a naive count says it is, and the backend is the first that meets the wish."""

import numpy as np
import pytest

from atarimae.predict.index import Catalogue, Wish, choice, chosen, measured, recall, sampled


def test_recall_is_the_share_of_the_exact_nearest(images) -> None:
    index = images(3000)
    catalogue = Catalogue.made(index, "ivfpq")
    catalogue.finder.widen = 1
    _, queries = sampled(index, "images")
    found = {one.filter: one for one in measured(catalogue, queries)}
    rows = index.arrays["embedding"]
    shares = []
    for row, own in zip(queries.rows, queries.ids, strict=True):
        near = rows.astype(np.float64) @ row.astype(np.float64)
        near[[file.image == own for file in index.files]] = -np.inf
        exact = np.argsort(-near, kind="stable")[: recall.K]
        match, _ = catalogue.search(row[None], recall.K, ids=[own])
        shares.append(len({*exact} & {*match[0]}) / recall.K)
    assert found["none"].recall == pytest.approx(np.mean(shares), abs=5e-4)
    assert found["none"].queries == 200
    assert 0.3 < found["none"].recall < 0.999


def test_recall_is_told_for_each_filter(images) -> None:
    index = images(3000)
    _, queries = sampled(index, "images")
    found = measured(Catalogue.made(index, "hnsw"), queries)
    assert [one.filter for one in found] == [
        "none", "own source left out", "source it's", 'source a "shop"', "source 店",
        "label class 0", "label class 1", "label class 2",
    ]  # fmt: skip
    assert all(one.recall > 0.9 and one.milliseconds > 0 for one in found)
    assert [one.recall for one in found[2:]] == [1.0] * 6, "few rows are gone through exactly"


def test_equals_at_the_last_place_count_as_found(images) -> None:
    index = images(1200)
    index.arrays["embedding"][:] = index.arrays["embedding"][:1]
    _, queries = sampled(index, "images")
    catalogue = Catalogue.made(index, "hnsw")
    assert {one.recall for one in measured(catalogue, queries)} == {1.0}


def test_small_is_exact_and_nothing_is_tried(images) -> None:
    found = chosen(images(1000))
    assert (found.catalogue.kind, len(found.catalogue), found.tried) == ("exact", 1000, ())


@pytest.mark.parametrize(
    ("wish", "kinds", "taken"),
    [
        (Wish(milliseconds=1e6), ["exact"], "exact"),
        (Wish(recall=0.5, milliseconds=50), ["exact", "hnsw"], "hnsw"),
        (Wish(recall=1.1, milliseconds=0), ["exact", *["hnsw"] * 5, *["ivfpq"] * 6], "exact"),
        (Wish(kind="ivfpq", recall=0.0, milliseconds=0), ["ivfpq"], "ivfpq"),
        (Wish(kind="ivfpq", recall=1.1), ["ivfpq"] * 6, "ivfpq"),
    ],
    ids=["exact is fast enough", "the first that meets it", "none does", "named", "named, hard"],
)
def test_first_that_meets_the_wish_is_taken(images, monkeypatch, wish, kinds, taken) -> None:
    monkeypatch.setattr(choice, "SMALL", 0)
    # Timings are not ours to test: the exact search takes a second, any other a millisecond.
    slow = {"exact": 1000.0}
    monkeypatch.setattr(choice, "latency", lambda catalogue, queries: slow[catalogue.kind])
    monkeypatch.setattr(recall, "latency", lambda catalogue, *_: slow.get(catalogue.kind, 1.0))
    index = images(2000)
    found = chosen(index, wish)
    assert [one.kind for one in found.tried] == kinds
    assert found.catalogue.kind == taken
    assert found.catalogue.index.files == index.files, "the held out are in"
    assert bool(found.recall) == (taken != "exact")


def test_a_large_catalogue_is_not_tried_as_a_graph(images, monkeypatch) -> None:
    monkeypatch.setattr(choice, "SMALL", 0)
    monkeypatch.setattr(choice, "GRAPH", 1999)
    found = chosen(images(2000), Wish(milliseconds=0))
    assert {one.kind for one in found.tried} == {"exact", "ivfpq"}


def test_where_a_server_is_named_it_is_milvus(images, milvus) -> None:
    found = chosen(images(100))
    assert found.catalogue.kind == "milvus"
    assert {one.recall for one in found.recall} == {1.0}
    assert "embedding" not in found.catalogue.index.arrays


def test_what_is_held_out_is_found_afterwards(images) -> None:
    index = images(2000)
    found = chosen(index, Wish(kind="hnsw")).catalogue
    match, _ = found.search(index.arrays["embedding"][:100], 1)
    assert (match[:, 0] == np.arange(100)).mean() > 0.98
