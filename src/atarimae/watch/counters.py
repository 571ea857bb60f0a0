"""What one server has counted, and arithmetic on it. Pure."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from prometheus_client.parser import text_string_to_metric_families

Key = TypeVar("Key", str, float)
Buckets = Mapping[float, float]  # upper bound in seconds (the last is infinite) → how many


@dataclass(frozen=True)
class Counters:
    """Counts since a server started, or within a span of time."""

    requests: Mapping[str, float] = field(default_factory=dict)  # by HTTP status
    errors: Mapping[str, float] = field(default_factory=dict)  # by kind
    unknown: float = 0
    latency: Mapping[str, Buckets] = field(default_factory=dict)  # by function
    runs: tuple[str, ...] = ()  # what is served


def parse(text: str) -> Counters:
    """The counters in Prometheus' text format; raises ValueError where there are none."""
    requests: dict[str, float] = {}
    errors: dict[str, float] = {}
    upto: dict[str, dict[float, float]] = {}
    unknown, runs = 0.0, set()
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            match sample.name:
                case "atarimae_requests_total":
                    requests[sample.labels["status"]] = sample.value
                case "atarimae_errors_total":
                    errors[sample.labels["kind"]] = sample.value
                case "atarimae_unknown_total":
                    unknown = sample.value
                case "atarimae_seconds_bucket":
                    bounds = upto.setdefault(sample.labels["function"], {})
                    bounds[float(sample.labels["le"])] = sample.value
                case "atarimae_bundle_info":
                    runs.add(sample.labels["run"])
    if not runs:
        raise ValueError("no counters of atarimae in it")
    latency = {function: _apart(bounds) for function, bounds in upto.items()}
    return Counters(requests, errors, unknown, latency, tuple(sorted(runs)))


def total(counters: Iterable[Counters]) -> Counters:
    """Replicas as one server: counts and buckets added up."""
    result = Counters()
    for one in counters:
        functions = dict.fromkeys((*result.latency, *one.latency))
        result = Counters(
            _plus(result.requests, one.requests),
            _plus(result.errors, one.errors),
            result.unknown + one.unknown,
            {f: _plus(result.latency.get(f, {}), one.latency.get(f, {})) for f in functions},
            tuple(sorted({*result.runs, *one.runs})),
        )
    return result


def since(before: Counters, now: Counters) -> Counters:
    """What was counted between two readings; all of `now` if the server started anew between."""
    requests = _minus(now.requests, before.requests)
    errors = _minus(now.errors, before.errors)
    unknown = now.unknown - before.unknown
    latency = {
        function: _minus(now.latency.get(function, {}), before.latency.get(function, {}))
        for function in {**before.latency, **now.latency}
    }
    every = [*requests.values(), *errors.values(), unknown]
    every += [count for buckets in latency.values() for count in buckets.values()]
    if min(every) < 0:
        return now
    return Counters(requests, errors, unknown, latency, now.runs)


def quantile(buckets: Buckets, share: float) -> float | None:
    """Seconds below which `share` of the counts lie, linear inside a bucket; None without counts.

    Beyond the last finite bound nothing is known but that bound, so that is the answer.
    """
    rank = share * sum(buckets.values())
    below, lower = 0.0, 0.0
    for upper in sorted(buckets):
        count = buckets[upper]
        if count and below + count >= rank:
            return lower if math.isinf(upper) else lower + (upper - lower) * (rank - below) / count
        below, lower = below + count, upper
    return None


def _apart(upto: Mapping[float, float]) -> Buckets:
    """Prometheus' buckets hold all below their bound; these hold what lies between two bounds."""
    below, buckets = 0.0, {}
    for bound in sorted(upto):
        buckets[bound] = upto[bound] - below
        below = upto[bound]
    return buckets


def _plus(one: Mapping[Key, float], other: Mapping[Key, float]) -> dict[Key, float]:
    return {key: one.get(key, 0) + other.get(key, 0) for key in {**one, **other}}


def _minus(one: Mapping[Key, float], other: Mapping[Key, float]) -> dict[Key, float]:
    return {key: one.get(key, 0) - other.get(key, 0) for key in {**one, **other}}
