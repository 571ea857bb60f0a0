"""Images, files, labels, edits and versions, in SQLite (or PostgreSQL for a team)."""

from atarimae.store.agreements import Agreement, Opinion, Said, Settled
from atarimae.store.classes import Class, Classes
from atarimae.store.conflicts import Conflict, Side
from atarimae.store.deciding import DecidedError
from atarimae.store.difference import Difference, Relabelled
from atarimae.store.facts import Fact
from atarimae.store.following import News
from atarimae.store.guide import Guide
from atarimae.store.guiding import Entry
from atarimae.store.history import Edit, Origin, Which
from atarimae.store.proposals import Proposal
from atarimae.store.queues import Queued
from atarimae.store.recording import Changes, Refusal, Row
from atarimae.store.sitting import Sitting
from atarimae.store.store import Store

__all__ = [
    "Agreement",
    "Changes",
    "Class",
    "Classes",
    "Conflict",
    "DecidedError",
    "Difference",
    "Edit",
    "Entry",
    "Fact",
    "Guide",
    "News",
    "Opinion",
    "Origin",
    "Proposal",
    "Queued",
    "Refusal",
    "Relabelled",
    "Row",
    "Said",
    "Settled",
    "Side",
    "Sitting",
    "Store",
    "Which",
]
