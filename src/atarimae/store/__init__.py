"""Images, files, labels, edits and versions, in SQLite (or PostgreSQL for a team)."""

from atarimae.store.history import Edit
from atarimae.store.recording import Changes, Refusal, Row
from atarimae.store.store import Store

__all__ = ["Changes", "Edit", "Refusal", "Row", "Store"]
