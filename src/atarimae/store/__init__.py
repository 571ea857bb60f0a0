"""Images, files, labels, edits and versions, in SQLite (or PostgreSQL for a team)."""

from atarimae.store.conflicts import Conflict, Side
from atarimae.store.difference import Difference, Relabelled
from atarimae.store.following import News
from atarimae.store.history import Edit, Origin, Which
from atarimae.store.recording import Changes, Refusal, Row
from atarimae.store.sitting import Sitting
from atarimae.store.store import Store

__all__ = [
    "Changes",
    "Conflict",
    "Difference",
    "Edit",
    "News",
    "Origin",
    "Refusal",
    "Relabelled",
    "Row",
    "Side",
    "Sitting",
    "Store",
    "Which",
]
