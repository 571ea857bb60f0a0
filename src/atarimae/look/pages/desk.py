"""What the page asks while somebody works at it: likely classes, all classes, and news."""

from typing import Annotated

from fastapi import APIRouter, Query, Request

from atarimae.look.catalogue import NONE
from atarimae.look.choices import choices
from atarimae.look.items import item
from atarimae.look.site import Site


def router(site: Site) -> APIRouter:
    """`/api/choices/{image}`, `/api/classes` and `/api/news`."""
    made = APIRouter(prefix="/api")

    @made.get("/choices/{image}")
    def likely(image: str) -> dict[str, object]:
        """What the number keys say of an image, and its files."""
        listing = site.catalogue.now()
        found = [one for one in site.checking.found if image in one.images]
        told = choices(listing, image, site.neighbours.of(listing, image), found)
        files, conflict = listing.files_by_image.get(image, []), listing.conflicts.get(image)
        return {
            "image": image,
            "choices": [choice.as_dict() for choice in told],
            "conflict": conflict.as_dict() if conflict else None,
            "items": [item(listing, file) for file in files],
        }

    @made.get("/classes")
    def classes() -> dict[str, object]:
        """Every class with its number of files, in order of name."""
        known = site.catalogue.now().labels
        return {"classes": [[name, count] for name, count in known.items() if name != NONE]}

    @made.get("/news")
    def news(request: Request, since: Annotated[int, Query(ge=0)]) -> dict[str, object]:
        """What was edited after a version, by anybody; `all` where that is more than news."""
        listing = site.catalogue.now()
        version = listing.data.version.edit
        told: dict[str, object] = {"version": version, "all": False, "items": [], "conflicts": []}
        if version <= since:
            return told
        found = site.catalogue.store.news(since)
        if found is None:
            return told | {"all": True}
        conflicts = [listing.conflicts[one] for one in found.labels if one in listing.conflicts]
        return told | {
            "items": [item(listing, file) for file in listing.touched(found)],
            "gone": [path for path, file in found.files.items() if file is None],
            "conflicts": [one.as_dict() for one in conflicts],
        }

    return made
