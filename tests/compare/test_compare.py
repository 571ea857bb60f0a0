"""A comparison of two runs that were written as `fit` writes them."""

import json
from dataclasses import replace

import numpy as np
import pytest

from atarimae.compare import Change, compare
from atarimae.errors import AtarimaeError
from atarimae.score.intervals import paired
from atarimae.score.verdict import verdict
from atarimae.types import Version

QUERIES = [f"犬/{i:02}.png" for i in range(40)]


def parts(value, queries=QUERIES):
    return dict.fromkeys(queries, value)


def noisy(mean, seed):
    rng = np.random.default_rng(seed)
    return {query: float(np.clip(mean + rng.normal(0, 0.2), 0, 1)) for query in QUERIES}


@pytest.mark.parametrize(
    ("first", "second", "word"),
    [
        (parts(0.5), parts(0.7), "helped"),
        (parts(0.7), parts(0.5), "hurt"),
        (parts(0.5), parts(0.5), "no difference seen"),
        (noisy(0.5, 0), noisy(0.5, 1), "no difference seen"),
        (noisy(0.4, 0), noisy(0.7, 1), "helped"),
    ],
)
def test_verdict(workspace, write_run, first, second, word):
    found = compare(workspace, write_run(first), write_run(second))
    assert found.verdict == word
    assert found.low <= found.difference <= found.high


def test_difference_is_second_minus_first(workspace, write_run):
    found = compare(workspace, write_run(parts(0.5)), write_run(parts(0.75)))
    assert (found.difference, found.low, found.high, found.better) == (0.25, 0.25, 0.25, 1.0)


def test_a_run_with_itself(workspace, write_run):
    run = write_run(noisy(0.5, 0))
    found = compare(workspace, run, run)
    assert (found.verdict, found.difference, found.better) == ("no difference seen", 0, 0.5)
    assert found.recipe == found.improved == found.worsened == ()


def test_one_class_cannot_tell(workspace, write_run):
    one = {"clusters": ["cat"] * len(QUERIES)}
    found = compare(workspace, write_run(parts(0.1), **one), write_run(parts(0.9), **one))
    assert found.verdict == "no difference seen"
    assert found.as_dict()["low"] is None


def test_runs_may_be_named(workspace, write_run):
    first, second = write_run(parts(0.5)), write_run(parts(0.7))
    found = compare(workspace, first.id, "best")
    assert (found.first, found.second) == (first.id, second.id)


def test_queries_are_paired_by_key_whatever_their_order(workspace, write_run):
    first = noisy(0.5, 0)
    second = {query: first[query] + 0.01 for query in reversed(first)}
    found = compare(workspace, write_run(first), write_run(second))
    assert found.low == pytest.approx(0.01, abs=1e-6)
    assert found.high == pytest.approx(0.01, abs=1e-6)


def test_only_shared_queries_count_and_that_is_said(workspace, write_run):
    first = parts(0.5, QUERIES[:30]) | parts(0.0, ["gone.png"])
    second = parts(0.6, QUERIES[10:])
    found = compare(workspace, write_run(first), write_run(second))
    assert (found.shared, found.of) == (20, 41)
    assert found.difference == pytest.approx(0.1)


def test_queries_without_a_part_are_left_out(workspace, write_run):
    with_gap = parts(0.5) | {QUERIES[0]: float("nan")}
    found = compare(workspace, write_run(with_gap), write_run(parts(0.6)))
    assert (found.shared, found.of) == (39, 40)


def test_settings_that_differ(workspace, write_run):
    first = write_run(parts(0.5), seed=0, recipe={"lr": 0.1, "head": {"dim": 64}, "epochs": 3})
    second = write_run(parts(0.5), seed=1, recipe={"lr": 0.1, "head": {"dim": 128}, "size": 96})
    assert compare(workspace, first, second).recipe == (
        Change("epochs", 3, None),
        Change("head.dim", 64, 128),
        Change("size", None, 96),
        Change("seed", 0, 1),
    )


def test_costs_stand_beside_scores(workspace, write_run):
    found = compare(
        workspace, write_run(parts(0.5)), write_run(parts(0.5), costs={"ms_per_image": 35.0})
    )
    assert Change("ms_per_image", 17.25, 35.0) in found.costs
    metric, first, second = found.scores[0]
    assert (metric, first.value, second.value) == ("mrr@20", 0.5, 0.5)


def test_images_that_moved_most_come_first(workspace, write_run):
    first = parts(0.5)
    second = first | {QUERIES[3]: 1.0, QUERIES[5]: 0.6, QUERIES[7]: 0.0, QUERIES[9]: 1.0}
    found = compare(workspace, write_run(first), write_run(second))
    assert [change.key for change in found.improved] == [QUERIES[3], QUERIES[9], QUERIES[5]]
    assert found.worsened == (Change(QUERIES[7], 0.5, 0.0),)


def test_twelve_images_are_listed_at_most(workspace, write_run):
    found = compare(workspace, write_run(parts(0.5)), write_run(parts(0.7)))
    assert len(found.improved) == 12


def test_as_dict_is_json_with_the_keys_that_scripts_rely_on(workspace, write_run):
    found = compare(workspace, write_run(parts(0.5), recipe={"lr": 1}), write_run(parts(0.7)))
    plain = json.loads(json.dumps(found.as_dict(), allow_nan=False))
    assert {"verdict", "difference", "low", "high", "better"} <= plain.keys()
    assert plain["recipe"] == [{"key": "lr", "first": 1, "second": None}]
    assert plain["scores"][0]["first"] == pytest.approx({"value": 0.5, "low": 0.5, "high": 0.5})


@pytest.mark.parametrize(
    ("other", "what", "told"),
    [
        ({"metric": "map@20"}, "main metric", "map@20"),
        ({"stage": "smoke"}, "stage", "smoke"),
        ({"data": Version(9, "cd" * 32)}, "data version", "edit 9 (cdcdcdcdcdcd)"),
        ({"data": None}, "data version", "no version"),
        ({"convention": {"k": 10}}, "convention", "k = 10"),
    ],
)
def test_refused_where_runs_answer_different_questions(workspace, write_run, other, what, told):
    first, second = write_run(parts(0.5)), write_run(parts(0.7), **other)
    with pytest.raises(AtarimaeError) as caught:
        compare(workspace, first, second)
    assert f"the {what} differs" in caught.value.what
    assert told in caught.value.found
    assert first.id in caught.value.found
    assert caught.value.fix
    assert verdict(first, second) is None


def test_refused_for_another_task(workspace, write_run):
    first, second = write_run(parts(0.5)), replace(write_run(parts(0.7)), task="detect")
    with pytest.raises(AtarimaeError, match="the task differs"):
        compare(workspace, first, second)


def test_refused_for_a_run_without_score(workspace, write_run):
    with pytest.raises(AtarimaeError, match="has no score to compare"):
        compare(workspace, write_run(parts(0.5)), write_run({}, unfinished=True))


def test_refused_for_a_run_without_parts(workspace, write_run):
    run = write_run(parts(0.5))
    (run.folder / "parts.parquet").unlink()
    with pytest.raises(AtarimaeError, match="has no parts to compare"):
        compare(workspace, run, write_run(parts(0.7)))
    assert verdict(run, run) is None


def test_refused_where_no_query_is_shared(workspace, write_run):
    first, second = write_run(parts(0.5, ["a.png"])), write_run(parts(0.5, ["b.png"]))
    with pytest.raises(AtarimaeError, match="not judged by one query in common"):
        compare(workspace, first, second)


def test_one_data_version_with_other_edit_numbers_is_one(workspace, write_run):
    first = write_run(parts(0.5), data=Version(7, "ab" * 32))
    second = write_run(parts(0.7), data=Version(9, "ab" * 32))  # an edit, and its undo
    assert compare(workspace, first, second).verdict == "helped"


def test_the_verdict_that_fit_writes_says_what_it_is_against(write_run):
    first = write_run(parts(0.5))
    found = verdict(first, write_run(parts(0.7)))
    assert found is not None
    plain = json.loads(json.dumps(found.as_dict(), allow_nan=False))
    assert plain["verdict"] == "helped"
    assert plain["against"] == first.id
    assert plain["stage"] == "holdout"


def test_without_seed_noise_the_interval_is_the_plain_bootstraps(workspace, write_run):
    first, second = write_run(noisy(0.4, 0)), write_run(noisy(0.5, 1))
    found = compare(workspace, first, second)
    values = [np.array(list(noisy(*given).values()), np.float32) for given in ((0.4, 0), (0.5, 1))]
    plain = paired(*values, QUERIES)
    assert (found.low, found.high) == pytest.approx((plain.low, plain.high), abs=1e-6)
    assert (found.seed_noise, found.seeds_needed) == ("seed noise unknown", None)
