"""Tiles of an image, small or huge: by its hash, once its pyramid is made."""

from fastapi import APIRouter
from fastapi.responses import Response

from atarimae.look import pyramid, tiles
from atarimae.look.pages.media import FOREVER, gone
from atarimae.look.site import Site
from atarimae.web.frame import WebError


def router(site: Site) -> APIRouter:
    """`/api/sheet/{image}` and `/tile/{image}/{level}/{x}_{y}`."""
    made = APIRouter()

    @made.get("/api/sheet/{image}")
    def sheet(image: str) -> dict[str, object]:
        listing = site.catalogue.now()
        files = listing.files_by_image.get(image)
        if not files:
            raise gone(image)
        known, share = listing.data.images[image], site.sheets.share(listing.data, files)
        levels = max(known.width - 1, known.height - 1).bit_length()
        return {
            "share": share,
            "width": known.width,
            "height": known.height,
            "tile": pyramid.TILE,
            "levels": levels,
        }

    @made.get("/tile/{image}/{level}/{x}_{y}")
    def tile(image: str, level: int, x: int, y: int) -> Response:
        if image not in site.catalogue.now().files_by_image:
            raise gone(image)
        found = tiles.read(site.sheets.path(image), (level, x, y))
        if found is None:
            raise WebError(
                404, "tile", "There is no such tile.", f"Level {level}, column {x}, row {y}.",
                f"GET /api/sheet/{image} makes the tiles, and says how many levels there are.",
            )  # fmt: skip
        return Response(found.content, media_type=found.kind, headers=FOREVER)

    return made
