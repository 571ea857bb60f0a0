"""Editing from the page. Each request is one edit, by its author, who saw some version."""

from collections.abc import Mapping
from typing import Annotated

from fastapi import APIRouter, Body, Request, Response

from atarimae.look.mending import Answer, Changing, Flagging, Labelling, Mending, Target
from atarimae.look.site import Site


def router(site: Site) -> APIRouter:
    """The edits under `/api/edits`, and `/api/name`."""
    made = APIRouter(prefix="/api")
    _edits(made, site)
    _back_and_forth(made, site)

    @made.post("/name")
    def name(
        request: Request, response: Response, name: Annotated[str, Body(embed=True)]
    ) -> Mapping[str, str]:
        """Say who one is, on a shared page."""
        secure = request.url.scheme == "https"
        return {"name": site.people.remember(response, name, secure)}

    return made


def _edits(made: APIRouter, site: Site) -> None:
    mending, author = Mending(site), site.people.author

    @made.post("/edits/label")
    def label(request: Request, asked: Labelling) -> Answer:
        return mending.label(author(request), asked)

    @made.post("/edits/preview")
    def preview(request: Request, asked: Labelling) -> Answer:
        author(request)
        return mending.preview(asked)

    @made.post("/edits/confirm")
    def confirm(request: Request, asked: Target) -> Answer:
        return mending.confirm(author(request), asked)

    @made.post("/edits/flag")
    def flag(request: Request, asked: Flagging) -> Answer:
        return mending.flag(author(request), asked)

    @made.post("/edits/change")
    def change(request: Request, asked: Changing) -> Answer:
        return mending.change(author(request), asked)

    @made.post("/edits/remove")
    def remove(request: Request, asked: Target) -> Answer:
        return mending.remove(author(request), asked)


def _back_and_forth(made: APIRouter, site: Site) -> None:
    mending, author = Mending(site), site.people.author

    @made.post("/edits/undo")
    def undo(
        request: Request,
        since: Annotated[int, Body(ge=0)],
        everything: Annotated[bool, Body()] = False,
    ) -> Answer:
        return mending.undo(author(request), since, everything=everything)

    @made.post("/edits/redo")
    def redo(request: Request, since: Annotated[int, Body(ge=0, embed=True)]) -> Answer:
        return mending.redo(author(request), since)
