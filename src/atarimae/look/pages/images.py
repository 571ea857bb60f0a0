"""The images: the grid, its filter, and one image in detail."""

from typing import Annotated

from fastapi import APIRouter, Body, Depends, Query, Request
from fastapi.responses import HTMLResponse

from atarimae.look.catalogue import MARKS, NONE, ROUND, Filter
from atarimae.look.items import item
from atarimae.look.saved import saved
from atarimae.look.shown import Wish
from atarimae.look.site import Site
from atarimae.look.unseen import SEEN, UNSEEN
from atarimae.store import Classes
from atarimae.store.history import now, stamp
from atarimae.types import FLAG, File
from atarimae.web.frame import WebError

MOST = 500  # files in one answer
MOST_CLASSES = 100  # that are offered to a filter of coverage


def wanted(
    label: str = "",
    split: str = "",
    source: str = "",
    role: str = "",
    uncovered: str = "",
    text: str = "",
    set: str = "",
    mark: str = "",
) -> Filter:
    """The filter in an address."""
    return Filter(label, split, source, role, uncovered, text, set, mark)


Wanted = Annotated[Filter, Depends(wanted)]


def router(site: Site) -> APIRouter:
    """`/`, `/api/images`, `/image/{image}` and `/seen`."""
    made = APIRouter()

    @made.get("/")
    def page(
        request: Request, filter_: Wanted, seen: str = "", queue: str = "", near: str = ""
    ) -> HTMLResponse:
        listing = site.catalogue.now()
        return site.pages.page(
            "images.html",
            workspace=site.workspace,
            total=len(listing.data),
            filter=filter_,
            me=site.people.name(request),
            version=listing.data.version.edit,
            marks=MARKS,
            filters=saved(site.workspace),
            columns={name: listing.counts(name) for name in ("split", "source", "role")},
            none=NONE,
            looked={SEEN: "seen", UNSEEN: "not seen yet"},
            seen=seen,
            round=listing.round,
            covered=listing.covered[:MOST_CLASSES],
            whole_round=ROUND,
            queue=queue,
            queues=site.catalogue.store.queues.names(),
            near=near,
            plain=not request.url.query,  # then what the grid asks first is known before it asks
        )

    @made.get("/api/images")
    def images(
        filter_: Wanted,
        start: Annotated[int, Query(ge=0)] = 0,
        count: Annotated[int, Query(ge=0, le=MOST)] = 200,
        find: str = "",
        seen: str = "",
        before: str = "",
        queue: str = "",
        near: str = "",
        version: Annotated[int, Query(ge=0)] = 0,
    ) -> dict[str, object]:
        listing, before = site.catalogue.now(), before or stamp(now())
        found = site.shown.found(listing, Wish(filter_, seen, before, queue, near, version))
        return {
            "version": found.version,
            "total": len(found.files),
            "all": len(listing.data.files),
            "before": found.before,
            "near": found.near,
            "seen": site.unseen.share(found.images),
            "start": start,
            "position": _position(found.files, find),
            "items": [item(listing, file) for file in found.files[start : start + count]],
        }

    @made.get("/image/{image}")
    def detail(image: str) -> HTMLResponse:
        listing = site.catalogue.now()
        files = listing.files_by_image.get(image)
        if files is None:
            raise WebError(
                404, "image", "This image is not in the store.", f"Its hash is {image[:12]}…."
            )
        classes = listing.data.classes(files[0])
        return site.pages.page(
            "image.html",
            image=listing.data.images[image],
            files=files,
            labels=(labels := listing.data.labels.get(image, ())),
            boxes=[label for label in labels if label.box is not None],
            classes=classes,
            flagged=[label for label in labels if label.kind == FLAG],
            conflict=listing.conflicts.get(image),
            findings=[
                finding
                for finding in site.checking.known()
                if image in finding.images and finding.label not in classes
            ],
            seen_by=site.catalogue.store.seen_by(image),
            covered=listing.data.covered.get(image, frozenset()),
            looked=Classes(site.catalogue.store).looked(image),
            round=listing.round,
        )

    @made.post("/seen")
    def seen(
        request: Request,
        images: Annotated[list[str], Body(embed=True, max_length=MOST)],
    ) -> dict[str, int]:
        by = site.people.author(request) if site.people.shared else None
        listing = site.catalogue.now()
        known = [image for image in images if image in listing.files_by_image]
        return {"noted": site.unseen.note(known, by)}

    return made


def _position(files: tuple[File, ...], image: str) -> int | None:
    places = (place for place, file in enumerate(files) if file.image == image)
    return next(places, None) if image else None
