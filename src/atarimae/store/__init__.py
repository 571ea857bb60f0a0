"""Images, files, labels, edits and versions, in SQLite (or PostgreSQL for a team)."""

from atarimae.store.conflicts import Conflict, Side
from atarimae.store.deciding import DecidedError
from atarimae.store.difference import Difference, Relabelled
from atarimae.store.history import Edit, Origin, Which
from atarimae.store.proposals import Proposal
from atarimae.store.recording import Changes, Refusal, Row
from atarimae.store.store import Store

__all__ = [
    "Changes",
    "Conflict",
    "DecidedError",
    "Difference",
    "Edit",
    "Origin",
    "Proposal",
    "Refusal",
    "Relabelled",
    "Row",
    "Side",
    "Store",
    "Which",
]
