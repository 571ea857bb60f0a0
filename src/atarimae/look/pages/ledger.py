"""The ledger: every idea with what was expected and what came, and what led to the best run.

`compare` makes it. A step doesn't import another, so whoever starts the page hands it over.
"""

from collections.abc import Callable, Mapping

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from atarimae.look.site import Site

Told = Callable[[], Mapping[str, object]]  # the shape of `atarimae ledger --json`


def router(site: Site, told: Told) -> APIRouter:
    """`/ledger`."""
    made = APIRouter()

    @made.get("/ledger")
    def page() -> HTMLResponse:
        return site.pages.page("ledger.html", ledger=told())

    return made
