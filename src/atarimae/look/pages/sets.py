"""Chosen sets of images: kept under a name that is an address, `/?set=NAME`."""

import re
from typing import Annotated

from fastapi import APIRouter, Body

from atarimae.look.sets import MOST
from atarimae.look.site import Site
from atarimae.web.frame import WebError

HASH = re.compile("[0-9a-f]{64}")


def router(site: Site) -> APIRouter:
    """`POST /api/sets`."""
    made = APIRouter()

    @made.post("/api/sets")
    def keep(
        images: Annotated[list[str], Body(embed=True, max_length=MOST)],
    ) -> dict[str, object]:
        """Keep images by their hashes; the same images are the same set."""
        known = site.catalogue.now().files_by_image
        unknown = [image for image in images if image not in known]
        if unknown:
            shaped = all(HASH.fullmatch(image) for image in unknown)
            raise WebError(
                422,
                "set",
                "A set is of images in the store.",
                f"{len(unknown):,} of {len(images):,} are not there, '{unknown[0][:64]}' first.",
                "Choose them again." if shaped else "Name images by their SHA-256, 64 digits.",
            )
        name = site.sets.keep(images)
        return {"id": name, "address": f"/?set={name}", "images": len(set(images))}

    return made
