"""Served bundles from outside: counts, rates and latencies, from each replica's /metrics."""

from atarimae.watch.snapshot import snapshot
from atarimae.watch.view import live, table

__all__ = ["live", "snapshot", "table"]
