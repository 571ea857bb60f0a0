"""Mine: an example on the left, what the pool has of it on the right, and a queue of that."""

from typing import Annotated

from fastapi import APIRouter, Body, Request
from fastapi.responses import HTMLResponse

from atarimae.errors import UsageError
from atarimae.look.mine.asking import Asked, asked
from atarimae.look.mine.digging import Digging
from atarimae.look.mine.examples import classes
from atarimae.look.mine.mine import Wish
from atarimae.look.mine.pool import unlabelled
from atarimae.look.site import Site
from atarimae.predict.boxes import corners
from atarimae.store import Queued

PATIENCE = 1.5  # seconds that an answer waits for the tiles before it says how far they are
TOP = 120  # results on the page
MOST = 2000  # images that are queued at once

Sides = tuple[float, float, float, float]
Tiles = list[tuple[str, int, int]]


def router(site: Site) -> APIRouter:
    """`/mine`, `/queues`, and what they ask."""
    made = APIRouter()
    digging = Digging(site.workspace, site.catalogue)

    @made.get("/mine")
    def page(image: str = "", box: str = "", label: str = "") -> HTMLResponse:
        listing = site.catalogue.now()
        return site.pages.page(
            "mine.html",
            image=listing.data.images.get(image),
            file=next((file.path for file in listing.files_by_image.get(image, [])), image),
            box=box,
            label=label,
            classes=sorted(classes(listing.data)),
            pool=len({file.image for file in unlabelled(listing.data, label).files}),
            queues=site.catalogue.store.queues.names(),
        )

    @made.get("/queues")
    def queues() -> HTMLResponse:
        return site.pages.page("queues.html", queues=site.catalogue.store.queues.names())

    @made.post("/api/mine")
    def mine(
        request: Request,
        file: Annotated[str, Body()] = "",
        box: Annotated[Sides | None, Body()] = None,
        label: Annotated[str, Body()] = "",
        right: Annotated[Tiles, Body()] = [],  # noqa: B006 - FastAPI makes it anew each time
        wrong: Annotated[Tiles, Body()] = [],  # noqa: B006
    ) -> dict[str, object]:
        site.people.author(request)  # it changes nothing, and may be hours of work
        wanted = _asked(site, file, box, label)
        wish = Wish(wanted.wish.examples, tuple(right), tuple(wrong), TOP)
        found = digging.ask(Asked(wish, wanted.why, label), PATIENCE)
        if found is None:
            return {"waiting": digging.said}
        return {**found.as_dict(), "why": wanted.why}

    @made.post("/api/queues")
    def queue(
        request: Request,
        name: Annotated[str, Body()],
        images: Annotated[list[tuple[str, Sides | None]], Body(max_length=MOST)],
        why: Annotated[str, Body()] = "",
    ) -> dict[str, object]:
        author = site.people.author(request)
        known = site.catalogue.now().files_by_image
        items = [
            Queued(image, None if sides is None else corners(sides), why)
            for image, sides in images
            if image in known
        ]
        name = name.strip()
        put = site.catalogue.store.queues.put(name, items, by=author)
        return {"queue": name, "queued": put}

    return made


def _asked(site: Site, file: str, box: Sides | None, label: str) -> Asked:
    """The example is one of the workspace's images: nothing else on the disk is read."""
    listing = site.catalogue.now()
    if not file:
        return asked(listing.data, [], [], label)
    known = listing.file(file) or next(iter(listing.files_by_image.get(file, [])), None)
    if known is None:
        raise UsageError(
            f"No image '{file}' in the data.",
            "",
            "Name its path as the grid shows it, or its hash.",
        )
    if box is None:
        return asked(listing.data, [known.image], [], label)
    return asked(listing.data, [], [f"{known.image} {','.join(map(str, box))}"], label)
