"""Every class with some of its pictures."""

from collections import Counter
from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import HTMLResponse

from atarimae.look.checks import wrong
from atarimae.look.site import Site

PICTURES = 8  # of one class
MOST = 100  # classes in one answer of pictures


def router(site: Site) -> APIRouter:
    """`/gallery`, `/api/gallery` and `/api/gallery/pictures`."""
    made = APIRouter()

    @made.get("/gallery")
    def page() -> HTMLResponse:
        return site.pages.page("gallery.html", some=bool(site.catalogue.now().most_used))

    @made.get("/api/gallery")
    def classes() -> dict[str, object]:
        """Name, images, and how many of them the checks found to be of another class, by now."""
        listing = site.catalogue.now()
        doubts = Counter[str]()
        for finding in site.checking.known():
            if finding.check == wrong.check.name:
                files = listing.files_by_image.get(finding.images[0], [])
                names = listing.data.classes(files[0]) if files else ()
                doubts.update(name for name in names if name != finding.label)
        return {
            "classes": [
                {"id": name, "images": len(images), "doubts": doubts[name]}
                for name, images in listing.images_by_class.items()
            ]
        }

    @made.get("/api/gallery/pictures")
    def pictures(
        name: Annotated[list[str], Query(max_length=MOST)],
    ) -> dict[str, tuple[str, ...]]:
        """The first images of some classes, in order of path."""
        known = site.catalogue.now().images_by_class
        return {one: tuple(known.get(one, ()))[:PICTURES] for one in name}

    return made
