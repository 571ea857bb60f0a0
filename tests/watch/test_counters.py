"""Arithmetic on counters, by hand."""

from math import inf

import pytest

from atarimae.watch.counters import Counters, parse, quantile, since, total

TEXT = """
# HELP atarimae_requests_total Questions by HTTP status
# TYPE atarimae_requests_total counter
atarimae_requests_total{status="200"} 10.0
atarimae_requests_total{status="413"} 2.0
# TYPE atarimae_errors_total counter
atarimae_errors_total{kind="too_large"} 2.0
# TYPE atarimae_unknown_total counter
atarimae_unknown_total 3.0
# TYPE atarimae_seconds histogram
atarimae_seconds_bucket{function="embed",le="0.01"} 4.0
atarimae_seconds_bucket{function="embed",le="0.02"} 9.0
atarimae_seconds_bucket{function="embed",le="+Inf"} 10.0
atarimae_seconds_count{function="embed"} 10.0
atarimae_seconds_sum{function="embed"} 0.14
# TYPE atarimae_bundle_info gauge
atarimae_bundle_info{run="a-run",task="a-task"} 1.0
# TYPE somebody_elses_total counter
somebody_elses_total 99.0
"""


def test_parse_takes_cumulative_buckets_apart():
    assert parse(TEXT) == Counters(
        requests={"200": 10, "413": 2},
        errors={"too_large": 2},
        unknown=3,
        latency={"embed": {0.01: 4, 0.02: 5, inf: 1}},
        runs=("a-run",),
    )


@pytest.mark.parametrize("text", ["", "# nothing\n", "somebody_elses_total 99.0\n"])
def test_what_holds_no_counters_of_ours_is_an_error(text):
    with pytest.raises(ValueError, match="no counters of atarimae"):
        parse(text)


@pytest.mark.parametrize(
    ("share", "seconds"),
    [
        (0.0, 0.0),
        (0.2, 0.005),  # the 2nd of 4 in 0…10 ms: half of the way
        (0.4, 0.010),  # all 4
        (0.5, 0.012),  # the 5th is the 1st of 5 in 10…20 ms: a fifth of the way
        (0.9, 0.020),
        (0.99, 0.020),  # beyond the last bound: nothing is known but that
    ],
)
def test_quantile_is_linear_inside_a_bucket(share, seconds):
    assert quantile({0.01: 4, 0.02: 5, inf: 1}, share) == pytest.approx(seconds)


def test_quantile_skips_empty_buckets():
    assert quantile({0.01: 0, 0.02: 0, 0.04: 2, inf: 0}, 0.5) == pytest.approx(0.03)


@pytest.mark.parametrize("buckets", [{}, {0.01: 0, inf: 0}])
def test_quantile_of_nothing_is_none(buckets):
    assert quantile(buckets, 0.5) is None


def test_replicas_are_summed_by_bucket_and_not_by_quantile():
    fast = Counters(latency={"embed": {0.01: 90, 0.1: 0, inf: 0}})
    slow = Counters(latency={"embed": {0.01: 0, 0.1: 10, inf: 0}})
    both = total([fast, slow]).latency["embed"]
    assert both == {0.01: 90, 0.1: 10, inf: 0}
    # The 95th of 100 is the 5th of 10 in 10…100 ms; the mean of both medians would be 30 ms.
    assert quantile(both, 0.95) == pytest.approx(0.055)
    assert quantile(both, 0.5) == pytest.approx(0.01 * 50 / 90)


def test_total_keeps_what_only_one_replica_has():
    one = Counters({"200": 5}, {"empty": 1}, 2, {"a": {inf: 5}}, ("run-1",))
    other = Counters({"200": 1, "503": 4}, {"busy": 4}, 0, {"b": {inf: 1}}, ("run-2",))
    assert total([one, other]) == Counters(
        {"200": 6, "503": 4},
        {"empty": 1, "busy": 4},
        2,
        {"a": {inf: 5}, "b": {inf: 1}},
        ("run-1", "run-2"),
    )
    assert total([]) == Counters()


def test_since_is_the_difference():
    before = Counters({"200": 5}, {}, 1, {"a": {0.1: 3, inf: 2}}, ("run",))
    now = Counters({"200": 9, "400": 1}, {"empty": 1}, 1, {"a": {0.1: 7, inf: 2}}, ("run",))
    assert since(before, now) == Counters(
        {"200": 4, "400": 1}, {"empty": 1}, 0, {"a": {0.1: 4, inf: 0}}, ("run",)
    )


def test_since_counts_from_zero_if_the_server_started_anew():
    before = Counters({"200": 500}, {}, 10, {"a": {inf: 500}}, ("run",))
    now = Counters({"200": 3}, {}, 0, {"a": {inf: 3}}, ("run",))
    assert since(before, now) == now
    assert since(before, Counters(runs=("run",))) == Counters(runs=("run",))
