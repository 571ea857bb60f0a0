"""Copies beside each other, to keep one or both."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse

from atarimae.look.pages.findings import PATIENCE
from atarimae.look.site import Site
from atarimae.look.twins import twins

MOST = 200  # pairs in one answer


def router(site: Site) -> APIRouter:
    """`/copies` and `/api/copies`."""
    made = APIRouter()

    @made.get("/copies")
    def page(request: Request) -> HTMLResponse:
        listing = site.catalogue.now()
        return site.pages.page(
            "copies.html", workspace=site.workspace, version=listing.data.version.edit,
            me=site.people.name(request),
        )  # fmt: skip

    @made.get("/api/copies")
    def pairs(start: Annotated[int, Query(ge=0)] = 0) -> dict[str, object]:
        """The pairs from number `start` on; `pairs` is null while the checks are at work."""
        found = site.checking.now(PATIENCE)
        if found is None:
            return {"pairs": None, "said": site.checking.said, "total": 0}
        listing = site.catalogue.now()
        known = twins(listing, found.findings)
        told = [pair.as_dict(listing) for pair in known[start : start + MOST]]
        return {"pairs": told, "said": "", "total": len(known)}

    return made
