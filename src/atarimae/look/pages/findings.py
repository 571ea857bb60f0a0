"""The findings, by check and as one queue, with pictures."""

from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import HTMLResponse

from atarimae.look import frame
from atarimae.look.site import Site
from atarimae.look.twins import CHECKS

PATIENCE = 2.0  # seconds that a page waits for the checks before it says how far they are
FEW = 12  # findings of each check on the first page


def router(site: Site) -> APIRouter:
    """`/findings`, all checks or one, and `/queue`, by what a fix is worth."""
    made = APIRouter()

    @made.get("/findings")
    def page(check: str = "", start: Annotated[int, Query(ge=0)] = 0) -> HTMLResponse:
        known = site.checking.now(PATIENCE)
        if known is None:
            return waiting()
        groups = frame.groups(known.findings, start, frame.SHOWN if check else FEW)
        wanted = [group for group in groups if check in ("", group.check.name)]
        told = [one for one in wanted if one.count or check or known.lacks.get(one.check.name)]
        return site.pages.page(
            "findings.html",
            groups=told,
            clean=[group.check for group in wanted if group not in told],
            lacks=known.lacks,
            copies=CHECKS,
            chosen=check,
            cut=site.cut,
            src=site.src,
        )

    @made.get("/queue")
    def queue(start: Annotated[int, Query(ge=0)] = 0) -> HTMLResponse:
        found = site.checking.now(PATIENCE)
        if found is None:
            return waiting()
        return site.pages.page(
            "queue.html",
            shown=found.entries[start : start + frame.SHOWN],
            start=start,
            total=len(found.entries),
            left=found.left,
            cut=site.cut,
            src=site.src,
        )

    def waiting() -> HTMLResponse:
        return site.pages.page("checking.html", said=site.checking.said)

    return made
