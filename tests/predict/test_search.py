"""Search finds exactly what a naive search finds, whatever the shape of the data."""

import subprocess
import sys

import faiss
import numpy as np
import pytest

from atarimae.predict.search import Gallery, search


def naive(
    queries, gallery, k, query_ids=None, gallery_ids=None, query_sources=None, gallery_sources=None
):
    """One query at a time, in float64, all similarities sorted."""
    match = np.full((len(queries), k), -1, np.int64)
    similarity = np.full((len(queries), k), -np.inf, np.float32)
    for q in range(len(queries)):
        products = gallery.astype(np.float64) @ queries[q].astype(np.float64)
        allowed = [
            g
            for g in range(len(gallery))
            if not (query_ids and query_ids[q] and query_ids[q] == gallery_ids[g])
            and not (query_sources and query_sources[q] and query_sources[q] == gallery_sources[g])
        ]
        ranked = sorted(allowed, key=lambda g: (-products.astype(np.float32)[g], g))[:k]
        match[q, : len(ranked)] = ranked
        similarity[q, : len(ranked)] = products[ranked]
    return match, similarity


def vectors(rng, n, d=16):
    rows = rng.normal(size=(n, d)).astype(np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def check(queries, gallery, k, **names):
    match, similarity = search(queries, gallery, k, **names)
    expected, values = naive(queries, gallery, k, **names)
    np.testing.assert_array_equal(match, expected)
    np.testing.assert_allclose(similarity, values, rtol=1e-6, atol=1e-6)


def test_three_queries_by_hand():
    gallery = np.array([[1, 0], [0, 1], [0.6, 0.8]], np.float32)
    match, similarity = search(gallery, gallery, 2, query_ids=list("abc"), gallery_ids=list("abc"))
    np.testing.assert_array_equal(match, [[2, 1], [2, 0], [1, 0]])
    np.testing.assert_allclose(similarity, [[0.6, 0], [0.8, 0], [0.8, 0.6]], atol=1e-7)


@pytest.mark.parametrize("n", [1, 7, 60])  # FAISS takes another way below 20 queries
def test_plain_search_agrees_with_naive(n):
    rng = np.random.default_rng(0)
    check(vectors(rng, n), vectors(rng, 200), 20)


def test_a_query_never_finds_itself():
    rng = np.random.default_rng(1)
    rows = vectors(rng, 80)
    names = [f"犬/{i}.png" for i in range(80)]
    check(rows, rows, 5, query_ids=names, gallery_ids=names)


def test_a_query_without_id_finds_a_row_without_id():
    rows = np.eye(2, dtype=np.float32)
    match, _ = search(rows, rows, 1, query_ids=[None, "b"], gallery_ids=[None, "b"])
    np.testing.assert_array_equal(match, [[0], [0]])


@pytest.mark.parametrize(
    ("n", "sources"),
    [(300, 3), (300, 150), (900, 3)],
    ids=["few small sources", "many sources", "sources too large to fetch and drop"],
)
def test_own_source_is_left_out(n, sources):
    rng = np.random.default_rng(2)
    rows = vectors(rng, n)
    names = [f"{i}.png" for i in range(n)]
    source = [("", None, *map(str, range(sources)))[i] for i in rng.integers(0, sources + 2, n)]
    check(
        rows[:120], rows, 20,
        query_ids=names[:120], gallery_ids=names,
        query_sources=source[:120], gallery_sources=source,
    )  # fmt: skip


def test_sources_of_very_different_sizes():
    rng = np.random.default_rng(3)
    rows = vectors(rng, 700)
    source = ["studio"] * 400 + ["shop"] * 100 + [f"phone {i // 2}" for i in range(200)]
    pick = rng.permutation(700)[:150]
    check(
        rows[pick], rows, 20,
        query_sources=[source[i] for i in pick], gallery_sources=source,
    )  # fmt: skip


def test_everything_of_the_own_source_finds_nothing():
    rows = np.eye(3, dtype=np.float32)
    match, similarity = search(rows, rows, 2, query_sources=["a"] * 3, gallery_sources=["a"] * 3)
    assert (match == -1).all()
    assert (similarity == -np.inf).all()


@pytest.mark.parametrize("copies", [2, 25, 400])
def test_ties_are_ordered_by_gallery_position(copies):
    rng = np.random.default_rng(4)
    gallery = np.repeat(vectors(rng, 800 // copies, 64), copies, axis=0)
    gallery = gallery[rng.permutation(len(gallery))]
    names = [f"{i}" for i in range(len(gallery))]
    check(gallery[:90], gallery, 20, query_ids=names[:90], gallery_ids=names)


def test_ties_with_large_sources():
    rng = np.random.default_rng(5)
    gallery = np.repeat(vectors(rng, 9, 64), 100, axis=0)[rng.permutation(900)]
    source = [str(i) for i in rng.integers(0, 2, 900)]
    check(gallery[:90], gallery, 20, query_sources=source[:90], gallery_sources=source)


def test_all_images_equal():
    gallery = np.repeat(vectors(np.random.default_rng(6), 1, 64), 300, axis=0)
    match, _ = search(gallery, gallery, 20)
    np.testing.assert_array_equal(match, np.tile(np.arange(20), (300, 1)))


def test_long_vectors_are_not_normalised():
    rng = np.random.default_rng(7)
    gallery = vectors(rng, 300, 64) * rng.uniform(0.1, 50, (300, 1)).astype(np.float32)
    check(gallery[:40], gallery, 10)


def test_order_of_queries_and_gallery_does_not_matter():
    rng = np.random.default_rng(8)
    gallery = np.repeat(vectors(rng, 100, 64), 3, axis=0)
    match, _ = search(gallery, gallery, 20)
    shuffle = rng.permutation(300)
    shuffled, _ = search(gallery[shuffle], gallery, 20)
    np.testing.assert_array_equal(shuffled, match[shuffle])


def test_a_row_of_nan_finds_nothing_and_is_never_found():
    rows = np.array([[1, 0], [np.nan, 0], [0, 1]], np.float32)
    match, _ = search(rows, rows, 3)
    np.testing.assert_array_equal(match, [[0, 2, -1], [-1, -1, -1], [2, 0, -1]])


def test_fewer_rows_than_k_and_none():
    rows = np.eye(3, dtype=np.float32)
    match, _ = search(rows, rows, 5)
    np.testing.assert_array_equal(match[:, 3:], -1)
    assert search(rows[:0], rows, 5)[0].shape == (0, 5)
    assert (search(rows, rows[:0], 5)[0] == -1).all()


def test_threads_are_left_as_they_were():
    before = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(1)
    try:
        search(np.eye(30, dtype=np.float32), np.eye(30, dtype=np.float32), 5)
        assert faiss.omp_get_max_threads() == 1
    finally:
        faiss.omp_set_num_threads(before)


def test_memory_stays_far_below_all_pairs():
    program = """
import resource
import faiss
import numpy as np
from atarimae.predict.search import Gallery, search
rows = np.random.default_rng(0).normal(size=(20_000, 16)).astype(np.float32)
sources = [str(i % 5) for i in range(20_000)]
faiss.knn(rows[:100], rows[:100], 5)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
search(rows, rows, 20, query_sources=sources, gallery_sources=sources)
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024)
"""
    peak = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert float(peak.stdout) < 300  # MB; all pairs are 1,526


@pytest.mark.parametrize("n", [1, 3, 50])
@pytest.mark.parametrize("piece", [1 << 24, 16 * 70], ids=["one piece", "pieces of 70 rows"])
@pytest.mark.parametrize("copies", [1, 60], ids=["", "with ties"])
def test_large_sources_in_pieces_and_for_a_query_or_two(n, piece, copies, monkeypatch):
    monkeypatch.setattr("atarimae.predict.pieces.PIECE", piece)
    rng = np.random.default_rng(9)
    rows = np.repeat(vectors(rng, 900 // copies), copies, axis=0)[rng.permutation(900)]
    source = [("a", "b", "c", None)[i] for i in rng.integers(0, 4, 900)]
    check(rows[:n], rows, 20, query_sources=source[:n], gallery_sources=source)


@pytest.mark.parametrize("n", [1, 50])
@pytest.mark.parametrize("sources", [1, 3, 200], ids=["one source", "large", "small"])
@pytest.mark.parametrize("few", [5, 600])
def test_among_some_rows_the_others_are_never_found(n, sources, few, monkeypatch):
    monkeypatch.setattr("atarimae.predict.pieces.PIECE", 16 * 100)
    rng = np.random.default_rng(10)
    rows = np.repeat(vectors(rng, 450), 2, axis=0)
    source = [str(i) for i in rng.integers(0, sources, 900)]
    some = np.sort(rng.permutation(900)[:few])
    whole = Gallery(rows, None, source)
    match, similarity = whole.among(some).search(rows[:n], 20, sources=source[:n])
    expected, values = naive(
        rows[:n], rows[some], 20, query_sources=source[:n],
        gallery_sources=[source[i] for i in some],
    )  # fmt: skip
    np.testing.assert_array_equal(match, np.append(some, -1)[expected])
    np.testing.assert_allclose(similarity, values, rtol=1e-6, atol=1e-6)
    check(rows[:n], rows, 20)
    assert whole.search(rows[:n], 1)[0].tolist() == [[i - i % 2] for i in range(n)]


def test_rows_on_disk_are_searched_where_they_lie(tmp_path):
    rng = np.random.default_rng(11)
    np.save(tmp_path / "rows.npy", vectors(rng, 1_000))
    rows = np.load(tmp_path / "rows.npy", mmap_mode="r")
    source = [str(i % 3) for i in range(1_000)]
    gallery = Gallery(rows, None, source)
    assert np.shares_memory(gallery.rows, rows)
    assert np.shares_memory(gallery.among(np.arange(500)).rows, rows)
    check(np.asarray(rows[:50]), rows, 20, query_sources=source[:50], gallery_sources=source)
