"""Decisions on proposals: accepted, rejected, or edited into something else."""

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import Connection

from atarimae.errors import AtarimaeError, UsageError
from atarimae.store import schema
from atarimae.store.names import names_at
from atarimae.store.proposals import UNTOUCHED, Proposal, chosen, proposals
from atarimae.store.rows import rows_where
from atarimae.store.soundness import sound
from atarimae.store.state import label_of
from atarimae.types import Label

ACCEPT, REJECT, EDIT = ACTIONS = ("accept", "reject", "edit")


class DecidedError(AtarimaeError):
    """Somebody has decided on it already."""


def decision(
    connection: Connection, ids: Sequence[int], into: Label | None, action: str, by: str
) -> tuple[list[int], dict[Label, int | None]]:
    """The rows that end and the labels that begin where these proposals are decided.

    Each label with the proposal that it is said in place of, where it lies somewhere in the image.

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
    names = names_at(connection)  # one class may go by several
    gone = [
        row.id
        for row in rows
        if row.score is not None
        and replace(names.read([label_of(row)])[0], by="", score=None) in said
    ]
    come = {} if action == REJECT else _come(left, into, by)
    return gone, dict(zip(sound(connection, list(come)), come.values(), strict=True))


def _come(left: Sequence[Proposal], into: Label | None, by: str) -> dict[Label, int | None]:
    """Two models may have proposed one thing: it is said once."""
    come: dict[Label, int | None] = {}
    for one in left:
        said = one.label if into is None else replace(into, image=one.label.image)
        come.setdefault(
            replace(said, by=by, score=None), None if said.kind == "class" else one.id
        )  # fmt: skip
    return come


def _decided(one: Proposal) -> DecidedError:
    into = ", ".join(label.value for label in one.into) if one.fate == "edited" else ""
    return DecidedError(
        f"'{one.label.value}' was decided on already.",
        f"{one.decided_by} {one.fate} it{f' into {into}' if into else ''} in edit {one.decided}.",
        f"Take that back with: atarimae undo {one.decided}",
    )
