"""Images, files, labels, edits and versions, in SQLite (or PostgreSQL for a team)."""

from atarimae.store.store import Changes, Refusal, Row, Store

__all__ = ["Changes", "Refusal", "Row", "Store"]
