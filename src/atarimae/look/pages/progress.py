"""How far the labelling is and who did it, and the filters that were kept."""

from typing import Annotated

from fastapi import APIRouter, Body, Request
from fastapi.responses import HTMLResponse, RedirectResponse

from atarimae.errors import unknown_name
from atarimae.look.progress import state
from atarimae.look.saved import forget, save, saved
from atarimae.look.site import Site

CLASSES = 200  # classes that the page lists


def router(site: Site) -> APIRouter:
    """`/progress`, `/filter/{name}`, and both as JSON under `/api`."""
    made = APIRouter()

    @made.get("/progress")
    def page() -> HTMLResponse:
        told = state(site.catalogue.now(), site.catalogue.store)
        return site.pages.page(
            "progress.html", state=told, most=CLASSES, filters=saved(site.workspace)
        )

    @made.get("/api/progress")
    def progress() -> dict[str, object]:
        return state(site.catalogue.now(), site.catalogue.store).as_dict()

    @made.get("/filter/{name:path}")
    def kept(name: str) -> RedirectResponse:
        known = saved(site.workspace)
        if name not in known:
            raise unknown_name("filter", name, known)
        return RedirectResponse(f"/?{known[name].query}", 303)

    @made.get("/api/filters")
    def filters() -> dict[str, object]:
        return {"filters": [one.as_dict() for one in saved(site.workspace).values()]}

    @made.post("/api/filters")
    def keep(
        request: Request, name: Annotated[str, Body()], query: Annotated[str, Body()]
    ) -> dict[str, str]:
        return save(site.workspace, name, query, site.people.author(request)).as_dict()

    @made.post("/api/filters/forget")
    def drop(request: Request, name: Annotated[str, Body(embed=True)]) -> dict[str, str]:
        forget(site.workspace, name, site.people.author(request))
        return {"name": name}

    return made
