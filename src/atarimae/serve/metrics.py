"""What the server counts, in Prometheus' text format."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Info, generate_latest

from atarimae.web.frame import WebError

# Ten buckets a decade from 0.5 ms to 10 s: a quantile is off by a quarter at the very most.
BUCKETS = (*(float(f"{0.0005 * 10 ** (step / 10):.3g}") for step in range(43)), 10.0)


class Metrics:
    """Counters of one server, in a registry of their own."""

    def __init__(self, bundle: Mapping[str, str]) -> None:
        self.registry = CollectorRegistry()
        self._requests = Counter(
            "atarimae_requests", "Questions by HTTP status", ["status"], registry=self.registry
        )
        self._errors = Counter(
            "atarimae_errors", "Questions not answered, by kind", ["kind"], registry=self.registry
        )
        self._unknown = Counter(
            "atarimae_unknown", "Answers that say 'unknown'", registry=self.registry
        )
        self._seconds = Histogram(
            "atarimae_seconds",
            "Seconds of answered questions, by function",
            ["function"],
            buckets=BUCKETS,
            registry=self.registry,
        )
        self._generation = Gauge(
            "atarimae_index_generation", "1 as shipped, one more a change", registry=self.registry
        )
        self._gallery = Gauge(
            "atarimae_index_files", "Known files that answers come from", registry=self.registry
        )
        Info("atarimae_bundle", "What is served", registry=self.registry).info(dict(bundle))

    def serves(self, generation: int, files: int) -> None:
        """What answers come from now."""
        self._generation.set(generation)
        self._gallery.set(files)

    @contextmanager
    def question(self) -> Iterator[None]:
        """Counts one question, however it ends; its time only if it is answered."""
        started = time.perf_counter()
        try:
            yield
        except WebError as error:
            self._refused(error.status, error.kind)
            raise
        except Exception:
            self._refused(500, "internal")
            raise
        self._requests.labels("200").inc()
        self._seconds.labels("total").observe(time.perf_counter() - started)

    def answered(self, milliseconds: Mapping[str, float], unknown: bool) -> None:
        """Counts where an answer's time went, and what it said."""
        for function, spent in milliseconds.items():
            self._seconds.labels(function).observe(spent / 1000)
        if unknown:
            self._unknown.inc()

    def text(self) -> bytes:
        """All of it, for `/metrics`."""
        return generate_latest(self.registry)

    def _refused(self, status: int, kind: str) -> None:
        self._requests.labels(str(status)).inc()
        self._errors.labels(kind).inc()
