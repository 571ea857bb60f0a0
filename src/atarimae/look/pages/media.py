"""Pictures by their image's hash: thumbnails, large ones, boxes cut out, and the original file."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import FileResponse, Response, StreamingResponse

from atarimae.look.content import Content, open_verified
from atarimae.look.crops import Cut, crop
from atarimae.look.site import Site
from atarimae.look.thumbnails import LARGE, TILE, cached, thumbnail
from atarimae.predict.boxes import read_box
from atarimae.types import Box
from atarimae.web.frame import WebError

# What browsers draw and can't run. Any other format is handed out as a file to keep.
SHOWN = {
    "JPEG": "image/jpeg",
    "PNG": "image/png",
    "WEBP": "image/webp",
    "GIF": "image/gif",
    "BMP": "image/bmp",
}
FOREVER = {"Cache-Control": "private, max-age=31536000, immutable"}
BLOCK = 1 << 20  # bytes that are sent at once

Angle = Annotated[float, Query(ge=0, lt=360)]  # degrees, clockwise


def router(site: Site) -> APIRouter:
    """`/thumbnail/{image}.webp`, `/picture/…`, `/crop/…` and `/original/{image}`."""
    made = APIRouter()

    @made.get("/thumbnail/{image}")
    @made.get("/thumbnail/{image}.webp")
    async def small(image: str) -> Response:
        return await _picture(site, image, TILE)

    @made.get("/picture/{image}.webp")
    async def large(image: str) -> Response:
        return await _picture(site, image, LARGE)

    @made.get("/crop/{image}.webp")
    def cropped(
        image: str, box: str = "", box_angle: Angle = 0, proposed: str = "",
        proposed_angle: Angle = 0,
    ) -> FileResponse:  # fmt: skip
        """A box, and one that is proposed, each as `x0,y0,x1,y1` before it is turned."""
        listing, cut = site.catalogue.now(), _cut((box, box_angle), (proposed, proposed_angle))
        path = crop(site.workspace, listing.data, listing.files_by_image.get(image, []), cut)
        if path is None:
            raise WebError(
                404, "image", "This part of a picture can't be shown.",
                "No file holds the image any more, or the box lies outside of it.",
            )  # fmt: skip
        return FileResponse(path, media_type="image/webp", headers=FOREVER)

    @made.get("/original/{image}")
    def original(image: str) -> Response:
        listing = site.catalogue.now()
        files = listing.files_by_image.get(image, [])
        known = listing.data.images.get(image)
        found = open_verified(listing.data, known, files) if known and files else None
        if known is None or found is None:
            raise gone(image)
        kind = SHOWN.get(known.format, "application/octet-stream")
        headers = {"Content-Length": str(known.bytes)}
        if known.format not in SHOWN:
            headers["Content-Disposition"] = (
                f'attachment; filename="{image[:12]}.{known.format.lower()}"'
            )
        return StreamingResponse(_blocks(found[0]), media_type=kind, headers=headers)

    return made


async def _picture(site: Site, image: str, side: int) -> Response:
    # Read in one step: a file's response takes five turns of a thread, and a page has forty.
    content = await run_in_threadpool(_kept, site, image, side)
    if content is None:
        loop = asyncio.get_running_loop()
        content = await loop.run_in_executor(site.pool, _made, site, image, side)
    return Response(content, media_type="image/webp", headers=FOREVER)


def _kept(site: Site, image: str, side: int) -> bytes | None:
    """A small picture that is in the cache, of an image that a file holds."""
    if not site.catalogue.now().files_by_image.get(image):
        raise gone(image)
    try:
        return cached(site.workspace, image, side).read_bytes()
    except FileNotFoundError:
        return None


def _made(site: Site, image: str, side: int) -> bytes:
    listing = site.catalogue.now()
    files = listing.files_by_image.get(image, [])
    found = thumbnail(site.workspace, listing.data, files, side)
    if found is None:
        raise gone(image)
    return found.read_bytes()


def _cut(*asked: tuple[str, float]) -> Cut:
    boxes: list[Box | None] = [
        replace(read_box(sides), angle=angle) if sides else None for sides, angle in asked
    ]
    if not any(boxes):
        raise WebError(400, "box", "There is no box.", "", "Write box=left,top,right,bottom.")
    return Cut(*boxes)


def gone(image: str) -> WebError:
    """The error for a picture that no file holds."""
    return WebError(
        404,
        "image",
        "This picture can't be shown.",
        f"No file holds the image {image[:12]}… any more, or none ever did.",
        "Put the file back as it was, or add it again.",
    )


def _blocks(stream: Content) -> Iterator[bytes]:
    with stream:
        while block := stream.read(BLOCK):
            yield block
