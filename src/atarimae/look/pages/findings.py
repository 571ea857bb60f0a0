"""The findings, by check and as one queue, with pictures."""

from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import HTMLResponse

from atarimae.look import frame
from atarimae.look.site import Site

FEW = 12  # findings of each check on the first page


def router(site: Site) -> APIRouter:
    """`/findings`, all checks or one, and `/queue`, by what a fix is worth."""
    made = APIRouter()

    @made.get("/findings")
    def page(check: str = "", start: Annotated[int, Query(ge=0)] = 0) -> HTMLResponse:
        groups = frame.groups(site.findings(), start, frame.SHOWN if check else FEW)
        return site.pages.page(
            "findings.html",
            groups=[group for group in groups if check in ("", group.check.name)],
            lacks=site.queue().lacks,
            chosen=check,
            paths=site.catalogue.now().file_by_path,
            src=site.src,
        )

    @made.get("/queue")
    def queue(start: Annotated[int, Query(ge=0)] = 0) -> HTMLResponse:
        found = site.queue()
        return site.pages.page(
            "queue.html",
            shown=found.entries[start : start + frame.SHOWN],
            start=start,
            total=len(found.entries),
            left=found.left,
            paths=site.catalogue.now().file_by_path,
            src=site.src,
        )

    return made
