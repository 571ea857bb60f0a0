"""How sure a first answer is: what it goes by, how it is fitted, and that one query is enough."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from atarimae import task as tasks
from atarimae.predict.index import Catalogue
from atarimae.predict.search import search
from atarimae.task import Context
from atarimae.tasks.retrieve.confidence import (
    NAMES,
    confidences,
    crossfitted,
    evidence,
    fitted,
    is_fitted,
)
from atarimae.tasks.retrieve.crowd import COHORT, REACH, Crowd
from atarimae.tasks.retrieve.logistic import FEWEST
from atarimae.types import Data, File, Index, Label, Version

RETRIEVE = tasks.load("retrieve")
CALIBRATED = {"confidence": "calibrated"}


def listed(similarity, classes):
    """One list: the similarities, -inf up to 20, and the class of each answer as its position."""
    near = np.full((1, 20), -np.inf, np.float32)
    near[0, : len(similarity)] = similarity
    match = np.full((1, 20), -1)
    match[0, : len(classes)] = np.arange(len(classes))
    return match, near, np.array(classes)


def told(similarity, classes, crowd=0.25):
    rows = evidence(*listed(similarity, classes), np.array([crowd], np.float32))
    return dict(zip(NAMES, rows[0].tolist(), strict=True))


def test_evidence_of_a_list_by_hand():
    near = [0.9, 0.8, 0.5, 0.4, 0.3, *np.linspace(0.29, 0.15, 15)]
    found = told(near, [7, 7, 8, 7, -1, *range(10, 25)])
    assert found == pytest.approx({
        "cosine": 0.9, "margin": 0.9 - 0.5, "density": np.mean(near[10:]), "agreement": 2 / 4,
        "crowd": 0.25,
    })  # fmt: skip


def test_images_without_a_class_are_each_of_another_one():
    found = told([0.9, 0.8, 0.5], [-1, -1, 3])
    assert found["margin"] == pytest.approx(0.1)
    assert found["agreement"] == 0


def test_what_a_short_list_lacks_is_as_near_as_its_last_answer():
    found = told([0.9, 0.6], [1, 1])
    assert found == pytest.approx(
        {"cosine": 0.9, "margin": 0.3, "density": 0.6, "agreement": 1 / 4, "crowd": 0.25}
    )


def test_who_found_nothing_has_no_evidence_and_no_confidence():
    found = told([], [])
    assert set(found.values()) == {0.0}
    constants = {f"confidence_{name}": 1.0 for name in ("bias", *NAMES)}
    assert confidences(np.zeros((1, 5)), constants).tolist() == [0]


def drawn(seed=0, n=400, classes=60):
    """Evidence, whether it was right, and classes that share some of it."""
    rng = np.random.default_rng(seed)
    member = rng.integers(0, classes, n)
    rows = rng.normal(size=(n, 5)) + rng.normal(size=(classes, 5))[member]
    rows = rows * [0.1, 0.05, 0.2, 0.3, 0] + [0.5, 0.1, 0.2, 0.5, 0.3]  # one tells nothing
    odds = rows @ [8, 15, -6, 2, 0] - 4
    right = rng.random(n) < 1 / (1 + np.exp(-odds))
    return rows, right, [f"class {i}" for i in member]


def test_fit_is_that_of_scikit_learn():
    linear = pytest.importorskip("sklearn.linear_model")
    rows, right, _ = drawn()
    scale = np.where(rows.std(0) > 1e-9, rows.std(0), 1)
    plain = (rows - rows.mean(0)) / scale
    theirs = linear.LogisticRegression(C=1.0, tol=1e-10, max_iter=1000).fit(plain, right)
    ours = confidences(rows, fitted(rows, right))
    assert ours == pytest.approx(theirs.predict_proba(plain)[:, 1], abs=1e-5)


def test_too_few_of_a_kind_are_not_fitted():
    rows, _, clusters = drawn(n=200)
    few = np.zeros(200, bool)
    few[: FEWEST - 1] = True
    assert fitted(rows, few) == {}
    assert not is_fitted({})
    few[:FEWEST] = True
    assert is_fitted(fitted(rows, few))
    assert crossfitted(rows, few, clusters) is None  # a fold less leaves fewer


def test_no_query_is_judged_by_what_was_fitted_on_its_class():
    rows, right, clusters = drawn()
    plain, fold = crossfitted(rows, right, clusters)
    names = np.array(clusters)
    assert all(len({*fold[names == name]}) == 1 for name in set(clusters))
    for number in np.unique(fold):
        out = fold == number
        naive = confidences(rows[out], fitted(rows[~out], right[~out]))
        np.testing.assert_array_equal(plain[out], naive)
        turned = np.where(out, ~right, right)  # their own truth has no say
        np.testing.assert_array_equal(crossfitted(rows, turned, clusters)[0][out], plain[out])


def test_order_of_the_queries_plays_no_part():
    rows, right, clusters = drawn(1)
    mixed = np.random.default_rng(0).permutation(len(rows))
    again = crossfitted(rows[mixed], right[mixed], [clusters[i] for i in mixed])
    assert again[0] == pytest.approx(crossfitted(rows, right, clusters)[0][mixed], abs=1e-6)


@pytest.mark.parametrize("kind", ["exact", "hnsw"])
def test_crowd_is_the_mean_of_the_nearest_of_other_classes(kind):
    rng = np.random.default_rng(2)
    rows = rng.normal(size=(120, 12))
    rows = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    labels = [f"class {i}" if i else "" for i in rng.integers(0, 6, 120)]
    images = [f"image {i % 110}" for i in range(120)]  # ten lie in two files
    files = tuple(File(f"{i:03}.png", image) for i, image in enumerate(images))
    gallery = Catalogue.made(Index(files, tuple(labels), {"embedding": rows}), kind)
    match, cosine = search(rows, rows, REACH, query_ids=images, gallery_ids=images)
    expected = [
        np.mean([
            near for place, near in zip(match[i], cosine[i], strict=True)
            if labels[place] != labels[i] or not labels[i]
        ][:COHORT])
        for i in range(120)
    ]  # fmt: skip
    crowd = Crowd(gallery)
    asked = np.array([5, 119, 5, -1])
    assert crowd.of(asked) == pytest.approx([*np.array(expected)[[5, 119, 5]], 0], abs=1e-6)
    assert crowd.of(np.arange(120)) == pytest.approx(expected, abs=1e-6)


def test_crowd_where_nothing_else_is_there():
    one = Index((File("a.png", "a"),), ("a",), {"embedding": np.ones((1, 2), np.float32)})
    assert Crowd(Catalogue.made(one, "exact")).of(np.array([0])).tolist() == [0]
    files = (File("a.png", "a"), File("b.png", "b"))
    same = Index(files, ("a", "a"), {"embedding": np.eye(2, dtype=np.float32)})
    assert Crowd(Catalogue.made(same, "exact")).of(np.array([0])).tolist() == [0]  # their cosine


class Asked:
    """Embeddings of 70 classes and of 40 queries that show none of them, as a run judges them."""

    def __init__(self):
        rng = np.random.default_rng(3)
        member = np.repeat(np.arange(70), 4)
        rows = rng.normal(size=(70, 16))[member] + 0.8 * rng.normal(size=(280, 16))
        rows = np.concatenate([rows, 1.2 * rng.normal(size=(40, 16))])
        rows /= np.linalg.norm(rows, axis=1, keepdims=True)
        self.outputs = list(rows.astype(np.float32))
        roles = ["both"] * 280 + ["query"] * 40
        files = tuple(File(f"{i:03}.png", f"{i}", role=role) for i, role in enumerate(roles))
        labels = {f"{i}": (Label(f"{i}", f"class {c:02}"),) for i, c in enumerate(member)}
        self.data = Data(Path(), Version(0, ""), files, {}, labels)
        self.index = RETRIEVE.index(self.outputs, self.data)
        plain = Context(self.index, settings=CALIBRATED)
        first = RETRIEVE.finish(self.outputs, self.data, plain)
        self.constants = dict(RETRIEVE.calibrate(first, self.data, plain))
        self.context = replace(plain, constants=self.constants)
        self.predictions = RETRIEVE.finish(self.outputs, self.data, self.context)

    def scores(self, predictions):
        found = RETRIEVE.score(predictions, self.data, self.context)
        return {score.metric: score for score in found}


@pytest.fixture(scope="module")
def asked():
    return Asked()


def test_confidence_and_its_threshold_become_constants_beside_that_of_the_cosine(asked):
    wanted = {f"confidence_{name}" for name in ("bias", *NAMES)}
    for name in ("threshold", "confidence_threshold"):
        wanted |= {name, f"{name}_low", f"{name}_high"}
        low, high = asked.constants[f"{name}_low"], asked.constants[f"{name}_high"]
        assert low <= asked.constants[name] <= high
    assert set(asked.constants) == wanted


def test_unknown_is_what_falls_below_the_threshold_of_confidence(asked):
    columns = asked.predictions.columns
    below = columns["confidence"] < asked.constants["confidence_threshold"]
    np.testing.assert_array_equal(columns["unknown"], below)


def test_threshold_and_scores_of_a_run_rest_on_confidences_of_classes_left_out(asked):
    held = RETRIEVE.crossfitted(asked.predictions, asked.data, asked.context)
    assert not np.array_equal(held.columns["confidence"], asked.predictions.columns["confidence"])
    scores = asked.scores(held)
    for name in ("gap", "aurc"):
        assert scores[name].convention["surest first by"] == "confidence"
        assert scores[name].convention["confidence fitted without"] == "the query's class"
    assert scores["open-set mrr@20"].convention["rejected"] == "confidence below the threshold"
    sure = held.columns["confidence"]
    ranks = dict(zip(scores["mrr@20"].keys, scores["mrr@20"].parts.tolist(), strict=True))

    def open_set(threshold):
        return np.mean([
            ranks.get(key, 0.0) * (one >= threshold) if key in ranks else one < threshold
            for key, one in zip(held.keys, sure, strict=True)
        ])  # fmt: skip

    assert scores["open-set mrr@20"].value == pytest.approx(max(map(open_set, [*sure, 1.1])))


def test_one_query_alone_is_told_the_same_confidence(asked):
    for row in (0, 7, 300):
        files = (replace(asked.data.files[row], role="query"),)
        alone = RETRIEVE.finish(
            [asked.outputs[row]], replace(asked.data, files=files), asked.context
        )
        both = [
            found.columns["confidence"][at] for found, at in ((alone, 0), (asked.predictions, row))
        ]
        assert both[0] == pytest.approx(both[1], abs=1e-6)
        answer = RETRIEVE.answer(alone, 0, asked.context)
        assert answer["confidence"] == pytest.approx(both[1], abs=1e-6)
        assert answer["unknown"] == asked.predictions.columns["unknown"][row]


def test_cosine_is_what_decides_where_the_recipe_says_so(asked):
    plain = Context(asked.index)
    first = RETRIEVE.finish(asked.outputs, asked.data, plain)
    constants = RETRIEVE.calibrate(first, asked.data, plain)
    assert set(constants) == {"threshold", "threshold_low", "threshold_high"}
    again = RETRIEVE.finish(asked.outputs, asked.data, replace(plain, constants=constants))
    assert "confidence" not in again.columns
    assert "confidence" not in RETRIEVE.answer(again, 0, plain)
    near = again.columns["similarity"][:, 0]
    np.testing.assert_array_equal(again.columns["unknown"], near < constants["threshold"])
