"""Decisions on proposals: accepted, rejected, or edited into something else."""

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import Connection

from atarimae.errors import AtarimaeError, UsageError
from atarimae.store import schema
from atarimae.store.proposals import UNTOUCHED, Proposal, chosen, proposals
from atarimae.store.rows import rows_where
from atarimae.store.state import label_of
from atarimae.types import Label

ACCEPT, REJECT, EDIT = ACTIONS = ("accept", "reject", "edit")


class DecidedError(AtarimaeError):
    """Somebody has decided on it already."""


def decision(
    connection: Connection, ids: Sequence[int], into: Label | None, action: str, by: str
) -> tuple[list[int], list[Label]]:
    """The rows that end and the labels that begin where these proposals are decided.

    What was decided already is passed over, and `DecidedError` raised where all of them were.
    Whatever other models say the same goes with them.
    """
    if (action == EDIT) is (into is None) or action not in ACTIONS:
        raise UsageError("What is to be decided?", f"{action}.", "Say accept, reject or edit.")
    asked = chosen(proposals(connection, ids), ids)
    if len(asked) < len(set(ids)):
        raise UsageError(
            "There is no such proposal.",
            f"{len(set(ids)) - len(asked):,} of {len(set(ids)):,} are not there, or were undone.",
            "See 'atarimae proposals'.",
        )
    left = [one for one in asked if one.fate == UNTOUCHED]
    if asked and not left:
        raise _decided(asked[0])
    said = {one.plain for one in left}
    rows = rows_where(connection, schema.labels, "image", [label.image for label in said])
    gone = [
        row.id
        for row in rows
        if row.score is not None and replace(label_of(row), by="", score=None) in said
    ]
    return gone, _come(left, into, action, by)


def _come(left: Sequence[Proposal], into: Label | None, action: str, by: str) -> list[Label]:
    if action == REJECT:
        return []
    if into is None:
        labels = [replace(one.label, by=by, score=None) for one in left]
    else:
        labels = [replace(into, image=one.label.image, by=by, score=None) for one in left]
    return list(dict.fromkeys(labels))  # two models may have proposed one thing


def _decided(one: Proposal) -> DecidedError:
    into = ", ".join(label.value for label in one.into) if one.fate == "edited" else ""
    return DecidedError(
        f"'{one.label.value}' was decided on already.",
        f"{one.decided_by} {one.fate} it{f' into {into}' if into else ''} in edit {one.decided}.",
        f"Take that back with: atarimae undo {one.decided}",
    )
