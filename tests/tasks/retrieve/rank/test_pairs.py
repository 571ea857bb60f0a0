"""Pairs compared cell by cell, beside naive versions, and what is learned of train."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from atarimae import task as tasks
from atarimae.errors import UsageError
from atarimae.predict.unit import unit
from atarimae.task import Context
from atarimae.tasks.retrieve.cells import packed
from atarimae.tasks.retrieve.rank import cells, pairs
from atarimae.tasks.retrieve.rank.chain import parse
from atarimae.tasks.retrieve.rank.view import Asked, Plain
from atarimae.tasks.retrieve.recipe import RetrieveRecipe
from atarimae.types import Data, File, Image, Label, Version

TASK = tasks.load("retrieve")
SIDE, NUMBERS, WIDTH = 4, 6, 10
CONSTANTS = {
    "cells_bias": -1.0, "cells_best": 1.5, "cells_mutual": 3.0, "cells_aligned": 0.5,
    "cells_shifted": 2.5,
}  # fmt: skip


def whole(cells_):
    """At unit length as a whole."""
    return cells_ / np.sqrt((cells_**2).sum(axis=(1, 2), keepdims=True))


def drawn(n, seed):
    """Embeddings, and cells in float16 as an index keeps them."""
    rng = np.random.default_rng(seed)
    raw = whole(rng.normal(size=(n, SIDE**2, NUMBERS)) * rng.random((n, SIDE**2, 1)))
    return unit(rng.normal(size=(n, WIDTH)).astype(np.float32)), raw.astype(np.float16)


def naive(one, other):
    """The four numbers of one pair, from their definitions."""
    one, other = one.astype(float), other.astype(float)
    count = len(one)
    long, wide = (np.linalg.norm(part, axis=1) for part in (one, other))
    alike = one @ other.T / np.outer(long, wide)
    best = sum(long[i] ** 2 * alike[i].max() for i in range(count))
    best += sum(wide[j] ** 2 * alike[:, j].max() for j in range(count))
    chosen = np.exp(alike / 0.1)
    shared, votes = 0.0, {}
    for i in range(count):
        for j in range(count):
            each = chosen[i, j] / chosen[i].sum() * chosen[i, j] / chosen[:, j].sum()
            value = each * float(one[i] @ other[j])
            shared += value
            down, right = j // SIDE - i // SIDE, j % SIDE - i % SIDE
            for y in (-1, 0, 1):
                for x in (-1, 0, 1):
                    votes[down + y, right + x] = votes.get((down + y, right + x), 0) + value
    inside = {
        shift: value for shift, value in votes.items() if max(map(abs, shift)) < SIDE
    }  # fmt: skip
    return [best / 2, shared, float((one * other).sum()), max(inside.values())]


def test_statistics_agree_with_a_naive_version() -> None:
    (_, one), (_, other) = drawn(5, 0), drawn(5, 1)
    found = cells.statistics(one, other)
    for row in range(5):
        np.testing.assert_allclose(found[row], naive(one[row], other[row]), atol=1e-5)


def test_statistics_are_the_same_from_both_sides_and_largest_of_a_picture_with_itself() -> None:
    (_, one), (_, other) = drawn(6, 0), drawn(6, 1)
    there, back = cells.statistics(one, other), cells.statistics(other, one)
    np.testing.assert_allclose(there, back, atol=1e-5)
    same = cells.statistics(one, one)
    assert (same >= there).all()
    np.testing.assert_allclose(same[:, [0, 2]], 1, atol=1e-3)


def test_moved_pattern_is_found_again_by_what_agrees_on_one_shift() -> None:
    """One cell further to the right: nothing fits in place any more, one shift explains all."""
    rng = np.random.default_rng(0)
    board = rng.normal(size=(SIDE, SIDE + 1, NUMBERS))
    one, moved = (whole(board[None, :, at : at + SIDE].reshape(1, -1, NUMBERS)) for at in (0, 1))
    mixed = moved[:, rng.permutation(SIDE**2)]
    near, far = (cells.statistics(one, other)[0] for other in (moved, mixed))
    names = dict(zip(cells.NAMES, near, strict=True))
    assert names["aligned"] < 0.3 < names["shifted"]
    assert names["shifted"] > far[cells.NAMES.index("shifted")] + 0.1
    assert names["mutual"] == pytest.approx(far[cells.NAMES.index("mutual")], abs=1e-5)


@pytest.mark.parametrize(("k", "weight"), [(4, 0.02), (9, 1.0), (50, 0.2)])
def test_reordering_agrees_with_a_naive_version_of_all_pairs(
    k: int, weight: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cells, "AT_ONCE", 7 * SIDE**4)  # several blocks
    (rows, ours), (gallery, theirs) = drawn(6, 2), drawn(15, 3)
    plain, asked = Plain(gallery), Asked(rows)
    told = cells.Pairs(ours, theirs, CONSTANTS)
    found, near = cells.compared(*plain.search(asked, 20), told, k=k, weight=weight)
    slopes = np.array([CONSTANTS[f"cells_{name}"] for name in cells.NAMES])
    for i in range(6):
        cosines = gallery @ rows[i]
        odds = [CONSTANTS["cells_bias"] + slopes @ naive(ours[i], theirs[j]) for j in range(15)]
        order = sorted(range(15), key=lambda j: -cosines[j])
        least = min(odds[j] for j in order[:k])
        scored = [
            (cosines[j] + weight * (odds[j] if rank < k else least), j)
            for rank, j in enumerate(order)
        ]
        scored.sort(key=lambda one: -one[0])
        assert found[i, :15].tolist() == [j for _, j in scored]
        np.testing.assert_allclose(near[i, :15], [s for s, _ in scored], atol=1e-5)
    assert (found[:, 15:] == -1).all()
    assert np.isneginf(near[:, 15:]).all()


def test_forecast_grows_with_lists_and_not_with_the_gallery() -> None:
    few, many = (cells.forecast(n, 50, SIDE**2, NUMBERS) for n in (1_000, 100_000))
    assert many.seconds == pytest.approx(100 * few.seconds)
    assert many.bytes - few.bytes == 99_000 * 50 * 72


# Pictures of planted classes: embeddings that say little, and a pattern of cells that moves.


def data_of(names, labels, role="both", sources=None) -> Data:
    files = tuple(
        File(f"{name}.png", name, role=role, source=source)
        for name, source in zip(names, sources or [None] * len(names), strict=True)
    )
    images = {name: Image(name, 9, 9, "PNG", 9) for name in names}
    said = {name: (Label(name, label),) for name, label in zip(names, labels, strict=True)}
    return Data(Path(), Version(0, ""), files, images, said)


def pictures(classes, each, seed, prefix):
    rng = np.random.default_rng(seed)
    centres = rng.normal(size=(classes, WIDTH))
    boards = rng.normal(size=(classes, SIDE + 1, SIDE + 1, NUMBERS))
    of = np.repeat(np.arange(classes), each)
    rows = centres[of] + 1.6 * rng.normal(size=(len(of), WIDTH))
    raw = np.stack([
        boards[one, y : y + SIDE, x : x + SIDE].reshape(-1, NUMBERS)
        for one, (y, x) in zip(of, rng.integers(0, 2, (len(of), 2)), strict=True)
    ])  # fmt: skip
    raw = whole(raw + 0.7 * rng.normal(size=raw.shape)).astype(np.float32)
    names = [f"{prefix}{n:03}" for n in range(len(of))]
    data = data_of(names, [f"{prefix} {n}" for n in of])
    return unit(rows.astype(np.float32)), raw, data


@pytest.fixture(scope="module")
def world():
    """Outputs and data of twelve classes, and constants that were learned from twenty others."""
    rows, raw, data = pictures(12, 4, 1, "val")
    known = pictures(20, 5, 2, "train")
    return list(packed(rows, raw)), data, pairs.learned(*known)


def finished(world, rank, some=slice(None)):
    outputs, data, constants = world
    context = Context(TASK.index(outputs, data), constants, {"rank": rank})
    asked = replace(data, files=data.files[some])
    return TASK.finish(outputs[some], asked, context), asked, context


def score(world, rank):
    return TASK.score(*finished(world, rank))[0].value


def test_what_was_learned_of_train_orders_classes_that_it_did_not_see(world) -> None:
    assert {*world[2]} == {"cells_bias", *(f"cells_{name}" for name in cells.NAMES)}
    assert score(world, ["cells:weight=0.2"]) > score(world, []) + 0.15
    assert (
        score(world, ["csls:weight=0.1", "cells:weight=0.2", "vote:weight=0.1"])
        > score(world, []) + 0.1
    )


def test_order_is_learned_at_the_least_logistic_loss_of_right_less_wrong_answers(world) -> None:
    """Its slope, list by list, is 0 there; the loss is convex."""
    rows, raw, _ = pictures(20, 5, 2, "train")
    more, sides = [], {True: [], False: []}
    for i in range(len(rows)):
        others = sorted((j for j in range(len(rows)) if j != i), key=lambda j: -(rows[i] @ rows[j]))
        told = {j: cells.statistics(raw[[i]], raw[[j]])[0] for j in others[: pairs.DEPTH]}
        for j, numbers in told.items():
            sides[i // 5 == j // 5].append(numbers)
        more += [told[a] - told[b] for a in told for b in told if a // 5 == i // 5 != b // 5]
    found = np.array([world[2][f"cells_{name}"] for name in cells.NAMES])
    scale = np.sqrt(np.mean(np.square(more), axis=0))  # the ridge is of columns of one deviation
    slope = 2 * (1 / (1 + np.exp(more @ found))) @ (more / scale) - found * scale
    np.testing.assert_allclose(slope / len(more), 0, atol=1e-5)
    middle = [np.mean(sides[side], axis=0) @ found for side in (True, False)]
    assert world[2]["cells_bias"] == pytest.approx(-np.mean(middle), abs=1e-4)


def test_learning_takes_the_lists_as_a_query_gets_them() -> None:
    """Neither an image's other file nor its source is a right answer."""
    rows, raw, data = pictures(20, 5, 2, "train")
    alone = {file.image: (Label(file.image, file.image),) for file in data.files}
    files = data.files + tuple(replace(file, path=f"b/{file.path}") for file in data.files)
    twice = np.concatenate([rows, rows]), np.concatenate([raw, raw])
    assert pairs.learned(*twice, replace(data, files=files, labels=alone)) == {}
    shops = replace(data, files=tuple(replace(f, source=data.label(f)) for f in data.files))
    assert pairs.learned(rows, raw, shops) == {}


def test_sample_is_of_whole_classes_and_the_same_each_time(monkeypatch) -> None:
    _, _, data = pictures(20, 5, 2, "train")
    monkeypatch.setattr(pairs, "MOST", 32)
    some = pairs.sample(data)
    assert len(some) == 30
    assert all(list(map(data.label, some.files)).count(name) == 5 for name in some.class_names)
    assert pairs.sample(replace(data, files=data.files[::-1])).class_names == some.class_names
    assert len(pairs.sample(replace(data, labels={}))) == 0


@pytest.mark.parametrize("rank", [["cells"], ["aqe:k=1", "cells:k=10,weight=0.5", "rivals"]])
def test_no_answer_depends_on_other_queries(world, rank: list[str]) -> None:
    many, alone = finished(world, rank)[0], finished(world, rank, slice(9, 10))[0]
    np.testing.assert_array_equal(many.columns["match"][9], alone.columns["match"][0])
    np.testing.assert_allclose(
        many.columns["similarity"][9], alone.columns["similarity"][0], atol=2e-6
    )


def test_own_image_and_source_are_never_found(world) -> None:
    outputs, data, constants = world
    files = tuple(replace(f, source=f"shop {n % 5}") for n, f in enumerate(data.files))
    world = outputs, replace(data, files=files), constants
    found, asked, context = finished(world, ["cells:weight=1"])
    for file, row in zip(asked.files, found.columns["match"], strict=True):
        there = [context.index.files[place] for place in row if place >= 0]
        assert there
        assert not [one for one in there if file.image == one.image or file.source == one.source]


def test_calibration_sees_the_new_order(world) -> None:
    outputs, data, constants = world
    queries = {f.image: (Label(f.image, "nowhere"),) for f in data.files[:8]}
    data = replace(data, labels={**data.labels, **queries})
    files = tuple(replace(f, role="query" if n < 8 else "both") for n, f in enumerate(data.files))
    world = outputs, replace(data, files=files), constants
    found, asked, context = finished(world, ["cells:weight=1"])
    again = replace(context, constants={**constants, **TASK.calibrate(found, asked, context)})
    told = TASK.finish(outputs, asked, again)
    threshold = again.constants["threshold"]
    first = found.columns["similarity"][:, 0]
    assert first.min() - 1 <= threshold <= first.max() + 1
    np.testing.assert_array_equal(
        told.columns["unknown"], told.columns["similarity"][:, 0] < threshold
    )


def test_ranker_scores_as_finish_does_and_tells_what_it_can(world) -> None:
    outputs, data, constants = world
    ranker = TASK.ranker(outputs, data, None, constants)
    for rank in ([], ["cells"], ["csls", "cells:weight=1"]):
        assert ranker.can(rank)
        assert ranker.score(rank).value == pytest.approx(score(world, rank), abs=1e-6)
    assert ranker.forecast(["cells"]).seconds > ranker.forecast([]).seconds
    assert not ranker.can(["vote:train=1"])
    for side in (TASK.ranker(outputs, data), TASK.ranker([o[0] for o in outputs], data)):
        assert not side.can(["cells"])
        assert side.can(["csls"])


def test_model_without_local_features_says_so(world) -> None:
    outputs, data, constants = world
    for broken in (([o[0] for o in outputs], data, constants), (outputs, data, {})):
        with pytest.raises(UsageError, match="Set cells in the recipe"):
            score(broken, ["cells"])


def test_index_keeps_them_apart_and_only_where_they_are(world) -> None:
    outputs, data, _ = world
    both, plain = TASK.index(outputs, data), TASK.index([o[0] for o in outputs], data)
    assert {*plain.arrays} == {"embedding"}
    np.testing.assert_array_equal(both.arrays["embedding"], plain.arrays["embedding"])
    assert both.arrays["cells"].shape == (len(data), SIDE**2, NUMBERS)
    assert both.arrays["cells"].dtype == np.float16


def test_recipe_that_names_the_step_needs_them() -> None:
    with pytest.raises(UsageError, match="needs cells above 0"):
        RetrieveRecipe.of({"rank": ["cells"]})
    assert RetrieveRecipe.of({"rank": ["cells"], "cells": 7}).rank == ("cells:k=50,weight=0.02",)
    assert RetrieveRecipe.of({}).cells == 0
    with pytest.raises(UsageError, match="an ensemble has no local features"):
        TASK.ensemble.of({"rank": ["cells"]})
    assert str(parse(["cells:k=10"])[0]) == "cells:k=10,weight=0.02"
