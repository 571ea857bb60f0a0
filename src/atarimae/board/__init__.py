"""Outside scores: CV against LB, the private score to expect, and what explains a gap."""

from atarimae.board.entries import Entry, describe, doubt, record
from atarimae.board.explain import Explanation, explain
from atarimae.board.overview import Overview, overview

__all__ = [
    "Entry", "Explanation", "Overview", "describe", "doubt", "explain", "overview", "record",
]  # fmt: skip
