"""The state of some replicas, one by one and summed, as JSON values."""

import time
from collections.abc import Sequence

from atarimae.errors import AtarimaeError
from atarimae.watch.counters import Buckets, Counters, quantile, since, total
from atarimae.watch.replica import Reading, read_all

QUANTILES = {"p50": 0.5, "p95": 0.95, "p99": 0.99}


def snapshot(urls: Sequence[str], seconds: float = 0) -> dict[str, object]:
    """Everything since the servers started, or what happens in the next `seconds`.

    `rate` is in requests per second, latencies are in milliseconds, `unknown` is a share of the
    answers; null where nothing was counted. Raises `AtarimaeError` if no replica answers.
    """
    before = read_all(urls) if seconds else None
    time.sleep(seconds)
    now = read_all(urls)
    require_one(now)
    return describe(before, now)


def require_one(readings: Sequence[Reading]) -> None:
    """Raise `AtarimaeError` if no replica answered."""
    errors = [reading.error for reading in readings if reading.error]
    if len(errors) == len(readings):
        raise AtarimaeError(
            "No server answers.",
            " ".join(f"{error.what} {error.found}" for error in errors),
            errors[0].fix,
        )


def describe(before: Sequence[Reading] | None, now: Sequence[Reading]) -> dict[str, object]:
    """The snapshot of two readings of the same replicas, or of one since they started. Pure."""
    earlier: Sequence[Reading | None] = before or [None] * len(now)
    spans = [
        (_span(first, last), last, _seconds(first, last))
        for first, last in zip(earlier, now, strict=True)
    ]
    up = [(counters, passed) for counters, _, passed in spans if counters]
    rates = [rate for counters, passed in up if (rate := _rate(counters, passed)) is not None]
    return {
        "seconds": max((passed for _, passed in up if passed), default=None),
        "replicas": [_replica(*span) for span in spans],
        "down": len(now) - len(up),
        "sum": _numbers(total(counters for counters, _ in up), sum(rates) if rates else None),
    }


def _replica(
    counters: Counters | None, reading: Reading, seconds: float | None
) -> dict[str, object]:
    if counters is None:
        error = reading.error.as_dict() if reading.error else None
        return {"url": reading.url, "up": False, "error": error}
    return {"url": reading.url, "up": True} | _numbers(counters, _rate(counters, seconds))


def _numbers(counters: Counters, rate: float | None) -> dict[str, object]:
    answered = counters.requests.get("200", 0)
    return {
        "runs": list(counters.runs),
        "requests": round(sum(counters.requests.values())),
        "statuses": {key: round(count) for key, count in counters.requests.items() if count},
        "errors": {key: round(count) for key, count in counters.errors.items() if count},
        "rate": None if rate is None else round(rate, 3),
        "unknown": round(counters.unknown / answered, 4) if answered else None,
        "latency": {name: _quantiles(buckets) for name, buckets in counters.latency.items()},
    }


def _quantiles(buckets: Buckets) -> dict[str, float | None]:
    found = {name: quantile(buckets, share) for name, share in QUANTILES.items()}
    return {
        name: None if value is None else round(value * 1000, 3) for name, value in found.items()
    }


def _span(before: Reading | None, now: Reading) -> Counters | None:
    if before is None or before.counters is None or now.counters is None:
        return now.counters
    return since(before.counters, now.counters)


def _seconds(before: Reading | None, now: Reading) -> float | None:
    if before is None or before.counters is None or now.at <= before.at:
        return None
    return round(now.at - before.at, 3)


def _rate(counters: Counters, seconds: float | None) -> float | None:
    return sum(counters.requests.values()) / seconds if seconds else None
