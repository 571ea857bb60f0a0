"""What can be asked of a catalogue, on every backend; all of it held against a naive search."""

from dataclasses import replace

import numpy as np
import pytest

from atarimae.errors import AtarimaeError
from atarimae.predict.index import ALL, Catalogue, Only

K = 10


def naive(index, rows, queries, k, ids=None, sources=None, only=ALL):
    """One query at a time, in float64, everything that it may find sorted."""
    match = np.full((len(queries), k), -1)
    for q, query in enumerate(queries):
        products = (rows.astype(np.float64) @ query.astype(np.float64)).astype(np.float32)
        allowed = [
            g
            for g, (file, label) in enumerate(zip(index.files, index.labels, strict=True))
            if not (ids and file.image == ids[q])
            and not (sources and sources[q] and file.source == sources[q])
            and (not only.labels or label in only.labels)
            and (not only.sources or file.source in only.sources)
            and (not only.groups or file.group in only.groups)
            and (not only.splits or file.split in only.splits)
        ]
        ranked = sorted(allowed, key=lambda g: (-products[g], g))[:k]
        match[q, : len(ranked)] = ranked
    return match


def check(catalogue, rows, queries, k=K, **asked):
    """Exact where it is, near to it elsewhere; what was found is in the naive order always."""
    index = catalogue.index
    match, similarity = catalogue.search(queries, k, **asked)
    everything = naive(index, rows, queries, len(index), **asked)
    if catalogue.kind in ("exact", "milvus"):
        np.testing.assert_array_equal(match, everything[:, :k])
    hits = 0
    for q, query in enumerate(queries):
        found = match[q][match[q] >= 0]
        place = {g: i for i, g in enumerate(everything[q])}
        assert [place[g] for g in found] == sorted(place[g] for g in found)
        products = rows[found].astype(np.float64) @ query.astype(np.float64)
        np.testing.assert_allclose(similarity[q][: len(found)], products, rtol=1e-6, atol=1e-6)
        assert len(found) == min(k, (everything[q] >= 0).sum())
        hits += len({*found} & {*everything[q][:k]})
    assert hits >= 0.99 * (match >= 0).sum()


def test_finds_what_a_naive_search_finds(catalogue, images, questions) -> None:
    index = images(1500)
    check(catalogue(index), index.arrays["embedding"], questions(30))


def test_equal_images_are_ordered_by_path(catalogue, images) -> None:
    index = images(1200)
    rows = np.repeat(index.arrays["embedding"][::3], 3, axis=0)
    found, _ = catalogue(replace(index, arrays={"embedding": rows})).search(rows[:60], 3)
    np.testing.assert_array_equal(found, np.repeat(np.arange(60).reshape(-1, 3), 3, axis=0))


@pytest.mark.parametrize("n", [600, 1500], ids=["small sources", "large sources"])
def test_a_query_finds_neither_itself_nor_its_own_source(catalogue, images, n) -> None:
    index = images(max(n, 1000))
    asked = range(0, 1000, 37)
    check(
        catalogue(index), index.arrays["embedding"], index.arrays["embedding"][asked],
        ids=[index.files[i].image for i in asked], sources=[index.files[i].source for i in asked],
    )  # fmt: skip


@pytest.mark.parametrize(
    "only",
    [
        Only(labels=("class 3", "class 4")),
        Only(sources=('a "shop"',)),
        Only(sources=("it's", "b\\c"), labels=("class 6", "no such class")),
        Only(labels=("no such class",)),
        Only(groups=("棚 1", "棚 3"), splits=("val",)),
    ],
    ids=["labels", "source", "both", "none", "group and split"],
)
@pytest.mark.parametrize("few", [20_000, 0], ids=["gone through", "by the backend"])
def test_a_filter_is_kept(catalogue, images, questions, only, few, monkeypatch) -> None:
    monkeypatch.setattr("atarimae.predict.index.catalogue.FEW", few)
    index = images(1500)
    asked = {"sources": ["店", None] * 5, "only": only}
    check(catalogue(index), index.arrays["embedding"], questions(10), **asked)


def test_what_is_added_is_found_as_if_it_had_been_there(
    catalogue, images, questions, again
) -> None:
    whole = images(1500)
    rows = whole.arrays["embedding"]
    first, more = halves(whole)
    changed = catalogue(first)
    changed.add(more)
    for found in (changed, again(changed)):
        assert (found.index.files, found.index.labels) == (whole.files, whole.labels)
        check(found, rows, questions(20))
        check(found, rows, questions(20), only=Only(sources=("店",)))


def test_what_is_removed_is_never_found(catalogue, images, questions, again) -> None:
    index = images(1500)
    changed = catalogue(index)
    names = [file.path if i % 2 else file.image for i, file in enumerate(index.files[:700])]
    assert changed.remove(names) == list(index.files[:700])
    assert changed.remove(names) == []
    for found in (changed, again(changed)):
        assert len(found) == 800
        check(found, index.arrays["embedding"][700:], questions(20))


def test_removed_and_added_again_in_turns(catalogue, images, questions, again) -> None:
    index = images(1500)
    rows = index.arrays["embedding"]
    changed = catalogue(index)
    for turn in range(4):
        gone = range(300 * turn, 300 * turn + 500)
        part = replace(
            index, files=tuple(index.files[i] for i in gone),
            labels=tuple(index.labels[i] for i in gone), arrays={"embedding": rows[gone]},
        )  # fmt: skip
        changed.remove([file.path for file in part.files])
        changed = again(changed)
        changed.add(part)
    assert changed.index.files == index.files
    check(changed, rows, questions(20))


def test_all_removed_finds_nothing_and_can_be_filled(catalogue, images, questions) -> None:
    index = images(1200)
    changed = catalogue(index)
    changed.remove([file.path for file in index.files])
    match, similarity = changed.search(questions(3), K)
    assert (len(changed), match.max(), similarity.max()) == (0, -1, -np.inf)
    changed.add(images(50, seed=5, first=2000))
    check(changed, images(50, seed=5).arrays["embedding"], questions(5))


def test_fewer_images_than_asked_for(catalogue, images, questions) -> None:
    changed = catalogue(images(1000))
    changed.remove([file.path for file in changed.index.files[:995]])
    match, similarity = changed.search(questions(2), K)
    assert ((match >= 0).sum(1) == 5).all()
    assert (similarity[:, 5:] == -np.inf).all()


def test_a_path_that_is_there_is_refused_and_nothing_changes(catalogue, images) -> None:
    changed = catalogue(images(1000))
    with pytest.raises(AtarimaeError, match=r"2 of the images can't be added\. There is 絵/000998"):
        changed.add(images(10, first=998))
    assert len(changed) == 1000


def test_no_question_and_no_answer_wanted(catalogue, images, questions) -> None:
    found = catalogue(images(1000))
    assert found.search(questions(0), K)[0].shape == (0, K)
    assert found.search(questions(3), 0)[0].shape == (3, 0)


@pytest.mark.parametrize("few", [999, 0])
def test_too_few_images_to_learn_from_are_refused(images, few) -> None:
    with pytest.raises(AtarimaeError, match="kind ivfpq"):
        Catalogue.made(images(few), "ivfpq")


def test_unknown_kind_names_the_nearest(images) -> None:
    with pytest.raises(AtarimaeError, match="Did you mean 'hnsw'"):
        Catalogue.made(images(5), "hnws")


def test_rows_without_a_graph_to_hnsw_are_the_index_alone(images) -> None:
    with pytest.raises(AtarimaeError, match="no rows 'embedding'"):
        Catalogue.made(replace(images(5), arrays={"colours": np.zeros((5, 3))}), "hnsw")


def halves(index):
    """Every third image, and the others."""
    third = np.arange(len(index)) % 3 == 0
    return [
        replace(
            index, files=tuple(f for f, t in zip(index.files, there, strict=True) if t),
            labels=tuple(n for n, t in zip(index.labels, there, strict=True) if t),
            arrays={"embedding": index.arrays["embedding"][there]},
        )
        for there in (~third, third)
    ]  # fmt: skip


def test_what_comes_twice_or_does_not_fit_is_refused_and_nothing_changes(
    catalogue, images, questions
) -> None:
    index, more = images(1100), images(3, first=2000)
    changed = catalogue(index)
    twice = replace(
        more, files=(*more.files, more.files[1]), labels=(*more.labels, ""),
        arrays={"embedding": more.arrays["embedding"][[0, 1, 2, 1]]},
    )  # fmt: skip
    with pytest.raises(AtarimaeError, match=r"1 of the images can't be added.*絵/002001"):
        changed.add(twice)
    # A server knows the width of its rows by itself.
    said = "dim 32, got 31" if changed.kind == "milvus" else r"shape \(31,\), those that are there"
    with pytest.raises(AtarimaeError, match=said):
        changed.add(replace(more, arrays={"embedding": more.arrays["embedding"][:, 1:]}))
    assert changed.index.files == index.files
    check(changed, index.arrays["embedding"], questions(5))


def test_what_is_left_for_later_is_found_when_it_is_taken_in(kind, images, questions) -> None:
    index = images(1500)
    rows, later = index.arrays["embedding"], np.arange(3, 1500, 7)
    changed = Catalogue.made(index, kind, later=later)
    if changed.finder is not None:
        changed.finder.effort = changed.finder.efforts[-1]
    rest = np.setdiff1d(np.arange(1500), later)
    for only in (ALL, Only(sources=("店",))):
        match, _ = changed.search(questions(20), K, only=only)
        part = replace(
            index, files=tuple(index.files[i] for i in rest),
            labels=tuple(index.labels[i] for i in rest),
        )  # fmt: skip
        expected = rest[naive(part, rows[rest], questions(20), K, only=only)]
        assert (match == expected).mean() > 0.95
        assert not np.isin(match, later).any()
    changed.take_in_later(index)
    check(changed, rows, questions(20))
