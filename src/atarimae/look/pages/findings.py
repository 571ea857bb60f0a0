"""The findings, by check, with pictures."""

from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import HTMLResponse

from atarimae.look import frame
from atarimae.look.site import Site

WAIT = 2.0  # seconds for all checks, before the page says how far they are
FEW = 12  # findings of each check on the first page


def router(site: Site) -> APIRouter:
    """`/findings`, all checks or one."""
    made = APIRouter()

    @made.get("/findings")
    def page(check: str = "", start: Annotated[int, Query(ge=0)] = 0) -> HTMLResponse:
        found = site.findings_within(WAIT)
        if found is None:
            return site.pages.page("looking.html", far=site.far)
        groups = frame.groups(found, start, frame.SHOWN if check else FEW)
        return site.pages.page(
            "findings.html",
            groups=[group for group in groups if check in ("", group.check.name)],
            chosen=check,
            paths=site.catalogue.now().file_by_path,
            src=site.src,
        )

    return made
