"""The page of one image with all that is marked on it: boxes, outlines, texts."""

from typing import Annotated

from fastapi import APIRouter, Body, Query, Request
from fastapi.responses import HTMLResponse, JSONResponse, Response

from atarimae.look.catalogue import Listing
from atarimae.look.marks import Change, Marks
from atarimae.look.pages.media import gone
from atarimae.look.site import Site


def router(site: Site) -> APIRouter:
    """`/annotate/{image}`, and under `/api/marks` what it reads and writes."""
    made, marks = APIRouter(), Marks(site.catalogue)

    @made.get("/annotate/{image}")
    def page(image: str) -> HTMLResponse:
        listing = _with(site, image)
        return site.pages.page(
            "annotate.html",
            image=listing.data.images[image],
            file=listing.files_by_image[image][0],
        )

    @made.get("/api/marks/{image}")
    def of(image: str, after: Annotated[int | None, Query(ge=0)] = None) -> Response:
        """All marks; nothing (204) where no edit came after that version."""
        _with(site, image)
        if after is not None and site.catalogue.store.last_edit() <= after:
            return Response(status_code=204)
        return JSONResponse(marks.of(image))

    @made.get("/api/mark-classes")
    def classes() -> dict[str, object]:
        return {"classes": marks.classes()}

    @made.post("/api/marks/{image}")
    def change(request: Request, image: str, change: Change) -> dict[str, object]:
        author = site.people.author(request)
        return marks.change(_with(site, image).data.images[image], change, author)

    @made.post("/api/marks/{image}/undo")
    def undo(
        request: Request, image: str, edit: Annotated[int, Body(embed=True, ge=1)]
    ) -> dict[str, object]:
        _with(site, image)
        return marks.undo(image, edit, site.people.author(request))

    return made


def _with(site: Site, image: str) -> Listing:
    """The listing, which has the image; `WebError` where it has not."""
    listing = site.catalogue.now()
    if image not in listing.files_by_image:
        raise gone(image)
    return listing
