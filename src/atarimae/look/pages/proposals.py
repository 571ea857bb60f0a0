"""Decisions on proposals, for every page that shows some."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

from fastapi import APIRouter, Body, Request

from atarimae.look.site import Site
from atarimae.review import BAR, Slice, accept
from atarimae.store import DecidedError, Origin, Store, Which
from atarimae.store.deciding import ACTIONS
from atarimae.types import Box, Label
from atarimae.web.frame import WebError

MOST = 10_000
RECENT = 2_000  # edits, among which a decision to take back is looked for

Ids = Annotated[list[int], Body(min_length=1, max_length=MOST)]
Seen = Annotated[int | None, Body(ge=0)]  # the version that was looked at
Blind = Annotated[bool, Body()]  # whether the score was hidden


def router(site: Site) -> APIRouter:
    """`/api/proposals` of one image; accept, reject, edit, undo, and accept a class in bulk."""
    made = APIRouter()
    store = site.catalogue.store
    who = site.people.author

    @made.get("/api/proposals")
    def proposals(image: str) -> dict[str, object]:
        return {"proposals": [one.as_dict() for one in store.proposals_of(image)]}

    @made.post("/api/proposals/edit")
    def edited(
        request: Request,
        id: Annotated[int, Body()],
        label: Annotated[str, Body(max_length=1000)],
        box: Annotated[list[float] | None, Body(min_length=4, max_length=5)] = None,
        points: Annotated[list[tuple[float, float]] | None, Body(max_length=MOST)] = None,
        control: Blind = False,
        seen: Seen = None,
    ) -> dict[str, object]:
        how = _How(who(request), seen, control)
        return _decided(store, [id], "edit", _into(store, id, label, box, points), how)

    @made.post("/api/proposals/undo")
    def undone(request: Request, edit: Annotated[int, Body(embed=True)]) -> dict[str, object]:
        return {"edit": _undone(store, edit, who(request))}

    @made.post("/api/proposals/accept-class")
    def in_bulk(
        request: Request,
        label: Annotated[str, Body()],
        model: Annotated[str, Body()],
        kind: Annotated[str, Body()] = "class",
        bar: Annotated[float, Body(gt=0, lt=1)] = BAR,
        slice: Annotated[int | None, Body(ge=1)] = None,
    ) -> dict[str, object]:
        done = accept(
            store, label, model=model, kind=kind, which=Slice(bar, slice), by=who(request)
        )  # fmt: skip
        return done.as_dict(bar)

    @made.post("/api/proposals/{action}")  # the last: it would take the others for actions
    def decided(
        request: Request,
        action: Literal["accept", "reject"],
        ids: Ids,
        control: Blind = False,
        seen: Seen = None,
    ) -> dict[str, object]:
        how = _How(who(request), seen, control)
        return _decided(store, ids, action, None, how)

    return made


@dataclass(frozen=True, slots=True)
class _How:
    """Who decides, on what was seen at which version, and whether the score was hidden."""

    by: str
    seen: int | None
    blind: bool


def _decided(
    store: Store, ids: Sequence[int], action: str, into: Label | None, how: _How
) -> dict[str, object]:
    """One edit; what somebody else has decided by now is passed over."""
    why = "reviewed without its score" if how.blind else "reviewed"
    origin = Origin(seen=how.seen)
    try:
        edit = store.decide(ids, action, into, why=why, by=how.by, origin=origin)
    except DecidedError as error:
        raise WebError(409, "decided", error.what, error.found, error.fix) from None
    return {"edit": None if edit is None else edit.as_dict()}


def _into(
    store: Store,
    id: int,
    label: str,
    box: Sequence[float] | None,
    points: Sequence[tuple[float, float]] | None,
) -> Label:
    """What a proposal becomes: another class, or another shape in the same picture."""
    was, value = store.proposal(id).label, label.strip()
    if not value and was.kind == "class":
        raise WebError(422, "label", "There is no class.", "The label is empty.", "Name one.")
    corners = was.box if box is None else Box(*box)
    outline = was.points if points is None else tuple(points)
    return Label("", value, was.kind, corners, points=outline, other=was.other)


def _undone(store: Store, number: int, who: str) -> dict[str, object]:
    """Take back a decision of one's own."""
    recent = store.edits(Which(last=RECENT))
    found = next((one for one in recent if one.id == number), None)
    if found is None or found.action not in ACTIONS or found.by != who:
        raise WebError(
            403,
            "undo",
            f"Edit {number} is no decision of yours.",
            f"It is '{found.action}' by {found.by}." if found else "It is not among the newest.",
            f"Take it back with: atarimae undo {number}",
        )
    return store.undo(number, by=who).as_dict()
