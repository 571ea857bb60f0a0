"""Outside scores: CV against leaderboard, what to expect of the private one."""

from atarimae.board.entries import Entry, describe, record
from atarimae.board.overview import Overview, overview

__all__ = ["Entry", "Overview", "describe", "overview", "record"]
