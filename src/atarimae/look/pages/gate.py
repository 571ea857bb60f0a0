"""The gate: what each stage decided of every idea, and how often it was wrong."""

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from atarimae import runlog
from atarimae.look.site import Site
from atarimae.score.gate import STAGES, audit, audit_lines


def router(site: Site) -> APIRouter:
    """`/gate`: `atarimae gate` as a page."""
    made = APIRouter()

    @made.get("/gate")
    def page() -> HTMLResponse:
        found = audit(runlog.runs(site.workspace))
        return site.pages.page(
            "gate.html", found=found, stages=STAGES, sentences=audit_lines(found)
        )

    return made
